"""A canary: private photos with a name, a folder and a camera that occur nowhere else; and then everything is searched.

Every command is run, by itself and while the service runs, over private photos and doubtful ones. What is private must
be in no file of the agent's, on no page of the log and nowhere on the share; what is doubtful in the journal alone.
"""

import io
import json
import time
from pathlib import Path

import piexif
import pytest
from PIL import Image

from tests.laptop import PRIVATE, Laptop

PRIVATE_WORD = "Zyzzyva"
DOUBTFUL_WORD = "Quokka"


def telling(word: str, *, dated: bool) -> bytes:
    """A JPEG that carries the word in every text that a camera or a person may have put in, and a place."""
    out = io.BytesIO()
    text = word.encode()
    exif = piexif.dump(
        {
            "0th": {piexif.ImageIFD.Make: text, piexif.ImageIFD.Model: text, piexif.ImageIFD.ImageDescription: text},
            "Exif": {
                **({piexif.ExifIFD.DateTimeOriginal: f"{PRIVATE:%Y:%m:%d %H:%M:%S}".encode()} if dated else {}),
                piexif.ExifIFD.BodySerialNumber: text,
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: b"N",
                piexif.GPSIFD.GPSLatitude: ((12, 1), (34, 1), (56, 1)),
                piexif.GPSIFD.GPSLongitudeRef: b"E",
                piexif.GPSIFD.GPSLongitude: ((65, 1), (43, 1), (21, 1)),
            },
        }
    )
    Image.new("RGB", (32, 32), (1, 2, 3)).save(out, "JPEG", exif=exif, comment=text)
    return out.getvalue()


@pytest.fixture
def canaries(laptop: Laptop) -> Laptop:
    """The laptop with many private photos (so that the journal's pages split), some doubtful and one of the visit."""
    for n in range(60):
        laptop.file(f"{PRIVATE_WORD} at home/{PRIVATE_WORD} {n} {'x' * (n * 3)}.jpg", telling(PRIVATE_WORD, dated=True))
    laptop.file(f"{PRIVATE_WORD}.mov", b"no clip at all")
    laptop.file(f"{PRIVATE_WORD}.jpg", b"")
    (laptop.imports / f"{PRIVATE_WORD}.jpg").unlink()
    laptop.file(f"{DOUBTFUL_WORD}/{DOUBTFUL_WORD}.jpg", telling(DOUBTFUL_WORD, dated=False))
    laptop.file(f"{DOUBTFUL_WORD}.jpg", b"")
    laptop.photo("IMG_1.jpg")
    return laptop


def files_with(word: str, folder: Path) -> list[str]:
    """Files whose name or content has the word, in bytes or as UTF-16."""
    needles = (word.encode(), word.encode("utf-16-le"), word.lower().encode())
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if word in str(path.relative_to(folder)) or (path.is_file() and any(n in path.read_bytes() for n in needles))
    ]


def test_nothing_private_is_in_any_file_log_or_share(canaries: Laptop) -> None:
    said = [
        canaries.command(*words)
        for words in (
            ["sync", "--json"],
            ["sync", "--dry-run"],
            ["status"],
            ["review", "list", "--json"],
            ["visits", "list"],
            ["log", "show", "--json"],
            ["doctor", "--json"],
        )
    ]
    assert [PRIVATE_WORD in one.stdout + one.stderr for one in said] == [False] * len(said)
    assert not [one.stderr for one in said if DOUBTFUL_WORD in one.stderr]
    assert files_with(PRIVATE_WORD, canaries.home / "state") == []
    assert files_with(PRIVATE_WORD, canaries.share) == []
    assert files_with(DOUBTFUL_WORD, canaries.share) == []
    assert {name.partition("/")[0] for name in files_with(DOUBTFUL_WORD, canaries.home / "state")} <= {
        "journal.sqlite3",
        "journal.sqlite3-wal",
    }

    held = [json.loads(line)["id"] for line in canaries.command("review", "list", "--json").stdout.splitlines()]
    for one in held:
        assert canaries.command("review", "private", one).returncode == 0
    assert canaries.command("sync").returncode == 0
    assert files_with(DOUBTFUL_WORD, canaries.home / "state") == []


def test_nothing_private_is_in_the_service_log_or_its_files_while_it_runs(canaries: Laptop) -> None:
    canaries.configure(folders={"settle_seconds": 0.5})
    log = canaries.home / "service.log"
    with log.open("w") as stderr:
        service = canaries.start("run", stderr=stderr)
    try:
        deadline = time.monotonic() + 20
        while (canaries.imports / "IMG_1.jpg").exists():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        while files_with(PRIVATE_WORD, canaries.home / "state"):  # cleared up a moment after the run
            assert time.monotonic() < deadline, files_with(PRIVATE_WORD, canaries.home / "state")
            time.sleep(0.1)
        card = canaries.imports / f"{PRIVATE_WORD} at home"
        followed = canaries.command("sync", "--json", card)
        assert followed.returncode == 4, followed.stderr
        assert PRIVATE_WORD not in followed.stdout
        while files_with(PRIVATE_WORD, canaries.home / "state"):  # cleared up a moment after the answer
            assert time.monotonic() < deadline, files_with(PRIVATE_WORD, canaries.home / "state")
            time.sleep(0.1)
    finally:
        service.terminate()
        service.communicate(timeout=20)
    assert PRIVATE_WORD not in log.read_text()
    assert DOUBTFUL_WORD not in log.read_text()
    assert "proven" in log.read_text(), "the log does say what was done"
