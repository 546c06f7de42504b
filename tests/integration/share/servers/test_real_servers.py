"""Real servers that are not OpenSSH's, and OpenSSH's own: the whole of `sync`, small photos and large ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.pipeline.events import Happened
from tests.laptop import Heard, Laptop, sha256
from tests.servers.fixtures import chrooted_sshd, sshd  # noqa: F401
from tests.servers.openssh import OpenSSH
from tests.servers.others import AsyncSSH, Dropbear, OtherServer, ProFTPD

KINDS = {"ProFTPD": ProFTPD, "asyncssh": AsyncSSH, "Dropbear": Dropbear}


@pytest.fixture(params=["OpenSSH", "OpenSSH chrooted", *KINDS])
def server(request: pytest.FixtureRequest) -> Iterator[OtherServer | OpenSSH]:
    """One of them, running."""
    if request.param.startswith("OpenSSH"):
        yield request.getfixturevalue("chrooted_sshd" if "chrooted" in request.param else "sshd")
        return
    kind = KINDS[request.param]
    if reason := kind.why_not():
        pytest.skip(reason)
    with kind() as other:
        yield other


def whole(laptop: Laptop) -> list[str]:
    """Photos on the share, without the sidecars of large ones."""
    return [name for name in laptop.on_share() if not name.endswith(".xmp")]


@pytest.mark.usefixtures("either_laptop")
def test_every_photo_is_sent_proven_and_removed_and_none_twice(server: OtherServer | OpenSSH, tmp_path: Path) -> None:
    laptop = Laptop(tmp_path / "laptop", server)
    sizes = (0, 100_000, 900_000, 1_100_000, 5_000_000, 20_000_000)
    photos = [laptop.photo(f"{n}.jpg", size=size, seed=n) for n, size in enumerate(sizes)]
    contents = {sha256(photo.read_bytes()) for photo in photos}
    heard = Heard()

    first = laptop.run(heard)

    said = [event.details for event in heard.events if event.what is Happened.FAILED]
    assert (first.proven, first.removed, first.failed) == (6, 6, 0), said
    assert laptop.originals_on_share() == contents
    assert len(whole(laptop)) == 6
    assert not any(photo.exists() for photo in photos)

    more = [laptop.photo(f"more-{n}.jpg", size=3_000_000, seed=50 + n) for n in range(3)]
    second = laptop.run()

    assert (second.proven, second.removed, second.failed) == (3, 3, 0)
    assert len(whole(laptop)) == 9
    assert not any(photo.exists() for photo in more)


def test_doctor_finds_nothing_wrong_and_reports_what_the_server_can_do(
    server: OtherServer | OpenSSH, tmp_path: Path
) -> None:
    laptop = Laptop(tmp_path / "laptop", server)
    report = tmp_path / "server.txt"

    done = laptop.command("doctor", "--server-report", str(report))

    lines = [line for line in done.stdout.splitlines() if "  share" in line]
    assert lines
    assert not [line for line in lines if line.startswith("fail")], done.stdout
    text = report.read_text("utf-8")
    assert "confirms that a file is on its disk: yes" in text
    assert "SFTP" in text


def test_proftpd_is_read_only_after_a_file_is_closed(tmp_path: Path) -> None:
    """It fixes a handle's size when it is opened: what was written later is not given back."""
    if reason := ProFTPD.why_not():
        pytest.skip(reason)
    with ProFTPD() as server:
        laptop = Laptop(tmp_path / "laptop", server)
        report = tmp_path / "server.txt"
        laptop.command("doctor", "--server-report", str(report))
        assert "returns written bytes while the file is still open: no" in report.read_text("utf-8")
