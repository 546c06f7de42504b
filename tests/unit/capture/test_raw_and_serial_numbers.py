"""RAW formats that the corpus lacks, built by hand, and the serial numbers of older cameras; ExifTool is the judge."""

import json
import shutil
import struct
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.capture import read
from agent.model.times import Level
from tests.unit.capture.photobuilding import (
    NOW,
    TAKEN,
    Reads,
    app1,
    directory,
    jpeg,
)

Field = tuple[int, int, int, bytes]

DATED: Field = (0x9003, 2, 20, TAKEN + b"\0")


def exiftool(path: Path, *tags: str) -> dict[str, Any]:
    """What ExifTool reads; skips the test without ExifTool."""
    tool = shutil.which("exiftool")
    if tool is None:
        pytest.skip("ExifTool is not on this machine")
    done = subprocess.run([tool, "-j", *(f"-{tag}" for tag in tags), path], capture_output=True, check=False)
    (found,) = json.loads(done.stdout)
    return dict(found)


def raw(make: bytes, *fields: Field, order: str = "<", magic: bytes = b"*\0") -> bytes:
    """A TIFF-based file: a first directory with these fields, and below it an Exif directory with the date."""
    mark = b"II" if order == "<" else b"MM"
    pointer = struct.pack(order + "I", 400)
    first = [(0x010F, 2, len(make) + 1, make + b"\0"), (0x8769, 4, 1, pointer), *fields]
    block = mark + magic + struct.pack(order + "I", 8) + directory(first, 8, order)
    return block.ljust(400, b"\0") + directory([DATED, (0x9011, 2, 7, b"+01:00\0")], 400, order)


PREVIEW: Field = (0x00FE, 4, 1, b"\1\0\0\0")
BELOW: Field = (0x014A, 4, 1, struct.pack("<I", 600))
JPEG: Field = (0x0103, 3, 1, b"\6\0\0\0")

BY_HAND = {
    "orf": raw(b"OLYMPUS CORPORATION", magic=b"RO"),
    "ORF": raw(b"OM Digital Solutions", magic=b"RS"),
    "arw": raw(b"SONY", PREVIEW, BELOW, JPEG) + bytes(200) + directory([(0x0103, 3, 1, b"\xff\x7f")], 600, "<"),
    "pef": raw(b"PENTAX Corporation", (0x0103, 3, 1, b"\xff\xff")),
    "srw": raw(b"SAMSUNG", PREVIEW, BELOW) + bytes(200) + directory([(0x0103, 3, 1, b"\3\x80")], 600, "<"),
    "nrw": raw(b"NIKON", PREVIEW, BELOW, JPEG) + bytes(200) + directory([(0x0103, 3, 1, b"\x99\x84")], 600, "<"),
}


@pytest.mark.parametrize("ending", BY_HAND)
def test_a_raw_file_is_recognised_and_read_as_exiftool_reads_it(reads: Reads, tmp_path: Path, ending: str) -> None:
    found = reads(BY_HAND[ending], f"a.{ending}")
    assert found.format == {"nrw": "nef"}.get(ending, ending.lower())
    assert (found.level, found.recorded, found.offset) == (Level.OWN_OFFSET, "2026-03-14T10:11:12", "+01:00")
    assert not any("ending" in note for note in found.notes)
    told = exiftool(tmp_path / f"a.{ending}", "FileType", "DateTimeOriginal", "Make")
    assert told["DateTimeOriginal"] == "2026:03:14 10:11:12"
    assert told["FileType"] == ending.upper()
    assert found.camera is not None
    assert found.camera.make == told["Make"]


def test_a_crw_by_hand_is_read_as_exiftool_reads_it(reads: Reads, tmp_path: Path) -> None:
    shown = round(datetime(2026, 3, 14, 10, 11, 12, tzinfo=UTC).timestamp())
    camera = b"Canon\0Canon EOS 10D\0".ljust(32, b"\0")
    when = struct.pack("<III", shown, 0, 0)
    values = when + camera
    rows = struct.pack("<HII", 0x180E, len(when), 0)
    rows += struct.pack("<HII", 0x080A, len(camera), len(when))
    rows += struct.pack("<HII", 0x580B, 560018150, 0)  # a serial number, in the record itself
    inner = values + struct.pack("<H", 3) + rows + struct.pack("<I", len(values))
    outer = inner + struct.pack("<HHII", 1, 0x300A, len(inner), 0) + struct.pack("<I", len(inner))
    content = b"II" + struct.pack("<I", 26) + b"HEAPCCDR" + bytes(12) + outer
    found = reads(content, "CRW_0001.CRW")
    assert (found.format, found.level, found.recorded) == ("crw", Level.ASSUMED_ZONE, "2026-03-14T10:11:12")
    assert found.camera is not None
    assert (found.camera.make, found.camera.model, found.camera.serial) == ("Canon", "Canon EOS 10D", "0560018150")
    told = exiftool(tmp_path / "CRW_0001.CRW", "DateTimeOriginal", "Model", "SerialNumber")
    assert told["DateTimeOriginal"] == "2026:03:14 10:11:12"
    assert (told["Model"], str(told["SerialNumber"]).zfill(10)) == ("Canon EOS 10D", "0560018150")
    cut = reads(content[:-1], "CRW_0001.CRW")
    assert not cut.complete


def test_a_raf_is_read_by_its_picture_or_held_if_that_is_damaged(reads: Reads) -> None:
    block = b"MM\0*\0\0\0\x08" + directory([DATED], 8)

    def raf(picture: bytes) -> bytes:
        head = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 160, len(picture))
        return head.ljust(160, b"\0") + picture

    assert reads(raf(jpeg(app1(block))), "a.raf").level is Level.ASSUMED_ZONE
    damaged = reads(raf(jpeg(b"rubbish" + app1(block))), "a.raf")
    assert (damaged.level, damaged.recorded) == (Level.IMPOSSIBLE, "2026-03-14T10:11:12")


def noted(make: bytes, note: bytes, order: str = "<") -> bytes:
    """A JPEG whose Exif block has a maker's note at offset 400."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    fields = [(0x010F, 2, len(make) + 1, make + b"\0"), (0x8769, 4, 1, struct.pack(order + "I", 200))]
    block = (mark + struct.pack(order + "I", 8) + directory(fields, 8, order)).ljust(200, b"\0")
    row = struct.pack(order + "HHII", 0x927C, 7, len(note), 400)
    block = (block + struct.pack(order + "H", 1) + row + bytes(4)).ljust(400, b"\0")
    return jpeg(app1(block + note))


def nikon(serial: bytes, tag: int = 0x001D) -> bytes:
    fields: list[Field] = [(tag, 2, len(serial), serial)]
    return b"Nikon\0\2\x10\0\0" + b"MM\0*\0\0\0\x08" + directory(fields, 8)


PENTAX_TODAY = b"PENTAX \0MM" + directory([(0x0229, 2, 8, b"4973893\0")], 10, "<")
"""Its mark says big-endian and its directory is little-endian, as in a K-3's."""


@pytest.mark.parametrize(
    ("make", "note", "serial"),
    [
        (b"Canon", directory([(0x000C, 4, 1, struct.pack("<I", 560018150))], 400, "<"), "0560018150"),
        (b"Canon", directory([(0x000C, 4, 1, bytes(4))], 400, "<"), None),
        (b"Canon", directory([(0x000C, 2, 4, b"abc\0")], 400, "<"), None),
        (b"NIKON CORPORATION", nikon(b"3001006\0"), "3001006"),
        (b"NIKON CORPORATION", nikon(b"No= 20025585\0"), "20025585"),
        (b"NIKON CORPORATION", nikon(b"NO= 100005e5        \0", 0x00A0), "100005e5"),
        (b"NIKON", b"Nikon\0\1\0" + bytes(50), None),
        (b"PENTAX", b"AOC\0II" + directory([(0x0229, 2, 8, b"3430417\0")], 406, "<"), "3430417"),
        (b"RICOH IMAGING COMPANY, LTD.", PENTAX_TODAY, "4973893"),
        (b"PENTAX", b"PENTAX \0MM" + directory([(0x0229, 2, 8, b"4973893\0")], 10), "4973893"),
        (b"PENTAX", b"PENTAX \0MM\xff\xff", None),
        (b"Canon", b"", None),
        (b"Canon", b"\xff" * 60, None),
        (b"Nobody", b"\0" * 60, None),
    ],
)
def test_an_older_cameras_serial_number_is_in_its_makers_note(
    reads: Reads, make: bytes, note: bytes, serial: str | None
) -> None:
    found = reads(noted(make, note))
    assert found.camera is not None
    assert found.camera.serial == serial


def test_a_pentax_dng_keeps_the_makers_note_as_private_data(reads: Reads, tmp_path: Path) -> None:
    version: Field = (0xC612, 1, 4, b"\1\3\0\0")
    found = reads(raw(b"PENTAX", version, (0xC634, 1, len(PENTAX_TODAY), PENTAX_TODAY)), "a.dng")
    assert found.format == "dng"
    assert found.camera is not None
    assert found.camera.serial == "4973893"
    assert str(exiftool(tmp_path / "a.dng", "SerialNumber")["SerialNumber"]) == "4973893"


def test_serial_numbers_of_the_corpus_are_those_that_exiftool_reads(corpus: Path) -> None:
    tool = shutil.which("exiftool")
    if tool is None:
        pytest.skip("ExifTool is not on this machine")
    done = subprocess.run([tool, "-j", "-r", "-a", "-G1", "-SerialNumber", corpus], capture_output=True, check=False)
    told = {
        Path(one["SourceFile"]): {str(value).lower().removeprefix("no=").strip() for value in one.values()}
        for one in json.loads(done.stdout)
    }
    read_here = 0
    for path, numbers in told.items():
        camera = read(path, now=NOW).camera
        if camera is not None and camera.serial is not None:
            read_here += 1
            # Canon's professional bodies are shown with six digits by ExifTool, with ten by the others' rule.
            assert camera.serial.lower().lstrip("0") in {one.lstrip("0") for one in numbers}, path
    assert read_here >= 14
