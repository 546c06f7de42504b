"""Who reads when a photo was taken: format by format, ours next to Pillow, piexif and exifread; ExifTool judges.

`python -m tests.bench.capture_readers [--corpus DIR] [--rounds 3]`. A reader that is not installed (exifread is none of
this project's) has no column. "read" is for how many of the dated files it gave a time of capture, "agree" for how many
the one that ExifTool gives, "ms" the median over files of the best of the rounds, with a warm cache. Files that a
reader hung on for ten seconds, or ran out of memory for, are counted beside it.
"""

import argparse
import json
import re
import signal
import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.capture import ReadRequest, read
from tests.conftest import SHARED
from tests.reading import opened_reader

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PATIENCE = 10.0
VIDEOS = {"MOV", "MP4", "3GP", "M4V"}
NO_PHOTOS = {"XMP", "AAE", "TXT", "HTML"}

Read = Callable[[Path], str | None]


class TooLong(Exception):
    """A reader's time is up."""


@dataclass
class Score:
    """How one reader did with one format."""

    read: int = 0
    agree: int = 0
    troubles: int = 0
    times: list[float] = field(default_factory=list)


def main() -> None:
    """Read everything with everyone, and print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--corpus", type=Path, default=SHARED / "corpus")
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    truth = by_exiftool(chosen.corpus)
    readers = {"ours": ours, **installed()}
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    files: dict[str, list[Path]] = defaultdict(list)
    for path, (kind, wanted) in sorted(truth.items()):
        files[kind].append(path)
        for name, reader in readers.items():
            try_one(scores[kind, name], reader, path, wanted, chosen.rounds)
    table(files, {kind: [truth[path][1] for path in paths] for kind, paths in files.items()}, scores, list(readers))
    throughput(chosen.corpus)


def ours(path: Path) -> str | None:
    """This project's."""
    return read(path, now=NOW).recorded


def installed() -> dict[str, Read]:
    """The others that are there."""
    found: dict[str, Read] = {}
    try:
        from PIL import Image

        def by_pillow(path: Path) -> str | None:
            with Image.open(path) as picture:
                exif = picture.getexif()
                return exif.get_ifd(0x8769).get(0x9003) or exif.get(0x9003)

        found["Pillow"] = by_pillow
        import pillow_heif

        pillow_heif.register_heif_opener()
    except ImportError:
        pass
    try:
        import piexif

        def by_piexif(path: Path) -> str | None:
            value = piexif.load(str(path))["Exif"].get(piexif.ExifIFD.DateTimeOriginal)
            return None if value is None else value.decode("latin-1")

        found["piexif"] = by_piexif
    except ImportError:
        pass
    try:
        import exifread

        def by_exifread(path: Path) -> str | None:
            with path.open("rb") as handle:
                value = exifread.process_file(handle, details=False).get("EXIF DateTimeOriginal")
            return None if value is None else str(value)

        found["exifread"] = by_exifread
    except ImportError:
        pass
    return found


def by_exiftool(corpus: Path) -> dict[Path, tuple[str, str | None]]:
    """For each photo and film its type, and when it was taken as ExifTool reads it; None where nothing says so."""
    tags = ["-FileType", "-EXIF:DateTimeOriginal", "-DateTimeOriginal", "-Keys:CreationDate", "-QuickTime:CreateDate"]
    done = subprocess.run(["exiftool", "-j", "-r", "-G", *tags, corpus], capture_output=True, check=False)
    found = {}
    for told in json.loads(done.stdout):
        kind = told.get("File:FileType")
        if kind is None or kind in NO_PHOTOS:
            continue
        names = ("EXIF", "RIFF", "H264", "MakerNotes", "QuickTime")
        written = next(
            (told[f"{name}:DateTimeOriginal"] for name in names if told.get(f"{name}:DateTimeOriginal")), None
        )
        if kind in VIDEOS:
            written = written or told.get("QuickTime:CreationDate") or told.get("QuickTime:CreateDate")
        found[Path(told["SourceFile"])] = (kind.removeprefix("Extended "), plain(written))
    return found


def plain(written: object) -> str | None:
    """Nineteen digits and marks, as Exif writes them; None for anything else, and for zeros."""
    match = re.match(r"(\d{4})\D(\d\d)\D(\d\d)\D(\d\d):(\d\d):(\d\d)", str(written or ""))
    return None if match is None or match[1] == "0000" else "{}:{}:{} {}:{}:{}".format(*match.groups())


def try_one(score: Score, reader: Read, path: Path, wanted: str | None, rounds: int) -> None:
    """Read it a few times, with an end to patience."""
    best = PATIENCE
    written: str | None = None
    signal.signal(signal.SIGALRM, _enough)
    for _ in range(rounds):
        began = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        try:
            written = plain(reader(path))
        except (TooLong, MemoryError, RecursionError):
            score.troubles += 1
            break
        except Exception:  # noqa: BLE001  # whatever another reader raises is its way to refuse
            written = None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            best = min(best, time.perf_counter() - began)
    score.times.append(best)
    score.read += written is not None and wanted is not None
    score.agree += written is not None and written == wanted


def _enough(*_: object) -> None:
    raise TooLong


def table(
    files: dict[str, list[Path]],
    wanted: dict[str, list[str | None]],
    scores: dict[tuple[str, str], Score],
    names: list[str],
) -> None:
    """The result as Markdown."""
    print("| format | files | dated | " + " | ".join(f"{name}: read, agree, ms" for name in names) + " |")
    print("|---|--:|--:|" + "--:|" * len(names))
    total: dict[str, Score] = {name: Score() for name in names}
    for kind in sorted(files, key=lambda kind: -len(files[kind])):
        cells = []
        for name in names:
            score = scores[kind, name]
            cells.append(cell(score))
            total[name].read += score.read
            total[name].agree += score.agree
            total[name].troubles += score.troubles
            total[name].times += score.times
        dated = sum(time is not None for time in wanted[kind])
        print(f"| {kind} | {len(files[kind])} | {dated} | " + " | ".join(cells) + " |")
    count = sum(map(len, files.values()))
    dated = sum(time is not None for times in wanted.values() for time in times)
    print(f"| all | {count} | {dated} | " + " | ".join(cell(total[name]) for name in names) + " |")


def cell(score: Score) -> str:
    """Read, agree, milliseconds, troubles if any."""
    trouble = f", {score.troubles} hung or out of memory" if score.troubles else ""
    return f"{score.read}, {score.agree}, {statistics.median(score.times) * 1000:.2f}{trouble}"


def throughput(corpus: Path) -> None:
    """JPEGs a second through the worker, with a warm cache."""
    photos = [path for path in corpus.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"}] * 10
    with opened_reader() as reader:
        list(reader.read_all(map(ReadRequest, photos[:200]), now=NOW))
        began = time.perf_counter()
        count = len(list(reader.read_all(map(ReadRequest, photos), now=NOW)))
        print(f"\nthrough the worker: {count / (time.perf_counter() - began):.0f} JPEGs a second")


if __name__ == "__main__":
    main()
