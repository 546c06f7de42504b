"""Ours next to the tools that people use: `python -m tests.bench.transfers [--quick | --loads … --links …]`.

Loads: many photos of 4 MB, many small files, large videos, and, through the whole pipeline from scan to removal, a
camera's JPEGs of 12 megapixels and a school day. Links: loopback, and by a WAN emulator where root and the emulator
are there. Medians of several rounds, in which the contenders take turns, so that a busy minute hits all of them; the
whole life of a process counts, with its start. Writes a table, which says of each bar whether it was met, and a plot
where matplotlib is installed (the `bench` extra), into tests/bench/results/. `--quick` is what the bars need and no
more: some ten minutes on two idle cores.
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

from tests.bench import bars, contenders
from tests.bench.contenders import Contender, Job
from tests.bench.loads import Load, camera_photos, equal, school_day
from tests.bench.measuring import Measured, compiled, measure
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

    @property
    def share(self) -> float:
        """The same, where what several processes share counts once."""
        return max(one.share for one in self.rounds) / 1e6


@dataclass(frozen=True, slots=True)
class Part:
    """One load over one link, by the contenders whose names have one of these words; by all where there is no word."""

    link: Link
    load: Load
    only: Sequence[str] = ()


def quick() -> list[Part]:
    """What the bars are about."""
    loopback, lan, home = (next(link for link in LINKS if link.name == name) for name in ("loopback", "lan", "home"))
    limits = (contenders.LIMIT, contenders.BOTH_WAYS)
    line = (contenders.OURS, contenders.PIPELINE, *limits)
    beside = (*line, contenders.RCLONE, contenders.SFTP)
    return [
        Part(loopback, equal("photos", 50, 4_000_000), beside),
        Part(loopback, equal("large", 1, 400_000_000), beside),
        Part(loopback, equal("small", 300, 50_000), beside),
        Part(loopback, camera_photos(60), beside),
        Part(lan, equal("photos", 50, 4_000_000), line),
        Part(lan, equal("small", 300, 50_000), line),
        Part(home, equal("photos", 25, 4_000_000), line),
        Part(home, equal("small", 100, 50_000), line),
        Part(home, camera_photos(10), line),
    ]


def main() -> None:
    """Measure what was chosen, and report it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="what the bars need and no more")
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
    options.add_argument("--name", help="of the files in results/")
    chosen = options.parse_args()
    began = os.getloadavg()[0]
    parts = quick() if chosen.quick else list(asked_for(chosen))
    rows: list[Row] = []
    scratch = Path(tempfile.mkdtemp(prefix="vpa-bench-", dir=chosen.at))
    try:
        os.environ |= compiled(scratch / "compiled")
        for link in dict.fromkeys(part.link for part in parts):
            if (reason := link.why_not()) is not None:
                print(f"{link.words}: left out, {reason}")
                continue
            try:
                link.start()
                for part in (part for part in parts if part.link is link):
                    who = list(taking_part(part.load, part.only))
                    rows += compare(link, part.load, who, scratch, chosen.rounds)
            finally:
                link.end()
    finally:
        shutil.rmtree(scratch)
    text = table(rows, began)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    name = chosen.name or ("quick" if chosen.quick else "transfers")
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    plot(rows, RESULTS / f"{name}.png")


def asked_for(chosen: argparse.Namespace) -> Iterator[Part]:
    """What the options ask for."""
    loads = {
        "photos": equal("photos", chosen.photos, 4_000_000),
        "small": equal("small", chosen.small, 50_000),
        "large": equal("large", chosen.large, 400_000_000),
        "camera": camera_photos(chosen.camera),
        "school": school_day(chosen.scale),
    }
    for link in (link for link in LINKS if link.name in chosen.links):
        for name in chosen.loads:
            yield Part(link, loads[name], chosen.only or ())


def taking_part(load: Load, only: Sequence[str]) -> Iterator[Contender]:
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
    masters = scratch / load.words.replace(" ", "-")
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
    if row.contender.name not in {contenders.LIMIT, contenders.BOTH_WAYS}:
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


def table(rows: list[Row], load_before: float) -> str:
    """All rows as Markdown, a table for each link and load, and the bars."""
    about = (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load_before:.1f} before, medians (memory: "
        "the highest). CPU is seconds for each GB. Memory is resident, all processes of the client; “once” is the same "
        "with what they share counted once, looked at every half second."
    )
    lines = [about, ""]
    for link, load in dict.fromkeys((row.link, row.load) for row in rows):
        group = [row for row in rows if row.link is link and row.load is load]
        others = [
            next((row for row in group if row.contender.name == name), None)
            for name in (contenders.RCLONE, contenders.SFTP, contenders.LIMIT, contenders.BOTH_WAYS)
        ]
        lines += [
            f"### {load.words}, {link.words}",
            "",
            "| | checks | MB/s | ÷ rclone | ÷ sftp -b | ÷ limit | ÷ both ways | client CPU | server CPU | MB | once |",
            "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        ]
        for row in group:
            beside = [f"{row.speed / other.speed:.2f}" if other else "" for other in others]
            lines.append(
                f"| {row.contender.name} | {row.contender.verifies} | {row.speed:.1f} | {' | '.join(beside)} "
                f"| {row.cpu('client_cpu'):.1f} | {row.cpu('server_cpu'):.1f} | {row.peak:.0f} | {row.share:.0f} |"
            )
        lines.append("")
    figures = {
        (row.link.name, row.load.name, row.contender.name): bars.Figures(
            row.speed, row.cpu("client_cpu"), row.peak, row.share
        )
        for row in rows
    }
    return "\n".join(lines + bars.lines(figures))


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
