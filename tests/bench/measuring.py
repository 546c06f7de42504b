"""A command's time, CPU seconds and memory, with all processes that it starts. Linux only (/proc)."""

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PACKAGES = ("agent", "click", "cryptography", "defusedxml", "paramiko", "PIL", "pillow_heif", "pydantic", "rfc8785")
LOOK_EVERY = 0.02  # seconds between two looks at memory
SELDOM = 25  # looks to one that asks for what is shared: the kernel walks all pages for it


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall-clock and CPU seconds (client: the command and its children; server: sshd's sessions); peak memory in bytes,
    the sum over the command's process tree of what each has resident, and of its share of that (proc(5): Pss).
    """

    seconds: float
    client_cpu: float
    server_cpu: float
    peak: int
    share: int


def measure(
    command: Sequence[str], server: int, *, env: Mapping[str, str] | None = None, stdin: Path | None = None
) -> tuple[Measured, str]:
    """Run a command to its end; what it took, and what it printed. `server` is sshd's process id.

    Raises RuntimeError with what it said where it failed.
    """
    before = _of_children(server)
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(stdin.open("rb")) if stdin else subprocess.DEVNULL
        started = time.monotonic()
        cpu = os.times()
        process = subprocess.Popen(
            command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
        )
        watch = Watch(process.pid)
        said, _ = process.communicate()
        took = time.monotonic() - started
        peak, share = watch.end()
        now = os.times()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{said[-2000:]}")
    client = now.children_user + now.children_system - cpu.children_user - cpu.children_system
    return Measured(took, client, _settled(server) - before, peak, share), said


def compiled(folder: Path) -> dict[str, str]:
    """The environment in which this program is compiled beforehand, into `folder`, as an installed one is."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    env = {"PYTHONPYCACHEPREFIX": str(folder)}
    here = [Path(find.origin).parent for name in PACKAGES if (find := find_spec(name)) and find.origin]
    command = [sys.executable, "-m", "compileall", "-q", *map(str, here)]
    subprocess.run(command, env={**os.environ, **env}, check=False)  # some packages have templates that are no Python
    # What else it loads, it writes itself the first time.
    loaded = "agent.cli.sync, agent.pipeline.run, agent.share.sftp, agent.pipeline.publish"
    subprocess.run([sys.executable, "-c", f"import {loaded}"], env={**os.environ, **env}, check=True)
    return env


class Watch:
    """Watches the memory of a process tree until asked to end."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._peak = 0
        self._share = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        looks = 0
        while not self._over.wait(LOOK_EVERY):
            processes = [pid for pid in tree(self._root) if not _not_yet_itself(pid)]
            self._peak = max(self._peak, sum(map(_resident, processes)))
            looks += 1
            if looks % SELDOM == 0:
                self._share = max(self._share, sum(map(_share_of, processes)))

    def end(self) -> tuple[int, int]:
        """The two peaks in bytes."""
        self._over.set()
        self._thread.join()
        return self._peak, self._share


def tree(root: int) -> list[int]:
    """A process and all below it, by the kernel's own lists of children."""
    found = [root]
    for pid in found:
        with contextlib.suppress(OSError):  # it has ended
            for listed in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    found += map(int, listed.read_text().split())
    return found


def _not_yet_itself(pid: int) -> bool:
    """Whether it was started a moment ago and still runs in its parent's memory (vfork), which would count twice."""
    try:
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        own, above = (Path(f"/proc/{one}/cmdline").read_bytes() for one in (pid, parent))
    except (OSError, IndexError):  # it has ended
        return True
    return own == above


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):  # it has ended
        return 0


def _share_of(pid: int) -> int:
    try:
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:  # it has ended
        return 0
    return int(found[1]) * 1024 if found else 0


def _of_children(pid: int) -> float:
    """CPU seconds of all processes that a process started and that have ended (proc(5): cutime and cstime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / TICK


def _settled(server: int) -> float:
    """The CPU time of ended sessions, once the last has ended."""
    deadline = time.monotonic() + 3
    while len(tree(server)) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    return _of_children(server)
