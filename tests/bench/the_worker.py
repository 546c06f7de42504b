"""What reading in a worker costs: `python -m tests.bench.the_worker [FOLDER] [--pictures]`.

JPEGs a second through the worker with a warm cache (by default of the photos beside the project, ../shared/corpus),
beside the same in one process; plans for a tag, asked one after the other as sending does. With `--pictures`, what it
takes to see whether photos of 200 megapixels decode: seconds, and memory on top of what the worker takes at rest.
"""

import argparse
import os
import re
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from agent.capture import PhotoReader, ReadRequest, read
from agent.model.files import Fingerprint
from agent.model.ids import Sha256, TransferId, VisitId
from agent.model.times import Level
from agent.pipeline.jobs import JOBS
from agent.tagging import Tag, plan
from agent.tagging.jobs import SPLICE, splice_question, understood_splice
from agent.worker import Worker
from tests.reading import opened_reader

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
LARGE = (16_320, 12_240)
ROUNDS = 5


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, nargs="?", default=CORPUS)
    options.add_argument("--pictures", action="store_true")
    chosen = options.parse_args()
    photos = [path for path in sorted(chosen.folder.rglob("*.[jJ][pP][gG]")) if path.is_file()]
    print(f"{len(photos)} JPEGs, {sum(path.stat().st_size for path in photos) / 1e6:.0f} MB; {os.cpu_count()} cores, "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    with Worker(JOBS) as worker:
        reading(worker, photos)
        planning(worker, photos)
    if chosen.pictures:
        with tempfile.TemporaryDirectory(prefix="vpa-worker-") as folder:
            decoding(Path(folder))


def reading(worker: Worker, photos: list[Path]) -> None:
    """Read as a scan of a folder does."""
    now = datetime.now(UTC)
    apart = best(lambda: len(list(PhotoReader(worker).read_all(map(ReadRequest, photos), now=now))))
    here = best(lambda: len([read(path, now=now) for path in photos]))
    print(f"reading: {apart:.0f} JPEGs/s through the worker, {here:.0f} in one process")


def planning(worker: Worker, photos: list[Path]) -> None:
    """Read as sending does."""
    tags = {path: tag(path.stat().st_size) for path in photos}

    def ask(path: Path) -> object:
        def understood(told: dict[str, object]) -> object:
            return understood_splice(path, tags[path].original.size, told)

        return worker.ask(SPLICE, path, splice_question(tags[path], "jpeg"), understood)

    apart = best(lambda: len([ask(path) for path in photos]))
    here = best(lambda: len([plan(path, format="jpeg", tag=tags[path]) for path in photos]))
    print(f"planning a tag: {1000 / apart:.2f} ms through the worker, {1000 / here:.2f} in one process")


def best(run: Callable[[], int]) -> float:
    """Files a second in the best of several rounds, after one that warms up."""
    rates = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        count = run()
        rates.append(count / (time.perf_counter() - began))
    return max(rates[1:])


def tag(size: int) -> Tag:
    """A tag for a photo of that size; what the photo is does not count here."""
    original = Fingerprint(Sha256("0" * 64), size)
    return Tag(VisitId("museum"), "Science Museum", TransferId("0" * 32), original, None, Level.ASSUMED_ZONE, "j.smith")


def decoding(folder: Path) -> None:
    """Noise, so that there is something to decode."""
    noise = Image.effect_noise((LARGE[0] // 4, LARGE[1] // 4), 60).resize(LARGE)
    noise.save(folder / "grey.jpg", quality=92)
    noise.convert("RGB").save(folder / "colour.jpg", quality=92)
    noise.convert("RGB").save(folder / "progressive.jpg", quality=92, progressive=True)
    noise.convert("RGB").save(folder / "colour.png", compress_level=1)
    small = folder / "small.jpg"
    Image.new("L", (8, 8)).save(small)
    for path in sorted(folder.glob("*o*.*g")):
        with opened_reader() as reader:
            reader.decodes(small)
            (process,) = reader.worker.process_ids
            before = peak(process)
            began = time.perf_counter()
            wrong = reader.decodes(path)
            took = time.perf_counter() - began
            ended = reader.worker.process_ids != (process,)
            more = "it ended the worker" if ended else f"{(peak(process) - before) / 1e6:.0f} MB of address space more"
            print(f"{path.name}, {LARGE[0]} × {LARGE[1]}, {path.stat().st_size / 1e6:.0f} MB: "
                  f"{wrong or 'whole'}; {took:.1f} s, {more}")  # fmt: skip


def peak(process: int) -> int:
    """The most address space that a process had, in bytes (Linux)."""
    found = re.search(r"VmPeak:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    main()
