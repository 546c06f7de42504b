"""A run logs in while it looks at photos, if there may be some to send; and sends nothing before it has decided."""

import socket
import time
from pathlib import Path

import pytest

from agent.errors import LoginRefused, ShareUnreachable
from agent.pipeline.context import open_context, wall_clock
from agent.pipeline.lock import only_writer
from agent.pipeline.run import Run
from agent.share import Disk, MemoryShare, make_key
from tests.laptop import AT_THE_FARM, PRIVATE, VISITS, Laptop
from tests.servers.openssh import OpenSSH


@pytest.fixture
def server(laptop: Laptop, sshd: OpenSSH) -> OpenSSH:
    """Of a laptop that has its register on its own disk, and whose record is on the share."""
    local = laptop.home / "visits.csv"
    local.write_text(VISITS)
    laptop.configure(register={"visits": str(local)}, folders={"settle_seconds": 1})
    laptop.run()
    return sshd


def logins(server: OpenSSH) -> int:
    return server.log_file.read_text().count("Accepted publickey")


def test_while_photos_settle_the_run_logs_in_and_sends_nothing(laptop: Laptop, server: OpenSSH) -> None:
    photo = laptop.photo("IMG_1.jpg")
    before, seen = logins(server), list[tuple[bool, list[Path]]]()

    def waiting(seconds: float) -> None:
        deadline = time.monotonic() + 10
        while logins(server) == before and time.monotonic() < deadline:
            time.sleep(0.02)
        seen.append((logins(server) > before, list((laptop.share / "visits").glob("*"))))
        time.sleep(seconds)

    assert laptop.run(sleep=waiting).removed == 1
    assert seen == [(True, [])]
    assert not photo.exists()


def test_a_connection_that_ended_while_it_waited_is_made_anew(laptop: Laptop, server: OpenSSH) -> None:
    photo = laptop.photo("IMG_1.jpg")
    before = logins(server)

    def waiting(seconds: float) -> None:
        deadline = time.monotonic() + 10
        while logins(server) < before + 2 and time.monotonic() < deadline:  # the second one reads back
            time.sleep(0.02)
        time.sleep(seconds)
        server.cut_sessions()

    summary = laptop.run(sleep=waiting)
    assert (summary.fault, summary.removed, photo.exists()) == (None, 1, False)


def test_a_run_that_has_nothing_to_send_does_not_log_in(laptop: Laptop, server: OpenSSH) -> None:
    before = logins(server)
    assert laptop.run().exit_code == 0
    assert laptop.run(patient=True).exit_code == 0
    assert logins(server) == before


def test_a_photo_that_waits_for_a_person_makes_no_run_log_in(laptop: Laptop, server: OpenSSH) -> None:
    laptop.photo("IMG_1.jpg", None)  # it carries no time
    laptop.run()
    assert len(laptop.tracked()) == 1
    laptop.run()
    before = logins(server)
    assert laptop.run().review == 1
    assert laptop.run(patient=True).review == 1
    assert logins(server) == before


def test_of_private_photos_nothing_reaches_the_share(laptop: Laptop, server: OpenSSH) -> None:
    photo = laptop.photo("IMG_1.jpg", PRIVATE)
    there = sorted(laptop.share.rglob("*"))
    assert laptop.run().private == 1
    assert sorted(laptop.share.rglob("*")) == there
    assert photo.exists()
    deadline = time.monotonic() + 10
    while server.sessions() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.sessions() == [], "the connection that nobody needed is closed"


def test_a_laptop_that_is_not_let_in_is_told_so_once(laptop: Laptop, server: OpenSSH) -> None:
    photo = laptop.photo("IMG_1.jpg")
    other = laptop.home / "other_key"
    make_key(other, "another laptop's")
    local = laptop.home / "visits.csv"
    laptop.configure(register={"visits": str(local)}, folders={"settle_seconds": 1}, share={"key_file": str(other)})
    summary = laptop.run()
    assert isinstance(summary.fault, LoginRefused)
    assert (summary.exit_code, summary.found, summary.sent) == (6, 1, 0)
    assert photo.exists()


def test_a_run_away_from_the_network_says_so_as_before(laptop: Laptop, server: OpenSSH) -> None:
    laptop.photo("IMG_1.jpg", AT_THE_FARM)
    server.stop()
    summary = laptop.run()
    assert isinstance(summary.fault, ShareUnreachable)
    assert (summary.exit_code, summary.waiting) == (5, 1)


def test_a_login_that_hangs_holds_no_run_up_and_leaves_nothing_behind(laptop: Laptop, server: OpenSSH) -> None:
    """Away from the school something answers at the server's address and says nothing; the photo is private."""
    photo, temporary = laptop.photo("IMG_1.jpg", PRIVATE), laptop.home / "tmp"
    temporary.mkdir()
    known = laptop.home / "known_hosts"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        known.write_text(server.known_hosts_file.read_text().replace(str(server.port), str(port)))
        laptop.configure(
            register={"visits": str(laptop.home / "visits.csv")},
            folders={"settle_seconds": 1},
            share={"port": port, "known_hosts_file": str(known)},
        )
        began = time.monotonic()
        done = laptop.command("sync", env={"TMPDIR": str(temporary)})
    assert (done.returncode, photo.exists()) == (0, True)
    assert time.monotonic() - began < 18, "shorter than a login is waited for"
    assert list(temporary.iterdir()) == []


def test_a_run_asks_the_share_for_its_clock_once(laptop: Laptop) -> None:
    """Each time is four round trips."""
    asked = []

    class Clocked(MemoryShare):
        def now(self):  # type: ignore[no-untyped-def]  # as the port has it
            asked.append(1)
            return super().now()

    disk, settings = Disk(files={"register/visits.csv": VISITS.encode()}), laptop.settings

    def connect(*, delivering: bool = False) -> MemoryShare:
        return Clocked(disk, device=settings.device.name, clock=wall_clock)

    with only_writer(settings), open_context(settings, connect=connect) as context:
        assert Run(context, settings.watch).through().exit_code == 0
    assert asked == [1]
