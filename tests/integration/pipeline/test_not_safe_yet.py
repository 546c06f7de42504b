"""A photo that the server has not confirmed to be on its disk is not called safe, and IT learns which file it is."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.pipeline.cards import Card, Phase, counted
from agent.pipeline.context import Context
from agent.pipeline.events import Summary
from agent.pipeline.headline import headline_of
from agent.pipeline.overview import overview
from agent.pipeline.problems import problems
from agent.supervisor.notices import RunNotices
from agent.volumes import PluggedIn
from tests.laptop import ON_VISIT, Laptop, minutes
from tests.servers.others import Quirky

PHOTOS = 2


@pytest.fixture
def server() -> Iterator[Quirky]:
    """A server that cannot sync."""
    with Quirky("ext=hardlink") as server:
        yield server


@pytest.fixture
def laptop(server: Quirky, tmp_path: Path) -> Laptop:
    """Its photos have been sent, and stay here."""
    laptop = Laptop(tmp_path / "laptop", server)
    for n in range(PHOTOS):
        laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n)
    laptop.run()
    return laptop


def tally(laptop: Laptop) -> tuple[int, int]:
    found = laptop.look(overview)
    return found.safe, found.on_the_way


def test_what_the_server_has_not_confirmed_is_not_called_safe(laptop: Laptop) -> None:
    assert tally(laptop) == (0, PHOTOS)
    assert "2 photos have arrived on the school network, but are not safe there yet." in laptop.look(headline_of)
    shown = laptop.command("status")
    assert "All is well" not in shown.stdout
    assert "sent, still here" in shown.stdout


def test_a_card_with_such_photos_is_not_finished(laptop: Laptop) -> None:
    card = Card("an offer", Phase.SENDING, PluggedIn(laptop.imports), put_in_at=ON_VISIT.replace(tzinfo=UTC))
    after, waiting = laptop.look(lambda context: counted(context, card))
    assert (after.sent, after.kept, waiting) == (0, 0, PHOTOS)


def test_it_is_safe_if_it_allows_that(laptop: Laptop) -> None:
    laptop.configure(share={"allow_unsynced": True}, removal={"keep_hours": 1})
    assert tally(laptop) == (PHOTOS, 0)
    assert not [one for one in laptop.look(lambda context: list(problems(context))) if "not safe" in one.what]


def test_it_is_safe_once_the_server_confirms_it(laptop: Laptop, server: Quirky) -> None:
    server.change("ext=fsync+hardlink")
    laptop.run()
    assert tally(laptop) == (PHOTOS, 0)
    assert "safe on the school network" in laptop.look(headline_of)


@pytest.mark.parametrize("unsynced", [False, True], ids=["as set up", "without fsync allowed"])
def test_it_is_told_which_files_a_failed_disk_has(laptop: Laptop, server: Quirky, *, unsynced: bool) -> None:
    server.change("ext=fsync+hardlink,lostsync=.jpg")
    laptop.run()
    laptop.configure(share={"allow_unsynced": unsynced})
    assert tally(laptop) == (0, PHOTOS)
    names = list(laptop.on_share())
    (problem,) = (one for one in laptop.look(lambda context: list(problems(context))) if "not safe" in one.what)
    assert all(name in problem.details for name in names)
    found = laptop.command("doctor")
    assert found.returncode == 3
    assert all(name in found.stdout for name in names)
    for name in names:
        (server.disk / name).unlink()  # as doctor says
    for _ in range(2):
        laptop.run()
    assert tally(laptop) == (PHOTOS, 0)
    assert "share disk" not in laptop.command("doctor").stdout


def test_a_notice_says_so_once_a_day(laptop: Laptop) -> None:
    shown: list[str] = []

    def after(context: Context) -> None:
        for _ in range(2):
            RunNotices(context, SimpleNamespace(show=shown.append)).after(Summary())

    laptop.look(after)
    assert shown == ["2 photos have arrived on the school network, but are not safe there yet."]


def test_a_sync_says_that_they_were_sent_and_are_still_here(laptop: Laptop) -> None:
    done = laptop.command("sync")
    assert f"{PHOTOS} photos sent, but not removed from this laptop yet" in done.stdout
    assert "not sent yet" not in done.stdout
    assert done.returncode == 3


def test_explain_says_where_a_photo_is_that_was_sent_and_is_still_here(laptop: Laptop) -> None:
    said = laptop.command("explain", laptop.imports / "IMG_0.jpg").stdout
    assert "it was sent on" in said
    assert next(iter(laptop.on_share())) in said
    assert "did not confirm" in said
    assert "would be sent" not in said
