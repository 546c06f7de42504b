"""A server that goes wrong, in every step of a transfer and in every way: never is something called proven that is not.

Whenever `Delivered` is reported, the disk holds the right bytes under the final name; and whatever was reported, a
repetition against the server put right ends well, with nothing overwritten and nothing left lying about.
"""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import AgentError, NotProven, ShareFault, ShareFull, ShareUnreachable
from agent.model.delivery import Delivery, Splice
from agent.model.ids import RemoteName
from agent.share import Delivered, Outcome, Server, Share, Transport, Undelivered, open_share
from tests.servers.openssh import SUBSYSTEM, OpenSSH, why_not
from tests.servers.photos import content, delivery, outgoing, spliced

FAULTY = Path(__file__).parents[2] / "servers" / "faulty.py"
STEPS = ("open", "write", "fsync", "close", "read", "lstat", "stat", "mkdir", "link", "rename", "remove")
HOWS = ("refuse", "refuse-done", "full", "confirm", "pretend", "drop", "corrupt", "truncate", "extend", "delay")
RENAMED = ("hardlink@openssh.com",)  # hidden, so that photos get their names by renaming
SPLICE = Splice(2, 0, b"tag" * 100)
STRANGE = b"a stranger's file. "  # as the proxy writes it
STILL, FILM = content(40_000), content(600_000)  # one write, and three


class FaultyServer:
    """OpenSSH with the proxy behind its sftp subsystem."""

    def __init__(self, folder: Path) -> None:
        self.plan_file, self.log = folder / "plan.json", folder / "steps.log"
        self.plan()
        self.sshd = OpenSSH(subsystem=f"{sys.executable} -I -S {FAULTY} {self.plan_file}")

    def plan(
        self,
        step: str = "",
        n: int = 1,
        how: str = "",
        *,
        hide: tuple[str, ...] = (),
        log: bool = False,
        about: str = "",
        trap: Path | None = None,
    ) -> None:
        self.log.unlink(missing_ok=True)
        plan = {"step": step, "n": n, "how": how, "hide": hide, "log": str(self.log) if log else None}
        plan |= {"about": about, "trap": None if trap is None else str(trap)}
        draft = self.plan_file.with_suffix(".new")
        draft.write_text(json.dumps(plan))
        draft.replace(self.plan_file)

    def server(self, connections: int = 1, timeout: float = 10.0, transport: Transport = Transport.AUTO) -> Server:
        real = self.sshd
        return Server(
            real.host,
            real.port,
            real.user,
            real.root,
            real.key_file,
            real.known_hosts_file,
            "laptop-17",
            connections,
            timeout=timeout,
            transport=transport,
        )


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyServer]:
    if reason := why_not():
        pytest.skip(reason)
    if not SUBSYSTEM.is_file():
        pytest.skip(f"OpenSSH's sftp-server is not at {SUBSYSTEM} here")
    server = FaultyServer(tmp_path_factory.mktemp("faulty"))
    with server.sshd:
        yield server


def live_photo(folder: Path, visit: str = "museum") -> Delivery:
    return delivery(
        outgoing(folder, f"visits/{visit}/photo.jpg", STILL, SPLICE),
        outgoing(folder, f"visits/{visit}/photo.mov", FILM),
    )


class Client:
    """A connection, or two, made again whenever it was lost."""

    def __init__(
        self,
        faulty: "FaultyServer",
        connections: int = 1,
        timeout: float = 10.0,
        transport: Transport = Transport.AUTO,
    ) -> None:
        self.sshd = faulty.sshd
        self.server = faulty.server(connections, timeout, transport)
        self.share: Share | None = None

    def open(self) -> Share:
        apart = self.server.connections > 1
        return open_share(self.server, clock=lambda: datetime.now(UTC), delivering=apart)

    def send(self, photo: Delivery) -> Outcome | AgentError:
        try:
            self.share = self.share or self.open()
            return list(self.share.deliver([photo]))[-1]
        except (ShareUnreachable, ShareFault) as error:
            self.close()
            return error

    def sweep(self) -> None:
        assert self.share is not None
        self.share.sweep()

    def close(self) -> None:
        if self.share is not None:
            self.share.close()
        self.share = None


def held(disk: Path) -> dict[str, bytes]:
    return {path.relative_to(disk).as_posix(): path.read_bytes() for path in disk.rglob("*") if path.is_file()}


def occurrences(faulty: FaultyServer, client: Client, folder: Path, hide: tuple[str, ...]) -> dict[str, int]:
    assert isinstance(client.send(live_photo(folder, "first")), Delivered)  # makes `visits`, opens connections
    faulty.plan(log=True, hide=hide)
    assert isinstance(client.send(live_photo(folder, "second")), Delivered)
    steps = faulty.log.read_text().split()
    return {step: steps.count(step) for step in STEPS}


def check_one_case(
    faulty: FaultyServer, client: Client, photo: Delivery, case: tuple[str, int, str], hide: tuple[str, ...]
) -> None:
    right = {photo.files[0].name: spliced(STILL, SPLICE), photo.files[1].name: FILM}
    folder = photo.files[0].name.rpartition("/")[0]
    disk, where = faulty.sshd.disk / folder, f"{case}"
    before = held(disk)
    faulty.plan(*case, hide=hide)
    outcome = client.send(photo)
    now = held(disk)
    if case[2] == "pretend":  # what the server put there is a stranger's, and there to stay
        before |= {name: data for name, data in now.items() if data.startswith(STRANGE)}
    finals = {name: data for name, data in now.items() if ".uploading-" not in name and name not in before}
    if isinstance(outcome, Delivered):
        for proof, one in zip(outcome.proofs, photo.files, strict=True):
            assert now.get(proof.name.removeprefix(f"{folder}/")) == right[one.name], where
    elif isinstance(outcome, Undelivered):
        assert isinstance(outcome.error, ShareFault), where
    else:
        assert isinstance(outcome, (ShareUnreachable, ShareFault)), where
    assert all(data in right.values() for data in finals.values()), f"{where}: damage shows under a final name"

    faulty.plan(hide=hide)
    again = client.send(photo)
    if case[0::2] == ("close", "drop") and isinstance(outcome, Delivered) and isinstance(again, ShareUnreachable):
        again = client.send(photo)  # nobody waits for the last CLOSE: that it cost the connection shows only later
    assert isinstance(again, Delivered), (where, again)
    client.sweep()
    now = held(disk)
    for proof, one in zip(again.proofs, photo.files, strict=True):
        assert now[proof.name.removeprefix(f"{folder}/")] == right[one.name], where
    assert before.items() <= now.items(), f"{where}: something was overwritten"
    assert finals.items() <= now.items(), f"{where}: something was overwritten"
    assert not [name for name in now if ".uploading-" in name], f"{where}: something was left behind"


@pytest.mark.parametrize(
    ("transport", "connections", "hide"),
    [
        pytest.param(Transport.OPENSSH, 2, (), id="openssh-two-connections-by-link"),
        pytest.param(Transport.PARAMIKO, 1, RENAMED, id="paramiko-one-connection-by-rename", marks=pytest.mark.slow),
        pytest.param(Transport.PARAMIKO, 2, (), id="paramiko-two-connections-by-link", marks=pytest.mark.slow),
        pytest.param(Transport.OPENSSH, 1, RENAMED, id="openssh-one-connection-by-rename", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("how", HOWS)
def test_whatever_goes_wrong_nothing_is_called_proven_that_is_not(
    faulty: FaultyServer,
    tmp_path: Path,
    how: str,
    hide: tuple[str, ...],
    connections: int,
    transport: Transport,
) -> None:
    faulty.sshd.fresh_root()
    faulty.plan(hide=hide)
    client = Client(faulty, connections, transport=transport)
    tried = 0
    for step, count in occurrences(faulty, client, tmp_path / "in", hide).items():
        if how in {"corrupt", "truncate", "extend"} and step not in {"read", "write"}:
            continue
        if how == "pretend" and step not in {"link", "rename"}:
            continue
        for n in range(1, count + 1):
            photo = live_photo(tmp_path / step, f"{step}-{n}")
            check_one_case(faulty, client, photo, (step, n, how), hide)
            tried += 1
    client.close()
    assert tried >= (2 if how == "pretend" else 4)


def test_a_name_taken_by_somebody_else_at_the_last_moment_is_not_overwritten(
    faulty: FaultyServer, tmp_path: Path
) -> None:
    """The look at the final name is answered wrongly, so only the exclusive rename stands between us and their file."""
    for hide in ((), ("hardlink@openssh.com",)):
        disk = faulty.sshd.fresh_root()
        theirs = disk / "visits" / "museum" / "photo.jpg"
        theirs.parent.mkdir(parents=True)
        theirs.write_bytes(b"their photo")
        faulty.plan("lstat", 1, "refuse-missing", hide=hide, about="photo.jpg")
        photo = delivery(outgoing(tmp_path / "in", "visits/museum/photo.jpg", STILL))
        client = Client(faulty)
        outcome = client.send(photo)
        client.close()
        assert isinstance(outcome, Delivered)
        assert outcome.proofs[0].name == "visits/museum/photo-2.jpg"
        assert held(disk / "visits" / "museum") == {"photo.jpg": b"their photo", "photo-2.jpg": STILL}


def test_a_server_without_fsync_proves_but_does_not_call_it_synced(faulty: FaultyServer, tmp_path: Path) -> None:
    faulty.sshd.fresh_root()
    faulty.plan(hide=("fsync@openssh.com", "limits@openssh.com", "statvfs@openssh.com", "hardlink@openssh.com"))
    photo = live_photo(tmp_path / "in")
    with open_share(faulty.server(), clock=lambda: datetime.now(UTC)) as share:
        for _ in range(2):
            outcome = list(share.deliver([photo]))[-1]
            assert isinstance(outcome, Delivered)
            assert [proof.synced for proof in outcome.proofs] == [False, False]
        abilities = share.abilities()
        assert (abilities.fsync, abilities.statvfs, abilities.limits) == (False, False, False)
        assert share.space().free is None
        share.try_out()


def test_a_photo_whose_folder_the_disk_failed_to_take_does_not_count_as_synced(
    faulty: FaultyServer, tmp_path: Path
) -> None:
    """Nor does the next one of that folder, whatever the server says then; on a new connection it does."""
    faulty.sshd.fresh_root()
    faulty.plan("fsync", 2, "refuse")  # after the file itself
    photos = [delivery(outgoing(tmp_path / "in", f"visits/museum/{n}.jpg", content(40_000, n))) for n in range(3)]
    with open_share(faulty.server(), clock=lambda: datetime.now(UTC)) as share:
        outcomes = [list(share.deliver([one]))[-1] for one in photos[:2]]
        failed = set(share.disk_failed)
    faulty.plan()
    with open_share(faulty.server(), clock=lambda: datetime.now(UTC)) as share:
        share.disk_failed |= failed
        outcomes += [list(share.deliver([one]))[-1] for one in (photos[0], photos[2])]
    proofs = [one.proofs[0] for one in outcomes if isinstance(one, Delivered)]
    assert [(proof.name[-7:], proof.synced) for proof in proofs] == [
        ("m/0.jpg", False),
        ("m/1.jpg", False),
        ("0-2.jpg", True),
        ("m/2.jpg", True),
    ]


def test_a_file_system_that_syncs_no_folders_has_no_failed_disk(faulty: FaultyServer, tmp_path: Path) -> None:
    """As before, each file is synced once more when it has its name."""
    faulty.sshd.fresh_root()
    faulty.plan("fsync", 0, "refuse-folders")
    one = delivery(outgoing(tmp_path / "in", "visits/museum/1.jpg", content(40_000, 1)))
    with open_share(faulty.server(), clock=lambda: datetime.now(UTC)) as share:
        outcome = list(share.deliver([one]))[-1]
        assert isinstance(outcome, Delivered)
        assert (share.disk_failed, outcome.proofs[0].synced) == (set(), True)


def test_a_full_share_is_reported_as_such(faulty: FaultyServer, tmp_path: Path) -> None:
    faulty.sshd.fresh_root()
    faulty.plan("write", 2, "full")
    client = Client(faulty)
    outcome = client.send(live_photo(tmp_path / "in"))
    client.close()
    assert isinstance(outcome, Undelivered)
    assert isinstance(outcome.error, ShareFull)
    assert held(faulty.sshd.disk) == {}


def test_a_server_that_falls_silent_is_given_up_in_time(faulty: FaultyServer, tmp_path: Path) -> None:
    faulty.sshd.fresh_root()
    faulty.plan("write", 2, "stall")
    client = Client(faulty, timeout=1.0)
    started = time.monotonic()
    assert isinstance(client.send(live_photo(tmp_path / "in")), ShareUnreachable)
    assert time.monotonic() - started < 6  # sshd itself lives, so it is given three times the timeout


def test_a_folder_taken_away_in_between_is_made_again(faulty: FaultyServer, tmp_path: Path) -> None:
    disk = faulty.sshd.fresh_root()
    faulty.plan()
    client = Client(faulty)
    assert isinstance(client.send(live_photo(tmp_path / "in")), Delivered)
    shutil.rmtree(disk / "visits")
    assert isinstance(client.send(live_photo(tmp_path / "in")), (Undelivered, Delivered))
    assert isinstance(client.send(live_photo(tmp_path / "in")), Delivered)
    client.close()
    assert set(held(disk)) == {"visits/museum/photo.jpg", "visits/museum/photo.mov"}


def test_a_link_that_is_only_said_to_be_made_is_not_believed(faulty: FaultyServer, tmp_path: Path) -> None:
    """A stranger's file of equal size has the name; every other look at it would say that all is well."""
    for step, hide in (("link", ()), ("rename", ("hardlink@openssh.com",))):
        for data in (STILL, FILM):
            disk = faulty.sshd.fresh_root()
            faulty.plan(step, 1, "pretend", hide=hide, about="photo.jpg")
            client = Client(faulty)
            photo = delivery(outgoing(tmp_path / "in", "visits/museum/photo.jpg", data))
            first = client.send(photo)
            assert isinstance(first, Undelivered), step
            assert isinstance(first.error, NotProven)
            faulty.plan(hide=hide)
            again = client.send(photo)
            client.close()
            assert isinstance(again, Delivered)
            assert again.proofs[0].name == "visits/museum/photo-2.jpg"
            now = held(disk / "visits" / "museum")
            assert now["photo-2.jpg"] == data
            assert now["photo.jpg"].startswith(STRANGE)


@pytest.mark.parametrize("step", ["open", "write", "fsync", "link", "lstat"])
def test_a_folder_swapped_for_a_link_while_a_photo_is_sent_is_not_believed(
    faulty: FaultyServer, tmp_path: Path, step: str
) -> None:
    """At any moment: the photo lands in the trap, or is refused, and is never called proven."""
    disk = faulty.sshd.fresh_root()
    trap = disk / "record" / "trap"
    trap.mkdir(parents=True)
    faulty.plan()
    client = Client(faulty)
    assert isinstance(client.send(delivery(outgoing(tmp_path / "in", "visits/museum/first.jpg", FILM))), Delivered)
    for n in (1, 2):
        about = "photo.jpg" if step in {"link", "lstat"} else "uploading"
        faulty.plan(step, n, "swap", about=about, trap=trap)
        outcome = client.send(delivery(outgoing(tmp_path / "in", "visits/museum/photo.jpg", STILL)))
        swapped = (disk / "visits" / "museum").is_symlink()
        assert swapped or n > 1, "each step is taken at least once"
        if swapped:
            assert isinstance(outcome, Undelivered), (step, n, outcome)
            assert isinstance(outcome.error, ShareFault)
            (disk / "visits" / "museum").unlink()
            (disk / "visits" / "museum.aside").rename(disk / "visits" / "museum")
        faulty.plan()
        again = client.send(delivery(outgoing(tmp_path / "in", "visits/museum/photo.jpg", STILL)))
        assert isinstance(again, Delivered)
        (disk / again.proofs[0].name).unlink()
    client.close()


@pytest.mark.parametrize("how", ["endless", "repeat", "empty"])
def test_a_folder_that_never_ends_is_given_up(faulty: FaultyServer, tmp_path: Path, how: str) -> None:
    faulty.sshd.fresh_root()
    (faulty.sshd.disk / "record").mkdir()
    faulty.plan("readdir", 1, how)
    started = time.monotonic()
    with open_share(faulty.server(), clock=lambda: datetime.now(UTC)) as share, pytest.raises(ShareFault):
        share.names("record")
    assert time.monotonic() - started < 30


def test_a_small_file_is_read_by_one_request(faulty: FaultyServer) -> None:
    """On a slow line each further one, for the file's end say, is a round trip of every sync."""
    disk = faulty.sshd.fresh_root()
    (disk / "register").mkdir()
    (disk / "register" / "visits.csv").write_bytes(b"id,title\n")
    faulty.plan(log=True)
    with Client(faulty).open() as share:
        assert share.read(RemoteName("register/visits.csv"), 1000) == b"id,title\n"
    assert faulty.log.read_text().split().count("read") == 1


@pytest.mark.parametrize("photo", [STILL, FILM], ids=["read in full", "by samples"])
def test_a_proof_does_not_wait_for_a_checked_file_to_be_closed(
    faulty: FaultyServer, tmp_path: Path, photo: bytes
) -> None:
    """That reply proves nothing, and is a round trip at the end of every sync."""
    faulty.sshd.fresh_root()
    faulty.plan("close", 3, "stall")  # the file that was written, the one that is read back, the one under its name
    client = Client(faulty, timeout=3.0)
    outcome = client.send(delivery(outgoing(tmp_path, "visits/museum/photo.jpg", photo)))
    client.close()
    assert isinstance(outcome, Delivered)
    assert held(faulty.sshd.disk) == {"visits/museum/photo.jpg": photo}
