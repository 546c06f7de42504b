"""Films that a program or a browser writes (Matroska, WebM, WMV), and those that are known and left to a person."""

import json
import shutil
import struct
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import read
from agent.capture.bounded import BoundedFile
from agent.capture.matroska import read_matroska
from agent.capture.sniff import sniff
from agent.model.capture import Capture
from agent.model.times import Interval, Level
from tests.unit.capture.photobuilding import (
    AT,
    NOW,
    Reads,
)

ANY_ZONE = Interval(AT - timedelta(hours=14, seconds=65), AT + timedelta(hours=12, seconds=60))
"""Five seconds of film, a minute of tolerance, and any zone that the recorder's clock may have had."""


# --- Matroska and WebM -----------------------------------------------------------------------------------------------


def element(id_: int, content: bytes, size: int | None = None) -> bytes:
    wide = (id_.bit_length() + 7) // 8
    long = len(content) if size is None else size
    return id_.to_bytes(wide, "big") + (long | 1 << 56).to_bytes(8, "big") + content


def matroska(*info: bytes, size: int | None = None, before: bytes = b"") -> bytes:
    inside = before + element(0x1549A966, b"".join(info)) + element(0x1F43B675, bytes(50))
    return element(0x1A45DFA3, element(0x4282, b"webm")) + element(0x18538067, inside, size)


def date_utc(at: datetime) -> bytes:
    since = at - datetime(2001, 1, 1, tzinfo=UTC)
    return element(0x4461, (since // timedelta(microseconds=1) * 1000).to_bytes(8, "big", signed=True))


FIVE_SECONDS = element(0x2AD7B1, b"\x0f\x42\x40") + element(0x4489, struct.pack(">f", 5000.0))
BY_A_BROWSER = element(0x4D80, b"Chrome") + element(0x5741, b"Chrome")


def test_matroska_tells_utc_alone_which_is_read_as_a_movie_headers_time_is(reads: Reads) -> None:
    found = reads(matroska(FIVE_SECONDS, date_utc(AT), BY_A_BROWSER), "VID_1.mkv")
    assert (found.format, found.level, found.taken) == ("mkv", Level.UTC_ALONE, ANY_ZONE)
    assert found.basis == ("Matroska DateUTC",)
    assert found.recorded == "2026-03-14T10:11:12"
    assert found.complete


def test_webm_is_matroska_and_its_name_no_reason_for_suspicion(reads: Reads) -> None:
    found = reads(matroska(FIVE_SECONDS, date_utc(AT)), "film.webm")
    assert not any("ending" in note for note in found.notes)


@pytest.mark.parametrize("program", [b"Lavf59.27.100", b"HandBrake 1.6", b"mkvmerge v75", b"libmakemkv v1.17"])
def test_what_a_program_wrote_anew_has_an_upper_bound_only(reads: Reads, program: bytes) -> None:
    found = reads(matroska(date_utc(AT), element(0x5741, program)), "film.mkv")
    assert found.level is Level.UPPER_BOUND


def test_a_live_recording_that_knows_no_sizes_is_read_too(reads: Reads) -> None:
    unknown = (1 << 56) - 1
    found = reads(matroska(date_utc(AT), FIVE_SECONDS, size=unknown, before=element(0xEC, bytes(30))), "film.webm")
    assert found.taken == ANY_ZONE
    assert found.complete


def test_matroska_cut_short_says_so(reads: Reads) -> None:
    found = reads(matroska(date_utc(AT), FIVE_SECONDS)[:-10], "film.mkv")
    assert not found.complete
    assert found.taken == ANY_ZONE


@pytest.mark.parametrize(
    "info",
    [
        b"",
        element(0x4461, bytes(8)),  # the first second of 2001: a clock that was reset
        element(0x4461, b"\x80" + bytes(7)),
        element(0x4461, b"\x7f" + b"\xff" * 7),
        element(0x4461, b"\1\2\3"),
        element(0x4461, b"", 8),
        element(0x4461, b"", 1 << 50),
        b"\0" * 40,
    ],
)
def test_matroska_without_a_possible_date_has_none(reads: Reads, info: bytes) -> None:
    assert not reads(matroska(info), "film.mkv").level.decides


@pytest.mark.parametrize("length", [float("nan"), float("inf"), -1.0, 1e300])
def test_an_impossible_length_widens_the_time(reads: Reads, length: float) -> None:
    found = reads(matroska(date_utc(AT), element(0x4489, struct.pack(">d", length))), "film.mkv")
    assert isinstance(found.taken, Interval)
    assert found.taken.earliest == AT - timedelta(days=1, hours=14, minutes=1)


def test_elements_without_end_are_given_up(reads: Reads) -> None:
    found = reads(matroska(date_utc(AT), before=element(0xEC, b"") * 100_000), "film.mkv")
    assert any("more elements" in note for note in found.notes)
    assert found.taken is None


# --- ASF -------------------------------------------------------------------------------------------------------------

PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
DESCRIPTION = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")


def asf_object(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<Q", 24 + len(content)) + content


def asf(at: int, *others: bytes, flags: int = 2, missing: int = 0) -> bytes:
    inside = b"".join(others)
    size = 30 + 24 + 80 + len(inside) + 100 + missing
    ticks = 10_000_000
    properties = struct.pack("<16xQQQQQQIIII", size, at, 3, 8 * ticks, 5 * ticks, 3000, flags, 1, 1, 1)
    inside = asf_object(PROPERTIES, properties) + inside
    head = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack("<QIBB", 30 + len(inside), 2, 1, 2)
    return head + inside + bytes(100)


def filetime(at: datetime) -> int:
    return (at - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10


def tool(name: str) -> bytes:
    key, value = (word.encode("utf-16-le") + b"\0\0" for word in ("WM/ToolName", name))
    other = struct.pack("<H", 4) + "ab".encode("utf-16-le") + struct.pack("<HHI", 3, 4, 7)
    entry = struct.pack("<H", len(key)) + key + struct.pack("<HH", 0, len(value)) + value
    return asf_object(DESCRIPTION, struct.pack("<H", 2) + other + entry)


def test_asf_tells_utc_alone_with_the_length_that_is_played(reads: Reads) -> None:
    found = reads(asf(filetime(AT)), "film.wmv")
    assert (found.format, found.level, found.taken, found.complete) == ("wmv", Level.UTC_ALONE, ANY_ZONE, True)
    assert found.basis == ("ASF creation date",)


def test_what_movie_maker_exported_has_an_upper_bound_only(reads: Reads) -> None:
    assert reads(asf(filetime(AT), tool("Windows Movie Maker 2.1")), "film.wmv").level is Level.UPPER_BOUND
    assert reads(asf(filetime(AT), tool("A camera")), "film.wmv").level is Level.UTC_ALONE


def test_a_broadcast_that_fills_in_no_dates_has_none(reads: Reads) -> None:
    found = reads(asf(filetime(AT), flags=3), "film.wmv")
    assert found.taken is None
    assert found.complete


def test_asf_cut_short_says_so(reads: Reads) -> None:
    assert not reads(asf(filetime(AT), missing=1), "film.wmv").complete


@pytest.mark.parametrize("at", [0, 1, 1 << 63, (1 << 64) - 1])
def test_asf_without_a_possible_date_has_none(reads: Reads, at: int) -> None:
    assert reads(asf(at), "film.wmv").taken is None


@pytest.mark.parametrize(
    "others",
    [
        bytes(24) * 3,
        asf_object(b"x" * 16, b"") * 5_000,
        asf_object(DESCRIPTION, b"\xff\xff" + bytes(5)),
        asf_object(DESCRIPTION, b"\xff\xff" * 200),
        DESCRIPTION + b"\xff" * 8,
    ],
)
def test_a_header_made_to_do_harm_costs_nothing(reads: Reads, others: bytes) -> None:
    found = reads(asf(filetime(AT), others), "film.wmv")
    assert found.format == "wmv"
    assert found.taken in {None, ANY_ZONE}


# --- Both ------------------------------------------------------------------------------------------------------------


@given(data=st.data(), whole=st.sampled_from([matroska(FIVE_SECONDS, date_utc(AT)), asf(filetime(AT), tool("x"))]))
def test_whatever_is_changed_in_one_it_is_answered(
    data: st.DataObject, whole: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "changed.film"
    path.write_bytes(changed[: data.draw(st.integers(0, len(changed)))])
    assert isinstance(read(path, now=NOW), Capture)


def test_of_an_hour_of_film_only_its_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.mkv"
    path.write_bytes(matroska(FIVE_SECONDS, date_utc(AT)) + element(0xEC, bytes(10_000_000)))
    with path.open("rb") as handle:
        assert read_matroska(BoundedFile(handle, path.stat().st_size, max_bytes=64 * 1024)).clip is not None


@pytest.mark.parametrize("ending", ["mkv", "webm", "wmv"])
def test_ffmpegs_films_are_read_as_exiftool_reads_them(tmp_path: Path, ending: str) -> None:
    for program in ("ffmpeg", "exiftool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")
    path = tmp_path / f"film.{ending}"
    make = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=5", "-t", "2"]
    subprocess.run([*make, "-metadata", f"creation_time={AT:%Y-%m-%dT%H:%M:%SZ}", path], check=True)
    told = subprocess.run(
        ["exiftool", "-j", "-DateTimeOriginal", "-CreationDate", path], capture_output=True, check=True
    )
    (by_exiftool,) = json.loads(told.stdout)
    date = by_exiftool.get("DateTimeOriginal") or by_exiftool["CreationDate"]
    found = read(path, now=NOW)
    assert found.recorded == date.replace(":", "-", 2).replace(" ", "T").rstrip("Z")
    assert found.complete


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x06\x0e+4\x02\x05\x01\x01\r\x01\x02\x01\x01\x02\x04\0", "mxf"),
        (b"\x1f\x07\0\xbf" + bytes(20), "dv"),
        (b"\x1f\x07\0\x3f" + bytes(20), "dv"),
        (b"\x1f\x08\0\x3f" + bytes(20), "unknown"),
    ],
)
def test_camcorder_formats_without_a_reader_are_held(reads: Reads, head: bytes, kind: str) -> None:
    assert sniff(head) == kind
    found = reads(head + bytes(1000), "clip.mxf" if kind == "mxf" else "clip.dv")
    assert not found.level.decides
    assert found.is_photo is (kind != "unknown")
