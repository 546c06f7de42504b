"""Servers that are strict or slow, and a network that goes dead without a word."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.model.delivery import Delivery
from agent.model.ids import RemoteName
from agent.share import Delivered, Undelivered, open_share
from agent.share.sftp import SftpShare
from tests.bench.servers import LINKS, BenchServer
from tests.integration.share.opening import files, server_of
from tests.servers.fixtures import sshd  # noqa: F401
from tests.servers.openssh import QUICK_KEYS, SUBSYSTEM, OpenSSH, why_not
from tests.servers.photos import content, delivery, outgoing

SERVER = Path(__file__).parents[3] / "install" / "server"

(HOME,) = (link for link in LINKS if link.name == "home")


def photos(folder: Path, count: int, size: int) -> list[Delivery]:
    return [delivery(outgoing(folder, f"visits/museum/{n}.jpg", content(size, n))) for n in range(count)]


def sent(server: OpenSSH, some: list[Delivery], *, connections: int = 2) -> int:
    """How many of them were delivered; what went wrong with any is raised."""
    done = 0
    settled = server_of(server, connections=connections)
    with open_share(settled, clock=lambda: datetime.now(UTC), delivering=True) as share:
        for outcome in share.deliver(some):
            if isinstance(outcome, Undelivered):
                raise outcome.error
            done += isinstance(outcome, Delivered)
    return done


@pytest.fixture
def rekeying(sshd: OpenSSH) -> Iterator[OpenSSH]:  # noqa: F811
    """A server that wants new keys after every two megabytes, by OpenSSH's own first choice of a way."""
    config = sshd.base / "sshd_config"
    before = config.read_text()
    config.write_text(before.replace(QUICK_KEYS, "") + "\nRekeyLimit 2M\nLogLevel DEBUG1\n")
    sshd.restart()
    yield sshd
    config.write_text(before)
    sshd.restart()


def test_new_keys_in_mid_transfer_change_nothing(rekeying: OpenSSH, tmp_path: Path) -> None:
    large = delivery(outgoing(tmp_path / "in", "visits/museum/film.mov", content(30_000_000)))
    assert sent(rekeying, [*photos(tmp_path / "in", 40, 300_000), large]) == 41
    assert (rekeying.disk / "visits/museum/film.mov").read_bytes() == content(30_000_000)
    assert rekeying.log_file.read_text(errors="replace").count("SSH2_MSG_NEWKEYS received") > 10


@pytest.mark.parametrize("connections", [1, 2])
def test_a_server_that_opens_few_files_at_once_is_not_asked_for_more(tmp_path: Path, connections: int) -> None:
    if reason := why_not():
        pytest.skip(reason)
    # sftp-server reserves six descriptors for itself; limits@openssh.com states the remaining ones.
    with OpenSSH(subsystem=f"/usr/bin/prlimit --nofile=22 {SUBSYSTEM}") as strict:
        assert sent(strict, photos(tmp_path / "in", 80, 60_000), connections=connections) == 80
        assert len(files(strict.disk)) == 80


def test_the_server_that_the_guide_sets_up_need_not_be_tried_out(tmp_path: Path) -> None:
    """It denies its devices some of what OpenSSH's server offers, and then does not offer that."""
    if reason := why_not():
        pytest.skip(reason)
    (command,) = re.findall(r"ForceCommand (internal-sftp .*)", (SERVER / "50-photo-agent.conf").read_text("utf-8"))
    with OpenSSH(subsystem=command) as school:
        with open_share(server_of(school), clock=lambda: datetime.now(UTC)) as share:
            assert isinstance(share, SftpShare)
            assert share._working().session.is_openssh
            assert share.abilities().fsync
        assert sent(school, photos(tmp_path / "in", 5, 60_000)) == 5


def test_a_file_is_read_from_a_server_that_permits_no_look_at_it() -> None:
    if reason := why_not():
        pytest.skip(reason)
    with OpenSSH(subsystem="internal-sftp -P fstat") as strict:
        (strict.disk / "register").mkdir()
        (strict.disk / "register/visits.csv").write_bytes(b"id\n" * 20_000)
        with open_share(server_of(strict), clock=lambda: datetime.now(UTC)) as share:
            assert share.read(RemoteName("register/visits.csv"), 100_000) == b"id\n" * 20_000


@pytest.fixture
def far() -> Iterator[BenchServer]:
    """A server behind the WAN emulator, which can swallow everything."""
    if reason := why_not() or HOME.why_not():
        pytest.skip(reason)
    HOME.start()
    try:
        with BenchServer(HOME, chrooted=False) as server:
            yield server
    finally:
        HOME.end()


@pytest.mark.slow
def test_a_network_that_goes_dead_is_noticed_within_thirty_seconds(far: BenchServer, tmp_path: Path) -> None:
    script = f"""
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from agent.share import open_share
from tests.integration.share.opening import server_of
from tests.integration.share.test_manners import photos
from types import SimpleNamespace
from agent.errors import ShareUnreachable
server = server_of(SimpleNamespace(host={far.host!r}, port={far.port}, user={far.user!r}, root={far.root!r},
                   key_file=Path({str(far.key_file)!r}), known_hosts_file=Path({str(far.known_hosts_file)!r})))
told = 0
def progress(size):
    global told
    if told < 3_000_000 <= told + size:
        print("dead", flush=True)
        sys.stdin.readline()
    told += size
with open_share(server, clock=lambda: datetime.now(UTC), delivering=True) as share:
    try:
        list(share.deliver(photos(Path({str(tmp_path / "in")!r}), 10, 2_000_000), progress))
    except ShareUnreachable:
        print("noticed", flush=True)
"""
    command = [*HOME.before, sys.executable, "-c", script]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "dead\n"
        emulator = (Path("/tmp/wan") / "pid").read_text().strip()
        subprocess.run(["kill", "-USR1", emulator], check=True)
        started = time.monotonic()
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "noticed\n"
        assert time.monotonic() - started < 30


def test_a_server_that_removes_nothing_gets_few_temporary_names(tmp_path: Path) -> None:
    """After the first refusal files are renamed; a hard link would leave a name beside each."""
    if reason := why_not():
        pytest.skip(reason)
    with OpenSSH(subsystem="internal-sftp -P remove") as strict:
        assert sent(strict, photos(tmp_path / "in", 300, 6_000)) == 300
        names = [path.name for path in strict.disk.rglob("*") if path.is_file()]
    assert len([name for name in names if not name.startswith(".")]) == 300
    assert len([name for name in names if name.startswith(".")]) < 150  # as many as were under way
