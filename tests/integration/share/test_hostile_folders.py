"""Folders on the share that somebody planted: links and strangers' folders stop the visit they are in, and no other."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import FolderNotTrusted, ShareFault
from agent.model.ids import RemoteName
from agent.share import Delivered, Outcome, Server, Undelivered, open_share
from tests.integration.share.test_faulty_server import held
from tests.servers.fixtures import sshd  # noqa: F401
from tests.servers.openssh import AS_ROOT, OpenSSH
from tests.servers.photos import content, delivery, outgoing

DATA = content(300_000)


def server_of(real: OpenSSH) -> Server:
    return Server(real.host, real.port, real.user, real.root, real.key_file, real.known_hosts_file, "laptop-17")


def send(real: OpenSSH, folder: Path, *names: str) -> dict[str, Outcome]:
    deliveries = {name: delivery(outgoing(folder, name, DATA)) for name in names}
    with open_share(server_of(real), clock=lambda: datetime.now(UTC)) as share:
        outcomes = {outcome.transfer: outcome for outcome in share.deliver(list(deliveries.values()))}
    return {name: outcomes[one.transfer] for name, one in deliveries.items()}


def refusal(outcome: Outcome) -> str:
    assert isinstance(outcome, Undelivered), outcome
    assert isinstance(outcome.error, FolderNotTrusted), outcome.error
    return str(outcome.error)


@pytest.mark.parametrize("target", ["../record/A/trap", "/tmp", "other"])
def test_a_visits_folder_that_is_a_link_stops_that_visit_alone(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    target: str,
) -> None:
    disk = sshd.disk
    (disk / "record/A/trap").mkdir(parents=True)
    (disk / "visits/other").mkdir(parents=True)
    (disk / "visits/v1").symlink_to(target)
    before = held(disk)

    outcomes = send(sshd, tmp_path, "visits/v1/a.jpg", "visits/v2/b.jpg", "visits/v1/c.jpg")

    assert "visits/v1" in refusal(outcomes["visits/v1/a.jpg"])
    assert "link" in refusal(outcomes["visits/v1/c.jpg"])
    assert isinstance(outcomes["visits/v2/b.jpg"], Delivered)
    assert held(disk) == before | {"visits/v2/b.jpg": DATA}, "nothing is left behind the link"


def test_what_lies_behind_a_link_already_is_no_proof(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    trap = sshd.disk / "record/A/trap"
    trap.mkdir(parents=True)
    (trap / "a.jpg").write_bytes(DATA)
    (sshd.disk / "visits").mkdir()
    (sshd.disk / "visits/v1").symlink_to(trap)

    refusal(send(sshd, tmp_path, "visits/v1/a.jpg")["visits/v1/a.jpg"])


def test_the_folder_of_all_visits_must_not_be_a_link_either(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    (sshd.disk / "elsewhere").mkdir()
    (sshd.disk / "visits").symlink_to("elsewhere")

    assert "“visits”" in refusal(send(sshd, tmp_path, "visits/v1/a.jpg")["visits/v1/a.jpg"])
    assert held(sshd.disk) == {}


def test_a_file_where_a_folder_is_needed_is_reported_as_such(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    (sshd.disk / "visits").mkdir()
    (sshd.disk / "visits/v1").write_bytes(b"")

    outcome = send(sshd, tmp_path, "visits/v1/a.jpg")["visits/v1/a.jpg"]
    assert isinstance(outcome, Undelivered)
    assert isinstance(outcome.error, ShareFault)


def test_a_final_name_that_is_a_link_to_the_same_bytes_is_no_proof(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    visit = sshd.disk / "visits/v1"
    visit.mkdir(parents=True)
    (sshd.disk / "theirs.jpg").write_bytes(DATA)
    (visit / "a.jpg").symlink_to("../../theirs.jpg")

    outcome = send(sshd, tmp_path, "visits/v1/a.jpg")["visits/v1/a.jpg"]
    assert isinstance(outcome, Delivered)
    assert outcome.proofs[0].name == "visits/v1/a-2.jpg"


@pytest.mark.skipif(not AS_ROOT, reason="only root can give a folder to somebody else")
class TestOwners:
    """The view of a device without privileges, whose account is `nobody`."""

    @pytest.fixture
    def device(self) -> Iterator[OpenSSH]:
        with OpenSSH(unprivileged=True) as server:
            (server.disk / "visits").mkdir()
            (server.disk / "visits").chmod(0o1777)
            os.chown(server.disk, 0, 0)
            yield server

    def test_a_strangers_folder_is_not_written_into(self, device: OpenSSH, tmp_path: Path) -> None:
        for name, owner in (("theirs", 1234), ("roots", 0)):
            (device.disk / "visits" / name).mkdir()
            (device.disk / "visits" / name).chmod(0o1777)
            os.chown(device.disk / "visits" / name, owner, owner)

        outcomes = send(device, tmp_path, "visits/theirs/a.jpg", "visits/roots/b.jpg", "visits/own/c.jpg")

        assert "1234" in refusal(outcomes["visits/theirs/a.jpg"])
        assert isinstance(outcomes["visits/roots/b.jpg"], Delivered)
        assert isinstance(outcomes["visits/own/c.jpg"], Delivered)
        assert set(held(device.disk)) == {"visits/roots/b.jpg", "visits/own/c.jpg"}
        # Another time, its own folder is known by whose a new file in it is.
        again = send(device, tmp_path / "again", "visits/own/d.jpg")
        assert isinstance(again["visits/own/d.jpg"], Delivered)
        once_more = send(device, tmp_path / "again", "visits/own/d.jpg")
        assert isinstance(once_more["visits/own/d.jpg"], Delivered), "where nothing is to be sent, too"

    def test_a_photo_that_is_there_already_in_a_strangers_folder_is_no_proof(
        self, device: OpenSSH, tmp_path: Path
    ) -> None:
        theirs = device.disk / "visits" / "theirs"
        theirs.mkdir()
        (theirs / "a.jpg").write_bytes(DATA)
        theirs.chmod(0o1777)
        os.chown(theirs, 1234, 1234)

        refusal(send(device, tmp_path, "visits/theirs/a.jpg")["visits/theirs/a.jpg"])


def test_a_register_is_not_read_through_a_link(sshd: OpenSSH) -> None:  # noqa: F811
    (sshd.disk / "theirs").mkdir()
    (sshd.disk / "theirs/visits.csv").write_text("id,title,starts,ends\n")
    (sshd.disk / "register").symlink_to("theirs")
    with open_share(server_of(sshd), clock=lambda: datetime.now(UTC)) as share:
        with pytest.raises(FolderNotTrusted):
            share.read(RemoteName("register/visits.csv"), 1000)
        with pytest.raises(FolderNotTrusted):
            share.names("register")
