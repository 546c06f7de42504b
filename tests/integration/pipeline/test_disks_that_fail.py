"""A server's disk that fails once: what the server says of the same file later is never believed, whoever asks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.journal import State
from agent.record import EntryKind
from agent.share import Undelivered, open_share
from tests.integration.share.opening import server_of
from tests.laptop import Laptop
from tests.servers.others import Quirky
from tests.servers.photos import content, delivery, outgoing

WITHOUT, WITH = "ext=hardlink", "ext=fsync+hardlink"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
FAILED = "could not write the photo to its disk"


@pytest.fixture
def server() -> Iterator[Quirky]:
    """A server that cannot sync yet."""
    with Quirky(WITHOUT) as server:
        yield server


@pytest.fixture
def laptop(server: Quirky, tmp_path: Path) -> Laptop:
    return Laptop(tmp_path / "laptop", server)


def reason(laptop: Laptop) -> str:
    return " ".join(one.reason or "" for one in laptop.tracked(State.RECORDED))


def on_disk(server: Quirky, ending: str) -> list[Path]:
    return sorted((server.disk / "visits").rglob(f"*{ending}"), key=lambda path: len(path.name))


@pytest.mark.parametrize("unsynced", [False, True], ids=["as set up", "without fsync allowed"])
def test_a_copy_found_later_does_not_rest_on_what_a_failed_disk_has(
    laptop: Laptop, server: Quirky, *, unsynced: bool
) -> None:
    photo = laptop.photo("a.jpg")
    laptop.run()
    server.change(f"{WITH},lostsync=.jpg")
    laptop.run()
    assert FAILED in reason(laptop)
    copy = laptop.imports / "b.jpg"
    copy.write_bytes(photo.read_bytes())
    laptop.configure(share={"allow_unsynced": unsynced})
    for _ in range(2):
        laptop.run()
    assert photo.exists()
    first, second = on_disk(server, ".jpg")  # the second is a new file, which the server could write
    assert not copy.exists()
    first.unlink()
    for _ in range(2):
        laptop.run()
    assert not photo.exists()
    assert first.exists()
    assert second.exists()


def test_a_failed_disk_is_remembered_when_another_file_of_the_photo_is_lost(laptop: Laptop, server: Quirky) -> None:
    photo = laptop.photo("a.jpg")
    laptop.file("a.xmp", XMP, beside=photo)
    laptop.run()
    server.change(f"{WITH},lostsync=.jpg")
    on_disk(server, ".xmp")[0].unlink()  # so it is sent again at once
    for _ in range(2):
        laptop.run()
    (lost,) = laptop.entries(EntryKind.SHARE_LOST)
    assert [name.rpartition(".")[2] for name in lost.body["names"]] == ["xmp"]
    assert not photo.exists()
    assert len(on_disk(server, ".jpg")) == 2


def test_a_failed_disk_weighs_more_than_a_file_that_cannot_be_read(laptop: Laptop, server: Quirky) -> None:
    photo = laptop.photo("a.jpg")
    laptop.file("a.xmp", XMP, beside=photo)
    laptop.run()
    server.change(f"{WITH},lostsync=.jpg,deny=.xmp")
    run = laptop.run()
    assert FAILED in reason(laptop)
    assert run.removed == 0
    server.change(WITH)
    for _ in range(2):
        laptop.run()
    assert FAILED in reason(laptop)
    assert photo.exists()


def test_a_film_is_not_gone_on_with_where_its_disk_failed(server: Quirky, tmp_path: Path) -> None:
    film = delivery(outgoing(tmp_path / "in", "visits/museum/film.mov", content(20_000_000)))
    server.change(f"{WITH},lostsync={film.transfer},noremove")
    doubted: set[str] = set()
    for _ in range(2):
        with open_share(server_of(server), clock=lambda: datetime.now(UTC)) as share:
            share.disk_failed |= doubted
            outcome = list(share.deliver([film]))[-1]
            assert isinstance(outcome, Undelivered), "each file is a new one, and its disk fails"
            doubted = set(share.disk_failed)
