"""A share that lets nothing be removed gets every photo, and is neither littered nor complained about for ever."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.pipeline.halfsent import HalfSentTransfers
from agent.pipeline.journal_keys import HALF_SENT
from tests.laptop import ON_VISIT, Heard, Laptop, minutes
from tests.servers.openssh import OpenSSH, why_not


@pytest.fixture(params=["remove", "remove,rename"])
def strict(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Laptop]:
    """A laptop whose server refuses these requests."""
    if reason := why_not():
        pytest.skip(reason)
    with OpenSSH(subsystem=f"internal-sftp -P {request.param}") as server:
        yield Laptop(tmp_path / "laptop", server)


def left(laptop: Laptop) -> list[str]:
    return [path.name for path in laptop.share.rglob("*uploading*")]


def texts(heard: Heard) -> list[str]:
    return [str(event.details["text"]) for event in heard.events if "could not be removed yet" in str(event.details)]


def test_every_photo_arrives_and_it_is_said_once_a_day(strict: Laptop) -> None:
    heard = Heard()
    for n in range(3):
        strict.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n)
        assert strict.run(heard).removed == 1
    before = left(strict)
    for _ in range(3):
        summary = strict.run(heard)
        assert (summary.exit_code, summary.fault) == (0, None)
    assert left(strict) == before, "a run without photos leaves nothing more there"
    assert len(texts(heard)) <= 1


def test_what_is_remembered_of_it_has_a_bound(strict: Laptop) -> None:
    many = {f"{n:032x}": ["visits/museum", 1, []] for n in range(1200)}
    strict.look(lambda context: context.journal.set_fact(HALF_SENT, json.dumps(many)))

    def kept(context: object) -> int:
        half_sent = HalfSentTransfers(context.journal)  # type: ignore[attr-defined]
        half_sent.keep_only([], temporary=True)
        return len(half_sent.begun())

    assert strict.look(kept) == 1000


def test_doctor_does_not_say_that_its_test_file_was_removed(strict: Laptop) -> None:
    said = strict.command("doctor").stdout
    assert "renamed and removed" not in said
    assert "warn  share writing" in said
    assert left(strict), "the file that it says stays there"
