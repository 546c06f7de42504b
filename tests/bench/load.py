"""What many files cost: `python -m tests.bench.load [--files 1000 10000 100000] [--idle SECONDS]`.

Small JPEGs with Exif, 1,000 in a folder as cameras make them, one in twenty of a visit; the register is a file on the
laptop and the share cannot be reached, so that what is measured is looking, reading and deciding. For each number of
files: a first `sync` and a second one; with `--flat` all files lie in one folder.
CPU seconds are those of the command and of all processes it started (wait4), memory is the kernel's own peak of each
process (VmHWM). With `--idle`, `run` with a real sshd and the smallest number of files, for so many seconds after its
first run. Linux only (/proc).
"""

import argparse
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from tests.bench.measuring import TICK, tree
from tests.laptop import ON_VISIT, PRIVATE, VISITS, Laptop, jpeg
from tests.servers.openssh import OpenSSH

IN_A_FOLDER = 1000
ONE_IN = 20
SIZE = 20_000
LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the wall and of CPU; peak of resident memory in bytes, of the command and of its largest child."""

    wall: float
    cpu: float
    parent: int
    worker: int


def main() -> None:
    """Make, sync twice, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, nargs="*", default=[1000, 10_000, 100_000])
    options.add_argument("--flat", action="store_true", help="all files in one folder")
    options.add_argument("--idle", type=float, default=0.0, metavar="SECONDS")
    options.add_argument("--folder", type=Path, help="where to make the files; a temporary folder by default")
    chosen = options.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("| files | run | CPU s | CPU ms a file | command MB | worker MB | wall s |")
    print("|---|---|---|---|---|---|---|")
    for files in chosen.files:
        with tempfile.TemporaryDirectory(prefix="vpa-load-", dir=chosen.folder) as home:
            of_many(Path(home), files, flat=chosen.flat)
    if chosen.idle:
        with tempfile.TemporaryDirectory(prefix="vpa-idle-", dir=chosen.folder) as home, OpenSSH() as server:
            at_rest(Laptop(Path(home) / "laptop", server), min(chosen.files), chosen.idle)


def of_many(home: Path, files: int, *, flat: bool) -> None:
    """The first sync and the second."""
    nobody = SimpleNamespace(
        host="127.0.0.1", port=9, user="x", root="/", disk=home / "disk",
        key_file=home / "key", known_hosts_file=home / "known_hosts",
    )  # fmt: skip
    laptop = Laptop(home / "laptop", nobody)
    register = home / "visits.csv"
    register.write_text(VISITS)
    laptop.configure(register={"visits": str(register)})
    make(laptop.imports, files, flat=flat)
    for which in ("first", "again"):
        cost = measured(laptop, home / "said", "sync")
        print(
            f"| {files:,} | {which} | {cost.cpu:.2f} | {1000 * cost.cpu / files:.3f} | {cost.parent / 1e6:.0f} | "
            f"{cost.worker / 1e6:.0f} | {cost.wall:.1f} |",
            flush=True,
        )


def make(folder: Path, files: int, *, flat: bool = False, none_of_visit: bool = False) -> None:
    """The photos: each with different content, one in twenty from a visit."""
    on, off = (bytearray(jpeg(taken, size=SIZE)) for taken in (ON_VISIT, PRIVATE))
    for number in range(files):
        content = on if number % ONE_IN == 0 and not none_of_visit else off
        at = len(content) - 1000  # in the padding before the end
        content[at : at + 4] = number.to_bytes(4, "big")
        below = folder if flat else folder / f"{number // IN_A_FOLDER:03}_PANA"
        below.mkdir(exist_ok=True)
        (below / f"P{number:07}.JPG").write_bytes(content)


def measured(laptop: Laptop, said: Path, *words: str) -> Cost:
    """What a command costs, measured to its end."""
    began = time.monotonic()
    with said.open("w") as out:
        process = subprocess.Popen(laptop.line(*words), stdout=out, stderr=subprocess.STDOUT, env=laptop.environment)
        peaks: dict[int, int] = {}
        over = threading.Event()
        watch = threading.Thread(target=look_at, args=(process.pid, peaks, over))
        watch.start()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        over.set()
        watch.join()
    wall = time.monotonic() - began
    if process.returncode not in {0, 2, 3, 4, 5}:
        raise RuntimeError(f"{words} ended with {process.returncode}:\n{said.read_text()[-2000:]}")
    others = [peak for pid, peak in peaks.items() if pid != process.pid]
    return Cost(wall, used.ru_utime + used.ru_stime, peaks.get(process.pid, 0), max(others, default=0))


def look_at(root: int, peaks: dict[int, int], over: threading.Event) -> None:
    """Record the peak of each process of a tree, until asked to end."""
    while not over.wait(LOOK_EVERY):
        for pid in tree(root):
            if peak := of_status(pid, "VmHWM"):
                peaks[pid] = peak


def of_status(pid: int, what: str) -> int:
    """A line of /proc/PID/status, in bytes; 0 where the process has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def at_rest(laptop: Laptop, files: int, seconds: float) -> None:
    """The service with nothing to do: its share of a core, and its memory."""
    make(laptop.imports, files, none_of_visit=True)
    with (laptop.home / "said").open("w") as said:
        process = laptop.start("run", stderr=said)
        try:
            time.sleep(30 + files / 1000)  # its first runs are over
            before, began = cpu_of(process.pid), time.monotonic()
            time.sleep(seconds)
            used, passed = cpu_of(process.pid) - before, time.monotonic() - began
            memory = [of_status(pid, "VmRSS") for pid in tree(process.pid)]
        finally:
            process.terminate()
            process.wait(30)
    print(
        f"\nidle, {files:,} files, {passed:.0f} s: {100 * used / passed:.3f} % of a core; resident "
        f"{' + '.join(f'{one / 1e6:.0f}' for one in memory)} MB (the command and what it started)"
    )


def cpu_of(root: int) -> float:
    """CPU seconds so far of a tree of processes, including processes of it that have ended."""
    total = 0
    for pid in tree(root):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15]))
    return total / TICK


if __name__ == "__main__":
    main()
