"""Large files against a real OpenSSH: continued after a cut, read back on another connection, in nobody's way."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import LocalFault, NotProven, ShareUnreachable
from agent.model.delivery import Delivery, Splice
from agent.model.ids import RemoteName, Sha256
from agent.share import Delivered, Sent, Share, Transport, Undelivered, open_share
from agent.share.names import temporary_name
from agent.share.source import LocalSource
from tests.integration.share.opening import files, once, server_of
from tests.servers.fixtures import sshd  # noqa: F401
from tests.servers.openssh import OpenSSH
from tests.servers.photos import content, delivery, outgoing, spliced

pytestmark = pytest.mark.slow

MEGABYTE = 1_000_000
FILM = content(40 * MEGABYTE)


def opened(real: OpenSSH, *, connections: int = 2, slow: int = 0, delivering: bool = True, **more: object) -> Share:
    server = server_of(real, connections=connections, bandwidth_kib_per_s=slow, **more)
    return open_share(server, clock=lambda: datetime.now(UTC), delivering=delivering)


def film(folder: Path) -> Delivery:
    return delivery(outgoing(folder, "visits/museum/film.mov", FILM))


def cut(real: OpenSSH, photo: Delivery, *, at: int, connections: int = 2) -> Path:
    """A delivery that is cut once this many bytes were acknowledged; returns what it left."""
    with opened(real, slow=20_000, connections=connections) as share, pytest.raises(ShareUnreachable):
        list(share.deliver([photo], once(at, real.cut_sessions)))
    (left,) = (real.disk / "visits" / "museum").iterdir()
    return left


def last(share: Share, photo: Delivery, progress: Callable[[int], None] = lambda _: None) -> Delivered | Undelivered:
    outcome = list(share.deliver([photo], progress))[-1]
    assert not isinstance(outcome, Sent)
    return outcome


def arrived(real: OpenSSH) -> bytes:
    assert files(real.disk) == ["visits/museum/film.mov"]
    return (real.disk / "visits/museum/film.mov").read_bytes()


def clients() -> list[int]:
    """This process's children that are OpenSSH's client, in the order of their start."""
    found = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread or a process that has just ended
            children = (task / "children").read_text().split()
            found += [int(pid) for pid in children if b"sftp" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return sorted(found)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# --- going on --------------------------------------------------------------------------------------------------------


def test_a_film_changed_without_a_trace_before_it_goes_on_is_no_fault_of_the_server(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
) -> None:
    photo = film(tmp_path / "local")
    cut(sshd, photo, at=20 * MEGABYTE)
    source = photo.files[0].source
    assert not isinstance(source, bytes)
    looked = source.path.stat()
    with source.path.open("r+b") as file:
        file.write(b"changed")
    os.utime(source.path, ns=(looked.st_atime_ns, looked.st_mtime_ns))
    with opened(sshd) as share:
        outcome = last(share, photo)
    assert isinstance(outcome, Undelivered)
    assert isinstance(outcome.error, LocalFault)
    assert files(sshd.disk) == []


@pytest.mark.parametrize("connections", [1, 2])
def test_a_cut_transfer_goes_on_where_it_was_cut(sshd: OpenSSH, tmp_path: Path, connections: int) -> None:  # noqa: F811
    photo = film(tmp_path / "in")
    left = cut(sshd, photo, at=25 * MEGABYTE, connections=connections)
    there, inode = left.stat().st_size, left.stat().st_ino
    pieces: list[int] = []
    with opened(sshd, connections=connections) as share:
        assert share.sweep([photo.transfer]) == 0
        assert isinstance(last(share, photo, pieces.append), Delivered)
    assert arrived(sshd) == FILM
    assert (sshd.disk / "visits/museum/film.mov").stat().st_ino == inode, "it is the very file that was begun"
    assert there - 300_000 < pieces[0] <= there, "what was there counts as sent"
    assert sum(pieces) == len(FILM)


def test_what_is_no_longer_to_be_sent_is_swept(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    cut(sshd, film(tmp_path / "in"), at=20 * MEGABYTE)
    with opened(sshd, delivering=False) as share:
        assert share.sweep() == 1
    assert files(sshd.disk) == []


@pytest.mark.parametrize("how", ["damaged", "shorter", "longer", "other"])
def test_what_was_left_is_not_believed(sshd: OpenSSH, tmp_path: Path, how: str) -> None:  # noqa: F811
    photo = film(tmp_path / "in")
    left = cut(sshd, photo, at=25 * MEGABYTE)
    if how == "damaged":
        with left.open("r+b") as file:
            file.seek(1_000_000)
            file.write(b"\0")
    elif how == "shorter":
        os.truncate(left, 17_000_001)
    elif how == "longer":
        os.truncate(left, len(FILM) + 1)
    else:
        left.write_bytes(content(30 * MEGABYTE, 7))
    with opened(sshd, slow=2_000 if how in {"damaged", "other"} else 0) as share:
        sent: list[int] = []
        outcome = last(share, photo, sent.append)
        if how in {"damaged", "other"}:
            assert isinstance(outcome, Undelivered)
            assert isinstance(outcome.error, NotProven)
            assert sum(sent) < len(FILM), "it is found before the rest has been sent for nothing"
            assert files(sshd.disk) == []
            with opened(sshd) as quick:
                outcome = last(quick, photo)
        assert isinstance(outcome, Delivered)
    assert arrived(sshd) == FILM


def again(photo: Delivery, name: str, splice: Splice | None = None) -> Delivery:
    """The same transfer after a correction: the photo has another name, and perhaps another tag."""
    return replace(photo, files=(replace(photo.files[0], name=RemoteName(name), splice=splice),))


def linked(real: OpenSSH, photo: Delivery, name: Path) -> None:
    """The share as it is when a connection is cut between the giving of a name and the removal of the temporary one."""
    with opened(real) as share:
        assert isinstance(last(share, photo), Delivered)
    os.link(name, name.parent / temporary_name("laptop-17", photo.transfer, 0))


def test_what_has_its_final_name_already_is_not_written_to(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    photo, first = film(tmp_path / "in"), sshd.disk / "visits/museum/film.mov"
    linked(sshd, photo, first)
    before = first.stat().st_mtime_ns
    with opened(sshd) as share:
        assert isinstance(last(share, again(photo, "visits/museum/renamed.mov")), Delivered)
    assert first.stat().st_mtime_ns == before
    assert files(sshd.disk) == ["visits/museum/film.mov", "visits/museum/renamed.mov"]


def test_another_tag_is_not_written_over_a_photo_that_has_its_final_name(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    large, first = content(20 * MEGABYTE), sshd.disk / "visits/museum/first.jpg"
    one, other = Splice(2, 0, b"tag"), Splice(2, 0, b"a longer tag")
    photo = delivery(outgoing(tmp_path / "in", "visits/museum/first.jpg", large, one))
    linked(sshd, photo, first)
    with opened(sshd) as share:
        assert isinstance(last(share, again(photo, "visits/museum/renamed.jpg", other)), Delivered)
    assert first.read_bytes() == spliced(large, one)
    assert (first.parent / "renamed.jpg").read_bytes() == spliced(large, other)
    assert files(sshd.disk) == ["visits/museum/first.jpg", "visits/museum/renamed.jpg"]


def test_asked_to_stop_a_large_file_is_left_and_gone_on_with(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    photo, stop = delivery(outgoing(tmp_path / "in", "visits/museum/film.mov", content(120 * MEGABYTE))), [False]
    with opened(sshd, slow=20_000) as share:
        outcomes = list(share.deliver([photo], once(20 * MEGABYTE, lambda: stop.__setitem__(0, True)), lambda: stop[0]))
        assert [item for item in outcomes if not isinstance(item, Sent)] == []
    (left,) = (sshd.disk / "visits" / "museum").iterdir()
    assert 20 * MEGABYTE < left.stat().st_size < 60 * MEGABYTE, "it stopped soon: the line takes 20 MB in a second"
    inode = left.stat().st_ino
    with opened(sshd) as share:
        assert isinstance(last(share, photo), Delivered)
    assert (sshd.disk / "visits/museum/film.mov").stat().st_ino == inode


def test_asked_to_stop_before_it_goes_on_what_a_cut_transfer_left_stays(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = film(tmp_path / "in")
    left = cut(sshd, photo, at=25 * MEGABYTE)
    skip, stop = LocalSource.skip, [False]

    def skipped(source: LocalSource, length: int) -> Sha256:
        """As on a slow disk: the bytes sent are still being hashed when it is time to stop."""
        stop[0] = True
        time.sleep(4)
        return skip(source, length)

    monkeypatch.setattr(LocalSource, "skip", skipped)
    with opened(sshd) as share:
        assert list(share.deliver([photo], stopping=lambda: stop[0])) == []
    assert left.stat().st_size > 20 * MEGABYTE


def test_asked_to_stop_small_files_leave_nothing(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    photos = [delivery(outgoing(tmp_path / "in", f"visits/museum/{n}.jpg", content(9_000_000, n))) for n in range(12)]
    stop = [False]
    with opened(sshd, slow=20_000) as share:
        news = share.deliver(photos, once(MEGABYTE, lambda: stop.__setitem__(0, True)), lambda: stop[0])
        done = [item for item in news if isinstance(item, Delivered)]
    assert len(files(sshd.disk)) == len(done) < len(photos)


# --- in nobody's way -------------------------------------------------------------------------------------------------


def test_photos_go_on_beside_videos(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    videos = [delivery(outgoing(tmp_path / "in", f"visits/museum/{n}.mov", content(30_000_000, n))) for n in range(3)]
    photos = [delivery(outgoing(tmp_path / "in", f"visits/museum/{n}.jpg", content(200_000, n))) for n in range(40)]
    with opened(sshd, slow=20_000) as share:
        done = [item.transfer for item in share.deliver([*videos, *photos]) if isinstance(item, Delivered)]
    assert len(done) == 43
    assert {photo.transfer for photo in photos} == set(done[:40]), "photos that came after the videos are done first"


# --- by another connection -------------------------------------------------------------------------------------------


def test_for_little_one_connection_does_and_for_much_another_reads_back(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    little = delivery(outgoing(tmp_path / "in", "visits/museum/1.jpg", content(100_000)))
    wait_for(lambda: sshd.sessions() == [])  # those of the test before may be about to end
    with opened(sshd, delivering=False, slow=10_000) as share:
        of_one = len(sshd.sessions())
        assert isinstance(last(share, little), Delivered)
        assert len(sshd.sessions()) == of_one
        assert isinstance(last(share, film(tmp_path / "in")), Delivered)
        assert len(sshd.sessions()) == 2 * of_one


@pytest.mark.parametrize("how", ["SIGKILL", "SIGSTOP"])
def test_a_client_that_ends_or_hangs_while_it_reads_back_proves_nothing(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    how: str,
) -> None:
    photo = film(tmp_path / "in")
    with opened(sshd, slow=40_000, timeout=2.0, transport=Transport.OPENSSH) as share:
        wait_for(lambda: len(clients()) == 2)
        *_, reading = clients()
        with pytest.raises(ShareUnreachable, match="The connection to the share"):
            list(share.deliver([photo], once(5 * MEGABYTE, lambda: os.kill(reading, signal.Signals[how]))))
    wait_for(lambda: clients() == [])
    with opened(sshd) as share:
        assert isinstance(last(share, photo), Delivered)


def test_where_a_device_may_have_one_connection_only_that_one_reads_back(one_session: OpenSSH, tmp_path: Path) -> None:
    with opened(one_session) as share:
        assert isinstance(last(share, film(tmp_path / "in")), Delivered)
    assert arrived(one_session) == FILM


@pytest.fixture
def one_session(sshd: OpenSSH) -> Iterator[OpenSSH]:  # noqa: F811
    """A server that drops every second connection while it is being set up."""
    config = sshd.base / "sshd_config"
    before = config.read_text()
    config.write_text(before + "\nMaxStartups 1:100:1\nPerSourceMaxStartups 1\n")
    sshd.restart()
    wait_for(lambda: sshd.sessions() == [])  # the connection by which that was seen counts no more
    yield sshd
    config.write_text(before)
    sshd.restart()
