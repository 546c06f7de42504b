"""A machine that is thrown away: this one's files, with systemd, users and log-ins of its own (throwaway.sh).

Whatever is installed there is written to memory, and is gone when the machine is ended.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".sh")
SHOWN = "/srv/shown"
"""Where the machine sees the folder that it is given."""
SECONDS_TO_START = 30
FORBIDDEN = "-sys_time,-sys_module,-sys_rawio,-syslog"
"""What its root may not do, because the kernel and the clock are this machine's: setpriv(1)'s words."""
NEEDED = ("unshare", "nsenter", "setpriv", "pivot_root", "ip", "loginctl")


class NotStarted(Exception):
    """Such a machine cannot be started here. The message says why."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A running one; `first` is its first process, as this machine counts."""

    first: int

    def run(self, *line: str | Path, user: str = "root", seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """A command on that machine, by its root or with the home folder and the rights of another user."""
        there = ["nsenter", f"--target={self.first}", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"]
        there += [f"--root=/proc/{self.first}/root", f"--wd=/proc/{self.first}/root"]
        there += ["setpriv", f"--bounding-set={FORBIDDEN}"]
        home = "/root" if user == "root" else f"/home/{user}"
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        there += ["env", "-i", f"HOME={home}", f"PATH={path}", "LANG=C.UTF-8"]
        if user != "root":
            there += ["setpriv", "--reuid", user, "--regid", user, "--init-groups"]
        return subprocess.run(
            [*there, *map(str, line)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
        )

    def done(self, *line: str | Path, user: str = "root") -> str:
        """The output of a command that must succeed."""
        done = self.run(*line, user=user)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    def log_in(self, user: str) -> str:
        """Start this user's session, as a log-in does; its runtime folder."""
        number = self.done("id", "-u", user).strip()
        self.done("loginctl", "enable-linger", user)
        deadline = time.monotonic() + SECONDS_TO_START
        while self.run("systemctl", "is-active", f"user@{number}.service").stdout.strip() != "active":
            assert time.monotonic() < deadline, self.run("systemctl", "status", f"user@{number}.service").stdout
            time.sleep(0.1)
        return f"/run/user/{number}"


@contextmanager
def machine(base: Path, shown: Path) -> Iterator[Machine]:
    """A started machine. `base` is an empty folder; the machine sees the folder `shown` as `SHOWN`.

    Raises NotStarted without root, systemd, namespaces, overlays, or a cgroup that may be divided.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NotStarted("only root on Linux can start a machine inside this one")
    tools = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    for tool in (*NEEDED, "/lib/systemd/systemd", "/usr/bin/dbus-daemon"):
        if shutil.which(tool, path=tools) is None:
            raise NotStarted(f"there is no {tool} here (Debian: systemd, libpam-systemd, dbus-user-session, iproute2)")
    group = _own_cgroup()
    log = base.with_suffix(".log")
    try:
        with log.open("wb") as said:
            outer = subprocess.Popen(
                ["sh", SCRIPT, group, base, shown, FORBIDDEN], stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        try:
            yield _started(outer, log)
        finally:
            # All processes of the machine end with its first one, which `unshare` takes along.
            outer.send_signal(signal.SIGKILL)
            outer.wait(30)
    finally:
        _remove(group)


def _own_cgroup() -> Path:
    """A control group for the machine, so that its systemd sees and changes only that part of the tree."""
    for top in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")):
        if (top / "cgroup.procs").exists() and (top / "cgroup.controllers").exists():
            group = top / f"photo-agent-test-{os.getpid()}"
            try:
                group.mkdir()
            except OSError as fault:
                raise NotStarted(f"no control group can be made here: {fault.strerror}") from fault
            return group
    raise NotStarted("there are no control groups of version 2 here")


def _started(outer: "subprocess.Popen[bytes]", log: Path) -> Machine:
    """Wait until somebody can log in there."""
    deadline = time.monotonic() + SECONDS_TO_START
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    while time.monotonic() < deadline:
        if outer.poll() is not None:
            break
        first = children.read_text("ascii").split()
        if first and Path(f"/proc/{first[0]}/comm").read_text("utf-8").strip() == "systemd":
            there = Machine(int(first[0]))
            if there.run("systemctl", "is-active", "throwaway.target").stdout.strip() == "active":
                return there
        time.sleep(0.1)
    raise NotStarted(f"it did not start: {log.read_text('utf-8', 'replace').strip()[-300:] or 'it said nothing'}")


def _remove(group: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            for part in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
                part.rmdir()
            group.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
