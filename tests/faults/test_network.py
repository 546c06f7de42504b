"""The way to the share, and the share itself, fail at any packet of a run: nothing is lost, the next run continues."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.faults import profile
from tests.faults.invariants import hold, hold_after_a_quiet_run
from tests.faults.serverside import until_the_server_has_done
from tests.faults.starting import Plan, Starter
from tests.faults.wire import Bad, Wire
from tests.faults.world import World, laptop_for, mixed
from tests.servers.openssh import AS_ROOT, OpenSSH

pytestmark = pytest.mark.slow

PARTS = profile.either(4, 16)
QUICK = 1
"""Packets that each kind of bad wire is tried at, in each part."""
TIMEOUT = 1.5
"""Seconds for which a run waits for an answer; the program's own is longer, and nothing else about it is different."""
DAY = 24 * 3600


@dataclass(slots=True)
class Line:
    """A laptop, a server, and the wire between them."""

    starter: Starter
    sshd: OpenSSH
    wire: Wire
    world: World
    transport: str
    roots: tuple[Path, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.roots = (self.world.imports, self.world.card)

    def sync(self, plan: Plan | None = None) -> int:
        """A run; that it ends, and how, was foreseen."""
        ended = self.starter.run(self.world.home, "sync", "--json", *self.roots, plan=plan, timeout=TIMEOUT)
        self.wire.hang_up()
        until_the_server_has_done(self.sshd)
        assert ended.foreseen, ended.said
        return ended.code

    def comes_through(self) -> None:
        """The next runs, which nothing disturbs."""
        self.wire.mend()
        hold(self.world)
        for _ in range(3):
            if (code := self.sync()) in {0, 4}:
                break
        hold_after_a_quiet_run(self.world, code)


BOTH = pytest.mark.parametrize("transport", ["openssh", "paramiko"])


@pytest.fixture
def transport() -> str:
    """The usual world for a test that does not ask for each part."""
    return "auto"


@pytest.fixture
def lay(starter: Starter, sshd: OpenSSH, homes: Iterator[Path], transport: str) -> Iterator[Callable[[], Line]]:
    """A new laptop and an empty share on the same wire."""
    with Wire(sshd.port) as wire:

        def make() -> Line:
            wire.mend()
            sshd.fresh_root()
            world = mixed(next(homes), sshd)
            led_over(world, sshd, wire, transport)
            return Line(starter, sshd, wire, world, transport)

        yield make


def led_over(world: World, sshd: OpenSSH, wire: Wire, transport: str) -> None:
    """The laptop's settings lead over the wire, and the host key is pinned for its port."""
    laptop_for(world.home, sshd, share={"port": wire.port, "transport": transport})
    known = world.keys / sshd.known_hosts_file.name
    known.write_text(sshd.known_hosts_file.read_text().replace(f":{sshd.port} ", f":{wire.port} "))


def packets_of_a_run(line: Line) -> int:
    """How many packets a run has that nothing disturbs."""
    line.wire.go_bad(0, Bad.NOTHING)
    code = line.sync()
    packets = line.wire.packets
    hold_after_a_quiet_run(line.world, code)
    return packets


@pytest.mark.timeout(0 if profile.LONG else 600)
@BOTH
@pytest.mark.parametrize("part", range(PARTS))
def test_a_wire_that_goes_bad_at_any_packet_loses_nothing(lay: Callable[[], Line], part: int) -> None:
    packets = packets_of_a_run(lay())
    assert packets > 100
    broken = []
    for how in (Bad.CUT, Bad.RESET, Bad.SHORT, Bad.STALLED):
        moments = range(1 + part, packets + 5, PARTS)
        for at in profile.sample(moments, QUICK, salt=f"{how} {part}"):
            line = lay()
            line.wire.go_bad(at, how)
            try:
                line.sync()
                line.comes_through()
            except AssertionError as fault:
                broken.append(f"{how} at packet {at}: {fault}")
    assert not broken, "\n".join(broken)


Trouble = tuple[Callable[[Line], None], Callable[[Line], None]]
"""What happens to the server, and how somebody repairs it."""


def _its_folder_goes(line: Line) -> None:
    folder = line.world.share / "visits"
    if folder.exists():
        folder.rename(line.world.share / "visits, moved")


def _its_folder_comes_back(line: Line) -> None:
    moved, folder = line.world.share / "visits, moved", line.world.share / "visits"
    for path in [path for path in moved.rglob("*") if path.is_file()]:
        there = folder / path.relative_to(moved)
        there.parent.mkdir(parents=True, exist_ok=True)
        if not there.exists():
            path.rename(there)
    shutil.rmtree(moved, ignore_errors=True)


def _login_is_revoked(line: Line) -> None:
    (line.sshd.base / "authorized_keys").write_text("")
    line.sshd.cut_sessions()


def _login_is_given_back(line: Line) -> None:
    (line.sshd.base / "authorized_keys").write_bytes(line.sshd.key_file.with_suffix(".pub").read_bytes())


def _key_changes(line: Line) -> None:
    line.sshd.change_host_key()


def _key_is_pinned(line: Line) -> None:
    line.sshd.pin_host_key()
    led_over(line.world, line.sshd, line.wire, line.transport)


TROUBLES: dict[str, Trouble] = {
    "the server is killed": (lambda line: line.sshd.stop(), lambda line: line.sshd.restart()),
    "its folder is moved away": (_its_folder_goes, _its_folder_comes_back),
    "its key changes": (_key_changes, _key_is_pinned),
    "the login is revoked": (_login_is_revoked, _login_is_given_back),
}


@pytest.mark.timeout(0 if profile.LONG else 600)
@BOTH
@pytest.mark.parametrize("name", TROUBLES)
def test_a_server_in_trouble_at_any_packet_loses_nothing(lay: Callable[[], Line], name: str) -> None:
    happens, put_right = TROUBLES[name]
    packets = packets_of_a_run(lay())
    broken = []
    for at in profile.sample(range(1, packets), 1, salt=name):
        line = lay()
        line.wire.go_bad(at, Bad.NOTHING, partial(happens, line))
        try:
            line.sync()
            put_right(line)
            line.comes_through()
        except AssertionError as fault:
            broken.append(f"{name} at packet {at}: {fault}")
        finally:
            put_right(line)
    assert not broken, "\n".join(broken)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if not AS_ROOT:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False)
    if made.returncode:
        pytest.skip("this machine mounts no tmpfs for tests")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.timeout(0 if profile.LONG else 600)
@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_a_share_that_is_full_or_read_only_at_any_packet_loses_nothing(
    lay: Callable[[], Line], small_disk: Path, trouble: str
) -> None:
    packets = packets_of_a_run(lay())
    filler = small_disk / "filler"

    def happens() -> None:
        if trouble == "full":
            with filler.open("ab", buffering=0) as file:
                try:
                    while file.write(bytes(4096)):
                        pass
                except OSError:
                    return
        # A process that writes at that moment would cause "busy"; the kernel tries until no process writes.
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=False, capture_output=True)

    broken = []
    for number, at in enumerate(profile.sample(range(1, packets), 1, salt=trouble)):
        line = lay()
        share = small_disk / f"share-{number}"
        shutil.move(line.world.share, share)
        line.world.share.symlink_to(share)
        line.world.share = share
        line.wire.go_bad(at, Bad.NOTHING, happens)
        try:
            line.sync()
            subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
            filler.unlink(missing_ok=True)
            line.comes_through()
        except AssertionError as fault:
            broken.append(f"{trouble} at packet {at}: {fault}")
        finally:
            subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
            filler.unlink(missing_ok=True)
            shutil.rmtree(share)
    assert not broken, "\n".join(broken)


@pytest.mark.timeout(0 if profile.LONG else 600)
@pytest.mark.parametrize("ahead", [-400 * DAY, -DAY, DAY, 400 * DAY], ids=lambda ahead: f"{ahead // DAY} days")
def test_a_laptop_whose_clock_was_wrong_loses_nothing_and_goes_on(lay: Callable[[], Line], ahead: int) -> None:
    packets = packets_of_a_run(lay())
    broken = []
    for at in profile.sample(range(1, packets), 1, salt=f"{ahead}"):
        line = lay()
        line.wire.go_bad(at, Bad.CUT)
        try:
            line.sync(Plan(clock_ahead=ahead))
            line.comes_through()
        except AssertionError as fault:
            broken.append(f"cut at packet {at}: {fault}")
    assert not broken, "\n".join(broken)
