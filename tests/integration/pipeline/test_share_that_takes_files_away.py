"""A share on which all is well for a moment, and which then takes new files away: no photo is removed on its word."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from agent.journal import State, TrackedPhoto
from agent.model.proof import Proof
from agent.pipeline import finish
from agent.pipeline.context import Context
from agent.pipeline.probation import ASKED_ABOUT, SECONDS
from agent.record import EntryKind
from agent.share import Still
from agent.share.sftp import SftpShare
from agent.volumes import Mounted
from tests.laptop import Laptop
from tests.servers.others import Quirky

USUAL = "ext=fsync+hardlink"


@pytest.fixture
def server() -> Iterator[Quirky]:
    with Quirky(USUAL) as server:
        yield server


@pytest.fixture
def laptop(server: Quirky, tmp_path: Path) -> Laptop:
    return Laptop(tmp_path / "laptop", server)


def naps(laptop: Laptop) -> list[float]:
    """One run; how long it slept each time."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.sleep(seconds)

    assert laptop.run(sleep=sleep).exit_code == 0
    return slept


@pytest.mark.parametrize("ext", ["fsync+hardlink", "fsync"], ids=["by link", "by rename"])
def test_photos_that_it_takes_away_stay_here(laptop: Laptop, server: Quirky, ext: str) -> None:
    server.change(f"ext={ext},takeaway=1")
    photos = [laptop.photo(f"{n}.jpg", seed=20 * n) for n in range(ASKED_ABOUT + 2)]
    done = laptop.command("sync")
    assert done.returncode == 3
    assert "has lost or changed 10 photos" in " ".join((done.stdout + done.stderr).split())
    assert "sent and checked" not in done.stdout + done.stderr
    assert all(photo.exists() for photo in photos)
    assert len(laptop.entries(EntryKind.SHARE_LOST)) == len(photos)
    assert laptop.entries(EntryKind.REMOVED) == []
    server.change(f"ext={ext}")
    assert laptop.command("sync").returncode == 0
    assert not any(photo.exists() for photo in photos)
    assert len(laptop.originals_on_share()) == len(photos)


def test_what_it_takes_away_is_not_given_it_again_and_again(laptop: Laptop, server: Quirky) -> None:
    server.change(f"{USUAL},takeaway=1")
    photo = laptop.photo("a.jpg")
    for _ in range(2):
        laptop.run()
    assert laptop.run(patient=True).sent == 0
    (waiting,) = laptop.tracked(State.DECIDED)
    assert waiting.resent == 2
    assert waiting.not_before is not None
    assert photo.exists()


def test_a_share_that_keeps_them_is_asked_once_a_day(laptop: Laptop) -> None:
    first = laptop.photo("a.jpg")
    assert SECONDS in naps(laptop)
    second = laptop.photo("b.jpg", seed=1)
    assert SECONDS not in naps(laptop)
    assert not first.exists()
    assert not second.exists()


def test_a_share_that_cannot_be_read_back_has_not_shown_that_it_keeps_them(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [laptop.photo(f"{n}.jpg", seed=20 * n) for n in range(ASKED_ABOUT + 2)]
    asked: list[int] = []

    def locked(_: SftpShare, proofs: Sequence[Proof], *, sync: bool = False) -> list[Still]:
        asked.append(len(proofs))
        return [Still.UNREADABLE] * len(proofs)

    with monkeypatch.context() as patched:
        patched.setattr(SftpShare, "still_holds", locked)
        assert laptop.run().removed == 0
    assert asked == [ASKED_ABOUT, 2]
    assert all(photo.exists() for photo in photos)
    another = laptop.photo("b.jpg", seed=7)
    assert SECONDS in naps(laptop)
    assert not another.exists()


def test_a_fault_nobody_foresaw_stops_one_photo_only(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    strange, good = laptop.photo("strange.jpg"), laptop.photo("good.jpg", seed=20)
    right = finish.why_it_stays

    def broken(context: Context, tracked: TrackedPhoto, mounted: Mounted) -> str | None:
        if tracked.photo.main.path == strange:
            raise ValueError("nobody foresaw this")
        return right(context, tracked, mounted)

    monkeypatch.setattr(finish, "why_it_stays", broken)
    assert laptop.run().removed == 1
    assert (strange.exists(), good.exists()) == (True, False)


def test_a_run_that_ends_while_it_waits_leaves_the_photo_to_the_next_one(laptop: Laptop) -> None:
    photo = laptop.photo("a.jpg")

    def killed(seconds: float) -> None:
        if seconds == SECONDS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        laptop.run(sleep=killed)
    assert photo.exists()
    assert laptop.run().removed == 1
    assert not photo.exists()
