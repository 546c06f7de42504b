"""What every share promises about proofs from an earlier run."""

from pathlib import Path

import pytest

from agent.errors import ShareUnreachable
from agent.model.proof import Proof
from agent.share import Delivered, Still
from tests.contract.conftest import InMemory, OnDisk, Stand
from tests.servers.photos import content, delivery, outgoing

NAME = "visits/2026-museum/20260314-101112_eos-r6_0123456789ab.jpg"
OTHER = "visits/2026-museum/20260314-101112_eos-r6_0123456789ab.mov"


def proven(stand: Stand, tmp_path: Path, *names: str) -> list[Proof]:
    """Delivered on a connection of their own, as in an earlier run."""
    photo = delivery(*(outgoing(tmp_path / f"in{n}", name, content(300_000 + n)) for n, name in enumerate(names)))
    with stand.open() as share:
        (outcome,) = [one for one in share.deliver([photo]) if isinstance(one, Delivered)]
    return list(outcome.proofs)


def take_away(stand: Stand, name: str) -> None:
    if isinstance(stand, InMemory):
        del stand.disk.files[name]
    elif isinstance(stand, OnDisk):
        (stand.disk / name).unlink()


def test_what_is_there_as_it_was_proven_is_held(stand: Stand, tmp_path: Path) -> None:
    proofs = proven(stand, tmp_path, NAME, OTHER)
    before = stand.held()
    with stand.open() as share:
        assert share.still_holds(proofs) == [Still.HOLDS, Still.HOLDS]
        assert share.still_holds([]) == []
    assert stand.held() == before


def test_what_was_deleted_is_gone_and_the_others_are_held(stand: Stand, tmp_path: Path) -> None:
    proofs = proven(stand, tmp_path, NAME, OTHER)
    take_away(stand, NAME)
    with stand.open() as share:
        assert share.still_holds(proofs) == [Still.GONE, Still.HOLDS]


@pytest.mark.parametrize("how", ["one bit", "shorter", "longer", "empty"])
def test_what_was_altered_is_different(stand: Stand, tmp_path: Path, how: str) -> None:
    proofs = proven(stand, tmp_path, NAME)
    was = stand.held()[NAME]
    bit = was[:150_000] + bytes([was[150_000] ^ 1]) + was[150_001:]
    stand.put(NAME, {"one bit": bit, "shorter": was[:-1], "longer": was + b"!", "empty": b""}[how])
    with stand.open() as share:
        assert share.still_holds(proofs) == [Still.DIFFERENT]


def test_a_link_to_the_very_content_is_not_what_was_proven(stand: Stand, tmp_path: Path) -> None:
    if not isinstance(stand, OnDisk):
        pytest.skip("there are no links in memory")
    proofs = proven(stand, tmp_path, NAME)
    path = stand.disk / NAME
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    with stand.open() as share:
        assert share.still_holds(proofs) == [Still.DIFFERENT]


def test_a_folder_that_became_a_link_is_not_believed(stand: Stand, tmp_path: Path) -> None:
    if not isinstance(stand, OnDisk):
        pytest.skip("there are no links in memory")
    proofs = proven(stand, tmp_path, NAME)
    folder = (stand.disk / NAME).parent
    folder.rename(stand.disk / "elsewhere")
    folder.symlink_to("../elsewhere")
    with stand.open() as share:
        assert share.still_holds(proofs) == [Still.DIFFERENT]


def test_a_closed_connection_answers_nothing(stand: Stand, tmp_path: Path) -> None:
    proofs = proven(stand, tmp_path, NAME)
    share = stand.open()
    share.close()
    with pytest.raises(ShareUnreachable):
        share.still_holds(proofs)
