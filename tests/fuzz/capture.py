"""A long run of broken files through the worker that reads photos: `python -m tests.fuzz.capture --inputs 100000`.

Counted are the files that ended a worker (crash, more than a second of computing, more than 256 MB), those whose
reading failed in a way nobody foresaw, and those decided `visit` wrongly. Any of these makes the run fail; the files
are kept for a look.

No visit of a register holds the time of the file that was broken, so that only a time read otherwise makes a visit of
it. Half of the registers are as schools have them, twelve short visits near that time; the other half are two visits
that together fill forty years but for a day around it, so that next to every other time counts. Whatever is decided
`visit` is put before ExifTool (outside.py), as it now is: right if ExifTool too reads a time of that visit, since then
the broken file does say so; wrong if it reads another time, or none.
"""

import argparse
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.capture import ReadRequest, read
from agent.errors import LocalFault
from agent.model.capture import Capture
from agent.model.decision import Verdict
from agent.model.ids import Sha256, VisitId
from agent.model.register import Register, Visit
from agent.model.times import Interval
from agent.register import decide
from agent.worker import READING
from tests.conftest import SHARED
from tests.fuzz.mutating import mutated, originals
from tests.fuzz.outside import inside, times_of
from tests.reading import opened_reader
from tests.unit.capture.test_hostile_files import CRAFTED, crafted

NOW = datetime(2030, 1, 1, tzinfo=UTC)
AT_ONCE = 500
SIDECARS = {".xmp", ".aae"}
HOME = "Europe/London"

LIMITS = replace(READING, processor=1.0)

BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)
A_DAY = timedelta(hours=30)
"""The gap that the two long visits leave on each side of a file's true time, so that no zone puts it into a visit."""

NEARBY = [timedelta(hours=hours) for hours in (-8760, -720, -168, -24, -12, -6, 6, 12, 24, 168, 720, 8760)]
"""Where visits are placed around a file's true time: a misread offset, day or month would fall into one of them."""

LONG = timedelta(hours=2)

Suspect = tuple[Path, Interval]
"""A broken file that was decided to be of a visit, and that visit's span."""


@dataclass(frozen=True)
class Original:
    """A file to break, and the two registers, none of whose visits holds its true time."""

    path: Path
    content: bytes
    registers: tuple[Register, Register]


@dataclass
class Tally:
    """The counts of a run."""

    inputs: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)
    visits: int = 0
    wrong: list[Path] = field(default_factory=list)
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
    took = time.monotonic() - began
    print(f"{tally.inputs} inputs in {took:.0f} s, seed {chosen.seed}: {dict(tally.verdicts)}")
    print(f"ended a worker or failed: {len(tally.ended)}; longest between two answers {tally.slowest * 1000:.0f} ms; "
          f"most memory a worker held {tally.largest / 1e6:.0f} MB")  # fmt: skip
    print(f"decided visit: {tally.visits}; ExifTool reads that visit's time in the broken file too: "
          f"{tally.visits - len(tally.wrong)}; it reads another or none, so wrong: {len(tally.wrong)}")  # fmt: skip
    for line in (*tally.ended, *map(str, tally.wrong)):
        print("  ", line)
    raise SystemExit(bool(tally.ended or tally.wrong))


def run(corpus: Path, inputs: int, seed: int, keep: Path) -> Tally:
    """Break and read this many files; remarkable ones are saved in `keep`."""
    dice = random.Random(seed)
    tally = Tally()
    bases = _bases(corpus)
    sidecars = [base for base in bases if base.path.suffix.lower() in SIDECARS]
    suspects: list[Suspect] = []
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        opened_reader(reading=LIMITS) as reader,
    ):
        while tally.inputs < inputs:
            batch = list(_batch(Path(folder), min(AT_ONCE, inputs - tally.inputs), bases, sidecars, dice))
            before = time.monotonic()
            for (request, base), found in zip(
                batch, reader.read_all((request for request, _ in batch), now=NOW), strict=True
            ):
                now = time.monotonic()
                tally.slowest, before = max(tally.slowest, now - before), now
                tally.inputs += 1
                suspects.extend(_count(tally, request, base, found, keep, dice))
            if len(suspects) >= AT_ONCE:
                _judge(tally, suspects)
            tally.largest = max([tally.largest, *map(_most_memory, reader.worker.process_ids)])
    _judge(tally, suspects)
    return tally


def _count(
    tally: Tally, request: ReadRequest, base: Original, found: Capture | LocalFault, keep: Path, dice: random.Random
) -> Iterator[Suspect]:
    if isinstance(found, LocalFault):
        kept = keep / f"ended-{tally.inputs}-{base.path.name}"
        shutil.copy(request.path, kept)
        tally.ended.append(f"{kept}: {found}")
        return
    register = dice.choice(base.registers)
    decision = decide(found, register, staff="j.smith", zone=HOME)
    tally.verdicts[decision.verdict.value] += 1
    if decision.verdict is Verdict.VISIT:
        tally.visits += 1
        kept = keep / f"visit-{tally.inputs}-{base.path.name}"
        shutil.copy(request.path, kept)
        yield kept, next(visit.span for visit in register.visits if visit.id == decision.visit)


def _judge(tally: Tally, suspects: list[Suspect]) -> None:
    """Ask ExifTool about those that were decided to be from a visit; only wrong decisions are saved."""
    times = times_of([path for path, _ in suspects], ZoneInfo(HOME)) if suspects else {}
    for path, span in suspects:
        if inside(times[path], span):
            path.unlink()
        else:
            tally.wrong.append(path)
    suspects.clear()


def _batch(
    folder: Path, size: int, bases: list[Original], sidecars: list[Original], dice: random.Random
) -> Iterator[tuple[ReadRequest, Original]]:
    for number in range(size):
        base, other = dice.choice(bases), dice.choice(bases)
        path = folder / f"{number}{base.path.suffix or '.jpg'}"
        path.write_bytes(mutated(base.content, dice, other.content))
        beside: tuple[Path, ...] = ()
        if sidecars and dice.random() < 0.1:
            sidecar = dice.choice(sidecars)
            beside = (folder / f"{number}-beside{sidecar.path.suffix}",)
            beside[0].write_bytes(mutated(sidecar.content, dice))
        yield ReadRequest(path, beside), base


def _bases(corpus: Path) -> list[Original]:
    found = [(path, content) for path, content in originals(corpus) if path.name != "truth.jsonl"]
    hostile = [(Path(f"{number}.jpg"), crafted(name)[:200_000]) for number, name in enumerate(CRAFTED)]
    return [Original(path, content, _registers(path)) for path, content in (*found, *hostile)]


def _registers(path: Path) -> tuple[Register, Register]:
    """Visits around the time of the unbroken file, none of which may contain it, by any of its readings."""
    taken = read(path, now=NOW).taken if path.is_file() else None
    true = taken.earliest if taken is not None else datetime(2026, 3, 14, 10, tzinfo=UTC)
    true = true.replace(tzinfo=UTC) if true.tzinfo is None else true
    near = []
    for away in NEARBY:
        try:
            near.append(Interval(true + away, true + away + LONG))
        except OverflowError:
            continue
    ever = ((BEGINNING, true - A_DAY), (true + A_DAY, NOW))
    return _register(near), _register([Interval(*ends) for ends in ever if ends[0] < ends[1]])


def _register(spans: list[Interval]) -> Register:
    visits = [Visit(VisitId(f"visit-{number}"), "Museum", span, HOME) for number, span in enumerate(spans)]
    return Register(tuple(visits), (), Sha256("0" * 64), NOW)


def _most_memory(process: int) -> int:
    """The most bytes that a process ever held, if the system says so."""
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
