"""Against a real OpenSSH: who it is, whether it lets us in, and what happens when the connection ends under us."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import HostKeyRefused, LocalFault, LoginRefused, ShareDenied, ShareFault, ShareUnreachable
from agent.model.delivery import Delivery, Splice
from agent.pipeline.halfsent import worked_out
from agent.share import (
    Delivered,
    Sent,
    Share,
    Undelivered,
    make_key,
    open_share,
    pin,
    public_key,
    scan_host_key,
)
from tests.integration.share.opening import files, once, server_of
from tests.servers.fixtures import chrooted_sshd, sshd  # noqa: F401
from tests.servers.openssh import OpenSSH
from tests.servers.photos import content, delivery, outgoing


def opened(real: OpenSSH, **changes: object) -> Share:
    return open_share(server_of(real, **changes), clock=lambda: datetime.now(UTC))


def photo(folder: Path, size: int = 100_000, n: int = 0) -> Delivery:
    return delivery(outgoing(folder, f"visits/museum/{n}.jpg", content(size, n)))


@pytest.fixture
def real(sshd: OpenSSH) -> OpenSSH:  # noqa: F811
    return sshd


# --- who it is -------------------------------------------------------------------------------------------------------


def test_an_unknown_server_is_refused_with_its_fingerprint(real: OpenSSH) -> None:
    real.known_hosts_file.write_text("")
    shown = scan_host_key(real.host, real.port, 5)
    with pytest.raises(HostKeyRefused, match="not known here") as refusal:
        opened(real)
    assert shown.fingerprint in str(refusal.value)


def test_a_missing_known_hosts_file_is_an_unknown_server(real: OpenSSH, tmp_path: Path) -> None:
    with pytest.raises(HostKeyRefused, match="not known here"):
        opened(real, known_hosts_file=tmp_path / "none")


def test_a_changed_host_key_is_refused_with_both_fingerprints(real: OpenSSH) -> None:
    before = scan_host_key(real.host, real.port, 5)
    real.change_host_key()
    after = scan_host_key(real.host, real.port, 5)
    with pytest.raises(HostKeyRefused) as refusal:
        opened(real)
    assert before.fingerprint in str(refusal.value)
    assert after.fingerprint in str(refusal.value)
    assert refusal.value.exit_code == 6
    pin(real.known_hosts_file, real.host, real.port, after)
    opened(real).close()


def test_a_server_that_lost_the_pinned_kind_of_key_is_refused(real: OpenSSH, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(other)], check=True)
    kind, key = other.with_suffix(".pub").read_text().split()[:2]
    real.known_hosts_file.write_text(f"[{real.host}]:{real.port} {kind} {key}\n")
    with pytest.raises(HostKeyRefused, match="has changed"):
        opened(real)


def test_a_hashed_known_hosts_file_as_ssh_writes_it_is_understood(real: OpenSSH) -> None:
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(real.known_hosts_file)], check=True, capture_output=True)
    assert real.host not in real.known_hosts_file.read_text()
    opened(real).close()


def test_the_fingerprint_is_the_one_that_ssh_shows(real: OpenSSH) -> None:
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(real.known_hosts_file)], check=True, capture_output=True, text=True
    ).stdout
    assert scan_host_key(real.host, real.port, 5).fingerprint in shown


# --- whether it lets us in -------------------------------------------------------------------------------------------


def test_a_key_that_the_server_does_not_know_is_refused(real: OpenSSH, tmp_path: Path) -> None:
    make_key(tmp_path / "stranger", "stranger")
    with pytest.raises(LoginRefused, match="does not accept this laptop's key"):
        opened(real, key_file=tmp_path / "stranger")


def test_a_missing_key_is_reported_before_anything_is_asked_of_the_server(real: OpenSSH, tmp_path: Path) -> None:
    with pytest.raises(LoginRefused, match="no SSH key"):
        opened(real, key_file=tmp_path / "none")


def test_a_damaged_key_is_reported(real: OpenSSH, tmp_path: Path) -> None:
    (tmp_path / "damaged").write_text("not a key")
    with pytest.raises(LoginRefused, match="damaged"):
        opened(real, key_file=tmp_path / "damaged")


def test_the_key_that_init_makes_is_one_that_ssh_takes(real: OpenSSH, tmp_path: Path) -> None:
    line = make_key(tmp_path / "key", "laptop-17")
    told = subprocess.run(["ssh-keygen", "-y", "-f", str(tmp_path / "key")], check=True, capture_output=True, text=True)
    assert told.stdout.split()[:2] == line.split()[:2] == public_key(tmp_path / "key").split()
    with (real.base / "authorized_keys").open("a") as file:
        file.write(line + "\n")
    opened(real, key_file=tmp_path / "key").close()


# --- whether it is there ---------------------------------------------------------------------------------------------


def test_a_server_that_is_off_is_unreachable(real: OpenSSH) -> None:
    real.stop()
    with pytest.raises(ShareUnreachable, match="nothing answers"):
        opened(real)


def test_a_name_that_nobody_knows_is_unreachable(real: OpenSSH) -> None:
    with pytest.raises(ShareUnreachable):
        opened(real, host="photos.invalid")


def test_a_server_that_accepts_and_says_nothing_is_unreachable_in_time(real: OpenSSH) -> None:
    import socket

    with socket.create_server((real.host, 0)) as silent:
        started = time.monotonic()
        with pytest.raises((ShareUnreachable, HostKeyRefused)):
            opened(real, port=silent.getsockname()[1], timeout=1.5)
        assert time.monotonic() - started < 15  # not the minutes that a system waits


# --- permissions and layout ------------------------------------------------------------------------------------------


def test_a_folder_that_may_not_be_written_is_denied_and_the_others_go_on(
    chrooted_sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
) -> None:
    (chrooted_sshd.disk / "visits").mkdir(mode=0o777)
    (chrooted_sshd.disk / "visits").chmod(0o777)
    (chrooted_sshd.disk / "visits" / "museum").mkdir(mode=0o755)  # root's
    denied, fine = photo(tmp_path / "in"), delivery(outgoing(tmp_path / "in", "visits/farm/1.jpg", b"x" * 100))
    with opened(chrooted_sshd) as share:
        final = {item.transfer: item for item in share.deliver([denied, fine]) if not isinstance(item, Sent)}
    outcome = final[denied.transfer]
    assert isinstance(outcome, Undelivered)
    assert isinstance(outcome.error, ShareDenied)
    assert isinstance(final[fine.transfer], Delivered)
    assert files(chrooted_sshd.disk) == ["visits/farm/1.jpg"]


def test_a_root_that_is_missing_is_reported_by_trying_out(real: OpenSSH) -> None:
    with opened(real, root="/nowhere/at/all") as share, pytest.raises(ShareFault, match="make a folder"):
        share.try_out()


def test_a_relative_root_is_below_the_accounts_home(chrooted_sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    with opened(chrooted_sshd, root=chrooted_sshd.root.lstrip("/")) as share:
        assert isinstance(list(share.deliver([photo(tmp_path / "in")]))[-1], Delivered)
    assert files(chrooted_sshd.disk) == ["visits/museum/0.jpg"]


# --- connections that end --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("connections", [1, 2])
def test_a_connection_cut_in_mid_file_is_unreachable_and_a_repetition_works(
    real: OpenSSH, tmp_path: Path, connections: int
) -> None:
    photos = [photo(tmp_path / "in", 20_000_000, n) for n in range(3)]
    with opened(real, connections=connections) as share, pytest.raises(ShareUnreachable):
        list(share.deliver(photos, once(3_000_000, real.cut_sessions)))
    assert [name for name in files(real.disk) if ".uploading-" in name], "it was in mid-file"
    with opened(real, connections=connections) as share:
        assert share.sweep() > 0
        final = [item for item in share.deliver(photos) if not isinstance(item, Sent)]
    assert [type(item) for item in final] == [Delivered] * 3
    assert files(real.disk) == [f"visits/museum/{n}.jpg" for n in range(3)]


def test_a_server_that_no_longer_answers_at_all_is_noticed(real: OpenSSH, tmp_path: Path) -> None:
    started = 0.0

    def freeze() -> None:
        nonlocal started
        started = time.monotonic()
        real.freeze_sessions()

    with opened(real, timeout=2.0) as share, pytest.raises(ShareUnreachable):
        list(share.deliver([photo(tmp_path / "in", 50_000_000)], once(1_000_000, freeze)))
    assert 0 < time.monotonic() - started < 6
    real.cut_sessions()


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
def test_cut_at_any_moment_nothing_is_lost_or_doubled(real: OpenSSH, tmp_path: Path, moment: float) -> None:
    photos = [photo(tmp_path / "in", 150_000, n) for n in range(30)]
    proven = set()
    cutting = threading.Timer(moment, real.cut_sessions)
    try:
        with opened(real) as share:
            cutting.start()
            for item in share.deliver(photos):
                if isinstance(item, Delivered):
                    proven.add(item.proofs[0].name)
    except ShareUnreachable:
        pass
    assert proven <= set(files(real.disk))
    cutting.join()  # or it might cut the next connection
    with opened(real) as share:
        share.sweep()
        final = [item for item in share.deliver(photos) if not isinstance(item, Sent)]
    assert {type(item) for item in final} == {Delivered}
    assert files(real.disk) == sorted(f"visits/museum/{n}.jpg" for n in range(30))


# --- manners ---------------------------------------------------------------------------------------------------------


def test_a_bandwidth_limit_is_kept(real: OpenSSH, tmp_path: Path) -> None:
    with opened(real, bandwidth_kib_per_s=1024) as share:
        started = time.monotonic()
        assert isinstance(list(share.deliver([photo(tmp_path / "in", 1_500_000)]))[-1], Delivered)
    assert 1.1 < time.monotonic() - started < 4


def test_memory_stays_bounded_whatever_the_size(real: OpenSSH, tmp_path: Path) -> None:
    import tracemalloc

    big = tmp_path / "in" / "big"
    size = 150 * 1024 * 1024
    big.parent.mkdir()
    with big.open("wb") as file:
        file.truncate(size)
    import hashlib

    from agent.model.delivery import Outgoing
    from agent.model.files import Fingerprint
    from agent.model.ids import RemoteName, Sha256
    from tests.servers.photos import looked_at

    with big.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    one = delivery(Outgoing(RemoteName("visits/v/big.mov"), looked_at(big), Fingerprint(Sha256(digest), size)))
    with opened(real) as share:
        tracemalloc.start()
        try:
            assert isinstance(list(share.deliver([one]))[-1], Delivered)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 40 * 1024 * 1024


def test_the_callers_iterable_and_callback_stay_on_the_callers_thread(real: OpenSSH, tmp_path: Path) -> None:
    threads = set()
    photos = [photo(tmp_path / "in", 10_000, n) for n in range(5)]

    def supply() -> Iterator[Delivery]:
        for one in photos:
            threads.add(threading.current_thread())
            yield one

    with opened(real) as share:
        list(share.deliver(supply(), lambda _: threads.add(threading.current_thread())))
    assert threads == {threading.current_thread()}


def test_a_photo_changed_before_its_tag_was_worked_out_never_becomes_a_proof(real: OpenSSH, tmp_path: Path) -> None:
    one = outgoing(tmp_path / "local", "visits/museum/a.jpg", content(100_000), Splice(20, 0, b"a tag"))
    assert not isinstance(one.source, bytes)
    looked = one.source.path.stat()
    one.source.path.write_bytes(content(100_000, 1))  # of the same size and time
    os.utime(one.source.path, ns=(looked.st_atime_ns, looked.st_mtime_ns))
    with pytest.raises(LocalFault), opened(real) as share:
        list(share.deliver([worked_out(delivery(one))]))
    assert files(real.disk) == []
