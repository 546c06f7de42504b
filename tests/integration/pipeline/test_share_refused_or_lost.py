"""A share that is not who it was, does not let us in, or is lost in mid-file: nothing half-done is ever believed."""

import json
import time

import pytest

from agent.errors import HostKeyRefused, LoginRefused, ShareUnreachable
from agent.record import EntryKind
from agent.share import make_key
from tests.laptop import ON_VISIT, VISITS, Heard, Laptop, minutes, sha256
from tests.servers.openssh import OpenSSH


@pytest.fixture
def server(laptop: Laptop, sshd: OpenSSH) -> OpenSSH:
    """The laptop's server, which the laptop knows from an earlier run."""
    laptop.run()
    return sshd


def refusals(laptop: Laptop) -> list[object]:
    """The reasons on record for which the share was refused."""
    return laptop.look(
        lambda context: [entry.body["reason"] for entry in context.record.entries(kinds={EntryKind.SHARE_REFUSED})]
    )


def test_a_changed_host_key_stops_everything_and_is_on_record_once(laptop: Laptop, server: OpenSSH) -> None:
    photo = laptop.photo("IMG_1.jpg")
    before = photo.read_bytes()
    server.change_host_key()

    first = laptop.command("sync", "--json")
    second = laptop.run()

    assert (first.returncode, second.exit_code) == (6, 6)
    summary = json.loads(first.stdout.splitlines()[-1])
    assert (summary["event"], summary["exit_code"], summary["sent"], summary["removed"]) == ("summary", 6, 0, 0)
    assert summary["found"] == 1, "what is here is looked at all the same, and waits"
    assert isinstance(second.fault, HostKeyRefused)
    assert photo.read_bytes() == before
    assert laptop.on_share() == {}
    assert refusals(laptop) == ["host key"]


def test_being_refused_shows_in_the_exit_code_of_status_though_nothing_waits(laptop: Laptop, server: OpenSSH) -> None:
    assert laptop.command("status").returncode == 0
    server.change_host_key()
    assert laptop.command("sync").returncode == 6
    done = laptop.command("status")
    assert done.stdout.startswith("Stop:")
    assert done.returncode == 6


def test_a_host_key_that_changed_is_noticed_when_sending_begins_too(laptop: Laptop, server: OpenSSH) -> None:
    local = laptop.home / "visits.csv"
    local.write_text(VISITS)
    laptop.configure(register={"visits": str(local)})  # so that nothing is fetched from the share before
    photo = laptop.photo("IMG_1.jpg")
    server.change_host_key()

    assert laptop.run().exit_code == 6

    assert photo.exists()
    assert refusals(laptop) == ["host key"]


@pytest.mark.parametrize("known", ["", "other.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\n", None])
def test_a_host_key_that_was_never_pinned_is_refused(laptop: Laptop, server: OpenSSH, known: str | None) -> None:
    photo = laptop.photo("IMG_1.jpg")
    if known is None:
        server.known_hosts_file.unlink()
    else:
        server.known_hosts_file.write_text(known)

    summary = laptop.run()

    assert isinstance(summary.fault, HostKeyRefused)
    assert (summary.exit_code, summary.sent, summary.removed) == (6, 0, 0)
    assert photo.exists()
    assert laptop.on_share() == {}
    assert refusals(laptop) == ["host key"]


def test_a_key_unknown_to_the_server_is_reported_and_nothing_removed(laptop: Laptop, server: OpenSSH) -> None:
    photo = laptop.photo("IMG_1.jpg")
    other = laptop.home / "other_key"
    make_key(other, "another laptop's")
    laptop.configure(share={"key_file": str(other)})

    done = laptop.command("sync")

    assert done.returncode == 6
    assert "does not accept this laptop's key" in done.stderr
    assert "photo-agent init" in done.stderr
    assert photo.exists()
    laptop.configure(share={"key_file": str(laptop.home / "no_key")})
    summary = laptop.run()
    assert isinstance(summary.fault, LoginRefused)
    assert refusals(laptop) == ["login"]


def test_two_kinds_of_refusal_on_one_day_are_both_on_record(laptop: Laptop, server: OpenSSH) -> None:
    laptop.photo("IMG_1.jpg")
    laptop.configure(share={"key_file": str(laptop.home / "no_key")})
    laptop.run()
    server.change_host_key()
    laptop.configure()
    laptop.run()

    assert refusals(laptop) == ["login", "host key"]


def test_a_connection_cut_in_mid_file_removes_nothing_and_the_next_run_completes(
    laptop: Laptop, server: OpenSSH
) -> None:
    photos = [laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n, size=6_000_000) for n in range(3)]
    originals = {sha256(photo.read_bytes()) for photo in photos}
    laptop.configure(share={"bandwidth_kib_per_s": 16 * 1024})
    cut: list[int] = []

    def cut_once(size: int) -> None:
        cut.append(size)
        if len(cut) == 20:
            server.cut_sessions()

    summary = laptop.run(Heard(advanced=cut_once))

    assert isinstance(summary.fault, ShareUnreachable)
    assert (summary.exit_code, summary.removed) == (5, 0)
    assert {sha256(photo.read_bytes()) for photo in photos} == originals
    assert [name for name in laptop.on_share() if not name.endswith(".part")] == []

    again = laptop.run()
    assert (again.exit_code, again.removed) == (0, 3)
    assert laptop.originals_on_share() == originals
    assert len(laptop.on_share()) == 3, "no temporary file is left"


def test_what_was_proven_before_the_connection_was_cut_is_on_record_and_removed(
    laptop: Laptop, server: OpenSSH
) -> None:
    small = laptop.photo("small.jpg")
    large = laptop.photo("large.jpg", size=20_000_000, seed=1)
    laptop.configure(share={"bandwidth_kib_per_s": 8 * 1024})
    sent = 0

    def cut_late(size: int) -> None:
        nonlocal sent
        sent += size
        if sent - size < 10_000_000 <= sent:
            server.cut_sessions()

    summary = laptop.run(Heard(advanced=cut_late))

    assert (summary.exit_code, summary.removed) == (5, 1)
    assert (small.exists(), large.exists()) == (False, True)


def test_only_this_devices_temporary_files_are_swept(laptop: Laptop, server: OpenSSH) -> None:
    museum = laptop.share / "visits" / "museum"
    museum.mkdir(parents=True)
    ours = museum / f".uploading-laptop_2d17-{'0' * 32}-0.part"
    others = [
        museum / f".uploading-laptop_2d18-{'0' * 32}-0.part",
        museum / f".uploading-laptop_2d17_2d2-{'0' * 32}-0.part",
        museum / ".uploading-laptop_2d17.part",
        museum / "IMG_1.jpg.part",
    ]
    for file in (ours, *others):
        file.write_bytes(b"half")
    laptop.photo("IMG_1.jpg")

    assert laptop.run().exit_code == 0

    assert not ours.exists()
    assert [file for file in others if file.read_bytes() != b"half"] == []


def test_a_share_that_cannot_be_reached_is_reported_and_nothing_is_removed(laptop: Laptop, server: OpenSSH) -> None:
    server.stop()
    photo = laptop.photo("IMG_1.jpg")
    started = time.monotonic()

    done = laptop.command("sync")

    assert done.returncode == 5
    assert time.monotonic() - started < 15
    assert done.stdout.startswith("Nothing was sent.\n1 photo not sent yet")
    assert photo.exists()
