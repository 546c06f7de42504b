"""Ours next to the tools that people use, in one run: `python -m tests.bench.transfers [--loads …] [--links …]`.

Loads: many photos of 4 MB, many small files, large videos, and, through the whole pipeline from scan to removal, a
camera's JPEGs of 12 megapixels and a school day. Links: loopback, and by a WAN emulator where root and the emulator
are there. Medians of several rounds, in which the contenders take turns, so that a busy minute hits all of them; the
whole life of a process counts, with its start. Writes a table, and a plot where matplotlib is installed (the `bench`
extra), into tests/bench/results/.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import contenders
from tests.bench.contenders import Contender, Job
from tests.bench.loads import Load, camera_photos, equal, school_day
from tests.bench.measuring import Measured, measure
from tests.bench.servers import LINKS, BenchServer, Link
from tests.laptop import Laptop
from tests.servers.openssh import AS_ROOT

RESULTS = Path(__file__).parent / "results"


@dataclass(slots=True)
class Row:
    """One contender with one load on one link, and everything that was measured."""

    link: Link
    load: Load
    contender: Contender
    size: int
    rounds: list[Measured] = field(default_factory=list)
    fault: str | None = None

    @property
    def speed(self) -> float:
        """Median MB/s."""
        return self.size / 1e6 / statistics.median(one.seconds for one in self.rounds)

    def cpu(self, side: str) -> float:
        """Median CPU seconds for each GB; `side` is `client_cpu` or `server_cpu`."""
        return statistics.median(getattr(one, side) for one in self.rounds) / (self.size / 1e9)

    @property
    def peak(self) -> float:
        """The highest peak in MB."""
        return max(one.peak for one in self.rounds) / 1e6


def main() -> None:
    """Measure what was chosen, and report it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--loads", nargs="+", choices=("photos", "small", "large", "camera", "school"),
                         default=("photos", "small", "large", "camera", "school"))  # fmt: skip
    options.add_argument("--links", nargs="+", choices=[link.name for link in LINKS], default=("loopback",))
    options.add_argument("--only", nargs="+", help="contenders whose names have one of these words")
    options.add_argument("--photos", type=int, default=50, help="files of 4 MB (default 50)")
    options.add_argument("--small", type=int, default=500, help="files of 50 KB (default 500)")
    options.add_argument("--large", type=int, default=1, help="files of 400 MB (default 1)")
    options.add_argument("--camera", type=int, default=60, help="JPEGs of 12 megapixels (default 60)")
    options.add_argument("--scale", type=float, default=0.1, help="of the school day (default 0.1, all of it: 1)")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--at", type=Path, help="folder for local files (default: a temporary one)")
    options.add_argument("--name", default="transfers", help="of the files in results/")
    chosen = options.parse_args()
    loads = {
        "photos": equal("photos", chosen.photos, 4_000_000),
        "small": equal("small", chosen.small, 50_000),
        "large": equal("large", chosen.large, 400_000_000),
        "camera": camera_photos(chosen.camera),
        "school": school_day(chosen.scale),
    }
    rows: list[Row] = []
    scratch = Path(tempfile.mkdtemp(prefix="vpa-bench-", dir=chosen.at))
    try:
        for link in (link for link in LINKS if link.name in chosen.links):
            if (reason := link.why_not()) is not None:
                print(f"{link.words}: left out, {reason}")
                continue
            try:
                link.start()
                for name in chosen.loads:
                    rows += compare(link, loads[name], list(taking_part(loads[name], chosen.only)), scratch,
                                    chosen.rounds)  # fmt: skip
            finally:
                link.end()
    finally:
        shutil.rmtree(scratch)
    text = table(rows)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{chosen.name}.md").write_text(text, encoding="utf-8")
    plot(rows, RESULTS / f"{chosen.name}.png")


def taking_part(load: Load, only: Sequence[str] | None) -> Iterator[Contender]:
    """The contenders that can send this load here; says which cannot, and why."""
    for one in contenders.ALL:
        if only and not any(word in one.name for word in only):
            continue
        if one.whole_day and not load.whole_day:
            continue
        reason = one.why_not() or ("only root can start a chrooted server" if one.chrooted and not AS_ROOT else None)
        if reason:
            print(f"{one.name}: left out, {reason}")
        else:
            yield one


def compare(link: Link, load: Load, who: list[Contender], scratch: Path, rounds: int) -> list[Row]:
    """Every contender with one load on one link, in turns."""
    masters = scratch / load.name
    if not masters.exists():
        masters.mkdir()
        load.make(masters)
    size = sum(path.stat().st_size for path in masters.iterdir())
    rows = [Row(link, load, one, size) for one in who]
    with ExitStack() as stack:
        servers = {
            chrooted: stack.enter_context(BenchServer(link, chrooted=chrooted))
            for chrooted in {one.chrooted for one in who}
        }
        for number in range(rounds):
            for row in rows:
                if row.fault is None:
                    with copied(masters, scratch / "work") as work:
                        run(row, servers[row.contender.chrooted], work)
                    done = f"{size / 1e6 / row.rounds[-1].seconds:.1f} MB/s" if row.fault is None else row.fault
                    print(f"{link.name} {load.name} {number + 1}: {row.contender.name}: {done}", flush=True)
    return [row for row in rows if row.rounds]


@contextmanager
def copied(masters: Path, work: Path) -> Iterator[Path]:
    """A separate folder for a contender, since some of them remove what they sent; on disk before it starts."""
    shutil.copytree(masters, work / "files")
    subprocess.run(["sync"], check=True)
    try:
        yield work
    finally:
        shutil.rmtree(work)


def run(row: Row, server: BenchServer, work: Path) -> None:
    """One contender once; files that did not arrive complete do not count."""
    disk = server.fresh_root()
    env = {**os.environ, "HOME": str(work), "XDG_CACHE_HOME": str(work / "cache")}
    if row.contender.whole_day:
        laptop = Laptop(work / "laptop", server)
        laptop.imports.rmdir()
        (work / "files").rename(laptop.imports)
        command, env = laptop.line("sync", "--json"), laptop.environment
    else:
        command = row.contender.command(Job(server, work / "files", work))
    try:
        measured, said = measure([*row.link.before, *command], server.pid, env=env)
    except RuntimeError as fault:
        row.fault = str(fault)
        return
    if row.contender.name != contenders.LIMIT:
        arrived = sum(path.stat().st_size for path in disk.rglob("*") if path.is_file())
        if arrived < row.size:
            row.fault = f"{arrived} of {row.size} bytes arrived\n{said[-2000:]}"
            return
    if row.contender.whole_day and (left := len(list(laptop.imports.iterdir()))):
        row.fault = f"{left} files were left behind\n{said[-2000:]}"
        return
    shutil.rmtree(disk)
    row.rounds.append(measured)


# --- what is told ----------------------------------------------------------------------------------------------------


def table(rows: list[Row]) -> str:
    """All rows as Markdown, a table for each link and load."""
    about = (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, medians (memory: the highest). "
        "CPU is seconds for each GB; memory is resident, all processes of the client."
    )
    lines = [about, ""]
    for link, load in dict.fromkeys((row.link, row.load) for row in rows):
        group = [row for row in rows if row.link is link and row.load is load]
        rclone = next((row for row in group if row.contender.name == contenders.RCLONE), None)
        limit = next((row for row in group if row.contender.name == contenders.LIMIT), None)
        lines += [
            f"### {load.words}, {link.words}",
            "",
            "| | checks | MB/s | ÷ rclone hashed | ÷ limit | client CPU | server CPU | memory MB |",
            "|---|---|---:|---:|---:|---:|---:|---:|",
        ]
        for row in group:
            beside = [f"{row.speed / other.speed:.2f}" if other else "" for other in (rclone, limit)]
            lines.append(
                f"| {row.contender.name} | {row.contender.verifies} | {row.speed:.1f} | {' | '.join(beside)} "
                f"| {row.cpu('client_cpu'):.1f} | {row.cpu('server_cpu'):.1f} | {row.peak:.0f} |"
            )
        lines.append("")
    return "\n".join(lines)


def plot(rows: list[Row], path: Path) -> None:
    """The speeds as bars; without matplotlib only the table is written."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        print("no plot: matplotlib is not installed (the bench extra)", file=sys.stderr)
        return
    groups = list(dict.fromkeys((row.link, row.load) for row in rows))
    figure = Figure(figsize=(10, 2.2 * len(groups)), layout="constrained")
    for axes, (link, load) in zip(figure.subplots(len(groups), squeeze=False)[:, 0], groups, strict=True):
        group = [row for row in rows if row.link is link and row.load is load][::-1]
        colours = ["tab:orange" if row.contender.name.startswith("photo-agent") else "tab:gray" for row in group]
        bars = axes.barh([row.contender.name for row in group], [row.speed for row in group], color=colours)
        axes.bar_label(bars, fmt="%.1f", padding=2)
        axes.set_title(f"{load.words}, {link.words}", fontsize="medium")
        axes.set_xlabel("MB/s")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
