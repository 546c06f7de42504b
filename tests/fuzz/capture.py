"""A long run of broken files through the worker that reads photos: `python -m tests.fuzz.capture --inputs 100000`.

Counted are the files that ended a worker (crash, more than a second of computing, more than 256 MB), those whose
reading failed in a way nobody foresaw, and those decided `visit` although neither the file they were made from nor
ExifTool's reading of the broken one is inside a visit. Any of these makes the run fail; the files are kept for a look.
"""

import argparse
import json
import random
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.capture import CaptureWorker, Request, read
from agent.capture.worker import READING
from agent.errors import LocalFault
from agent.model import Capture, Interval, Register, Sha256, Verdict, Visit, VisitId
from agent.register import decide
from tests.conftest import SHARED
from tests.fuzz.mutating import mutated, originals
from tests.unit.capture.test_hostile_files import CRAFTED

NOW = datetime(2030, 1, 1, tzinfo=UTC)
AT_ONCE = 500
SIDECARS = {".xmp", ".aae"}
HOME = "Europe/London"

LIMITS = replace(READING, processor=1.0)

NEARBY = [timedelta(hours=hours) for hours in (-8760, -720, -168, -24, -12, -6, 6, 12, 24, 168, 720, 8760)]
"""Where visits are laid around a file's true time: a misread offset, day or month would fall into one of them."""

LONG = timedelta(hours=2)
ROUNDING = timedelta(minutes=2)

_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)$")


@dataclass(frozen=True)
class Original:
    """A file to break, its true times of capture in any zone, and a register whose visits are near to these."""

    path: Path
    content: bytes
    register: Register


@dataclass
class Tally:
    """What a run counted."""

    inputs: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)
    suspects: list[tuple[Path, Original]] = field(default_factory=list)
    slowest: float = 0.0
    largest: int = 0


def main() -> None:
    """Make, read, decide, judge."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--inputs", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=20260314)
    options.add_argument("--corpus", type=Path, default=SHARED / "corpus")
    options.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "vpa-fuzz")
    chosen = options.parse_args()
    chosen.keep.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    tally = run(chosen.corpus, chosen.inputs, chosen.seed, chosen.keep)
    wrong = misread(tally.suspects)
    took = time.monotonic() - began
    print(f"{tally.inputs} inputs in {took:.0f} s, seed {chosen.seed}: {dict(tally.verdicts)}")
    print(f"ended a worker or failed: {len(tally.ended)}; longest between two answers {tally.slowest * 1000:.0f} ms; "
          f"most memory a worker held {tally.largest / 1e6:.0f} MB")  # fmt: skip
    print(f"decided visit: {len(tally.suspects)}, of which ExifTool reads no such time: {len(wrong)}")
    for line in (*tally.ended, *map(str, wrong)):
        print("  ", line)
    raise SystemExit(bool(tally.ended or wrong))


def run(corpus: Path, inputs: int, seed: int, keep: Path) -> Tally:
    """Break and read so many files; what was noteworthy is kept in `keep`."""
    dice = random.Random(seed)
    tally = Tally()
    bases = _bases(corpus)
    sidecars = [base for base in bases if base.path.suffix.lower() in SIDECARS]
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        CaptureWorker(reading=LIMITS) as worker,
    ):
        while tally.inputs < inputs:
            batch = list(_batch(Path(folder), min(AT_ONCE, inputs - tally.inputs), bases, sidecars, dice))
            before = time.monotonic()
            for (request, base), found in zip(
                batch, worker.read_all((request for request, _ in batch), now=NOW), strict=True
            ):
                now = time.monotonic()
                tally.slowest, before = max(tally.slowest, now - before), now
                tally.inputs += 1
                _count(tally, request, base, found, keep)
            tally.largest = max([tally.largest, *map(_most_memory, worker.process_ids)])
    return tally


def _count(tally: Tally, request: Request, base: Original, found: Capture | LocalFault, keep: Path) -> None:
    if isinstance(found, LocalFault):
        kept = keep / f"ended-{tally.inputs}-{base.path.name}"
        shutil.copy(request.path, kept)
        tally.ended.append(f"{kept}: {found}")
        return
    decision = decide(found, base.register, staff="j.smith", zone=HOME)
    tally.verdicts[decision.verdict.value] += 1
    if decision.verdict is Verdict.VISIT:
        kept = keep / f"visit-{tally.inputs}-{base.path.name}"
        shutil.copy(request.path, kept)
        tally.suspects.append((kept, base))


def _batch(
    folder: Path, size: int, bases: list[Original], sidecars: list[Original], dice: random.Random
) -> Iterator[tuple[Request, Original]]:
    for number in range(size):
        base, other = dice.choice(bases), dice.choice(bases)
        path = folder / f"{number}{base.path.suffix or '.jpg'}"
        path.write_bytes(mutated(base.content, dice, other.content))
        beside: tuple[Path, ...] = ()
        if sidecars and dice.random() < 0.1:
            sidecar = dice.choice(sidecars)
            beside = (folder / f"{number}-beside{sidecar.path.suffix}",)
            beside[0].write_bytes(mutated(sidecar.content, dice))
        yield Request(path, beside), base


def _bases(corpus: Path) -> list[Original]:
    found = [(path, content) for path, content in originals(corpus) if path.name != "truth.jsonl"]
    crafted = [(Path(f"{number}.jpg"), content[:200_000]) for number, content in enumerate(CRAFTED.values())]
    return [Original(path, content, _register(path)) for path, content in (*found, *crafted)]


def _register(path: Path) -> Register:
    """Visits around the time that the unbroken file has, none of which may hold it, by any of its readings."""
    taken = read(path, now=NOW).taken if path.is_file() else None
    true = taken.earliest if taken is not None else datetime(2026, 3, 14, 10, tzinfo=UTC)
    true = true.replace(tzinfo=UTC) if true.tzinfo is None else true
    visits = []
    for number, away in enumerate(NEARBY):
        try:
            span = Interval(true + away, true + away + LONG)
        except OverflowError:
            continue
        visits.append(Visit(VisitId(f"visit-{number}"), "Museum", span, HOME))
    return Register(tuple(visits), (), Sha256("0" * 64), NOW)


def misread(suspects: list[tuple[Path, Original]]) -> list[Path]:
    """Those decided `visit` on a time that ExifTool does not read in them: the file itself does not say so."""
    return [
        path
        for path, base in suspects
        if not any(
            span.earliest - ROUNDING <= moment <= span.latest + ROUNDING
            for span in (visit.span for visit in base.register.visits)
            for moment in _moments(path)
        )
    ]


def _moments(path: Path) -> set[datetime]:
    """Every time that ExifTool finds in a file, by every offset that it finds there, in UTC and in the home zone."""
    done = subprocess.run(["exiftool", "-j", "-G1", "-a", "-ee", "-time:all", path], capture_output=True, check=False)
    values = [str(value) for value in json.loads(done.stdout or b"[{}]")[0].values()]
    offsets = {timedelta(0)}
    for sign, hours, minutes in (match.groups() for value in values for match in _OFFSET.finditer(value)):
        offsets.add(timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1))
    moments: set[datetime] = set()
    for value in values:
        try:
            shown = datetime.strptime(value[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  # read by each zone below
            moments.add(shown.replace(tzinfo=ZoneInfo(HOME)))
            moments |= {(shown - offset).replace(tzinfo=UTC) for offset in offsets}
        except (ValueError, OverflowError):
            continue
    return moments


def _most_memory(process: int) -> int:
    """Bytes that a process ever held, where the system tells."""
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
