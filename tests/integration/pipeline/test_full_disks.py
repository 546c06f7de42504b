"""Disks that are full, here and on the share, and a share that may not be written: told, tried again, nothing removed.

Real file systems of a megabyte or two (tmpfs), which only root may mount; elsewhere these are skipped.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.errors import JournalError, RecordError
from agent.journal import State
from agent.pipeline.events import Event, Happened
from tests.laptop import AT_THE_FARM, Heard, Laptop, sha256
from tests.servers.fixtures import chrooted_sshd  # noqa: F401  # the fixture behind `denying`
from tests.servers.openssh import OpenSSH

Mount = Callable[[Path, int], Path]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mounts a file system of this many KiB over a folder until the end of the test."""
    mounted: list[Path] = []

    def put(folder: Path, kib: int) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("a small file system to fill can only be mounted by root on Linux")
        mounted.append(folder)
        return folder

    yield put
    for folder in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write until nothing more fits; the file to delete to make room again."""
    filler = folder / ".filler"
    with filler.open("ab", buffering=0) as file:
        for piece in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * piece)
            except OSError:
                continue
    return filler


# --- The share -------------------------------------------------------------------------------------------------------


def test_visits_on_a_volume_of_their_own_that_is_full_are_reported_as_such(
    sshd: OpenSSH, mount: Mount, tmp_path: Path
) -> None:
    laptop = Laptop(tmp_path / "laptop", sshd)
    mount(sshd.disk / "visits", 1024)
    large = laptop.photo("large.jpg", size=3_000_000)
    small = laptop.photo("small.jpg", seed=1)
    heard = Heard()

    summary = laptop.run(heard)

    assert (summary.removed, summary.failed, summary.sent) == (1, 1, 1)
    assert (large.exists(), small.exists()) == (True, False)
    (failed,) = [event for event in heard.events if event.what is Happened.FAILED]
    assert "no room" in str(failed.details["reason"])


def test_photos_too_large_for_the_share_are_reported_and_others_sent(
    sshd: OpenSSH, mount: Mount, tmp_path: Path
) -> None:
    mount(sshd.disk, 2048)
    laptop = Laptop(tmp_path / "laptop", sshd)
    large = laptop.photo("large.jpg", AT_THE_FARM, size=3_000_000)  # of the newer visit, so it would go first
    small = laptop.photo("small.jpg", seed=1)
    larger = laptop.photo("larger.jpg", size=4_000_000, seed=2)
    tiny = laptop.photo("tiny.png.jpg", seed=3)
    heard = Heard()

    summary = laptop.run(heard)

    assert (summary.removed, summary.failed, summary.exit_code) == (2, 2, 3)
    assert (large.exists(), larger.exists(), small.exists(), tiny.exists()) == (True, True, False, False)
    for failed in (event for event in heard.events if event.what is Happened.FAILED):
        assert "no room" in str(failed.details["reason"])
        assert "IT" in str(failed.details["reason"])


def test_a_share_that_fills_up_while_a_photo_is_sent_keeps_no_half_photo(
    sshd: OpenSSH, mount: Mount, tmp_path: Path
) -> None:
    mount(sshd.disk, 8192)
    laptop = Laptop(tmp_path / "laptop", sshd)
    photo = laptop.photo("IMG_1.jpg", size=5_000_000)
    original = photo.read_bytes()
    laptop.configure(share={"bandwidth_kib_per_s": 8 * 1024})
    fillers: list[Path] = []

    def somebody_else_writes(_: int) -> None:
        if not fillers:
            fillers.append(fill(sshd.disk))

    heard = Heard(advanced=somebody_else_writes)
    summary = laptop.run(heard)

    assert (summary.failed, summary.removed, summary.exit_code) == (1, 0, 3)
    (failed,) = (event for event in heard.events if event.what is Happened.FAILED)
    assert "no space left" in str(failed.details["reason"])
    assert photo.read_bytes() == original
    assert laptop.on_share() == {}

    fillers[0].unlink()
    assert laptop.run().exit_code == 0
    assert laptop.originals_on_share() == {sha256(original)}


@pytest.fixture
def denying(chrooted_sshd: OpenSSH, tmp_path: Path) -> Laptop:  # noqa: F811  # the fixture imported above
    """A laptop whose user on the server has no privileges, so that permissions count."""
    return Laptop(tmp_path / "laptop", chrooted_sshd)


def test_an_unwritable_visits_folder_is_reported_with_what_to_do(denying: Laptop) -> None:
    photo = denying.photo("IMG_1.jpg")
    visits = denying.share / "visits"
    visits.mkdir(mode=0o555)
    heard = Heard()

    summary = denying.run(heard)

    assert (summary.failed, summary.exit_code) == (1, 3)
    (failed,) = (event for event in heard.events if event.what is Happened.FAILED)
    assert "does not permit" in str(failed.details["reason"])
    assert "permissions" in str(failed.details["reason"])
    assert photo.exists()

    visits.chmod(0o777)
    assert denying.run().exit_code == 0
    assert not photo.exists()


def test_one_visit_folder_that_may_not_be_written_does_not_keep_the_others_back(denying: Laptop) -> None:
    kept = denying.photo("IMG_1.jpg")
    farm = denying.photo("IMG_2.jpg", taken=AT_THE_FARM, seed=1)
    museum = denying.share / "visits" / "museum"
    museum.mkdir(parents=True)
    museum.parent.chmod(0o777)
    museum.chmod(0o555)

    summary = denying.run()

    assert (summary.removed, summary.failed) == (1, 1)
    assert (kept.exists(), farm.exists()) == (True, False)


def test_leftovers_that_may_not_be_removed_are_reported(denying: Laptop) -> None:
    photo = denying.photo("IMG_1.jpg", taken=AT_THE_FARM)
    museum = denying.share / "visits" / "museum"
    museum.mkdir(parents=True)
    museum.parent.chmod(0o777)
    leftover = museum / f".uploading-laptop_2d17-{'0' * 32}-0.part"
    leftover.write_bytes(b"half")
    museum.chmod(0o555)
    heard = Heard()

    summary = denying.run(heard)

    assert (summary.removed, summary.exit_code) == (1, 0)
    assert not photo.exists()
    assert leftover.exists()
    assert any("could not be removed yet" in str(event.details.get("text")) for event in heard.events)


# --- This laptop -----------------------------------------------------------------------------------------------------


def test_without_room_for_the_journal_nothing_is_sent_and_it_is_reported(laptop: Laptop, mount: Mount) -> None:
    photo = laptop.photo("IMG_1.jpg")
    filler = fill(mount(laptop.home / "state", 512))

    done = laptop.command("sync")
    assert done.returncode == JournalError.exit_code
    assert "Traceback" not in done.stderr
    assert "full" in done.stderr
    assert photo.exists()
    assert laptop.on_share() == {}

    filler.unlink()
    assert laptop.command("sync").returncode == 0
    assert not photo.exists()


@pytest.mark.parametrize("when", [Happened.DECIDED, Happened.SENT, Happened.PROVEN])
def test_a_disk_that_fills_up_in_the_middle_removes_nothing_that_is_not_on_record(
    laptop: Laptop, mount: Mount, when: Happened
) -> None:
    state = mount(laptop.home / "state", 1024)
    laptop.run()
    photo = laptop.photo("IMG_1.jpg")
    original = sha256(photo.read_bytes())
    fillers: list[Path] = []

    def fill_up(event: Event) -> None:
        if event.what is when and not fillers:
            fillers.append(fill(state))

    summary = laptop.run(Heard(then=fill_up))

    assert isinstance(summary.fault, JournalError | RecordError)
    assert summary.exit_code == 1
    assert photo.exists()
    fillers[0].unlink()
    assert laptop.run().exit_code == 0
    assert not photo.exists()
    assert laptop.originals_on_share() == {original}
    assert len(laptop.on_share()) == 1
    laptop.look(lambda context: context.record.verify())


def test_a_full_card_is_reported_and_emptied_once_there_is_room(laptop: Laptop, mount: Mount) -> None:
    mount(laptop.imports, 1024)
    photo = laptop.photo("IMG_1.jpg")
    filler = fill(laptop.imports)

    laptop.run()
    if photo.exists():  # as on a card, where a folder takes space too
        (tracked,) = laptop.look(lambda context: context.journal.tracked_photos(State.RECORDED))
        assert "full" in str(tracked.reason)
        filler.unlink()
        laptop.run()

    assert not photo.exists()
