"""The bounds themselves: how much is read, how often, and that directories end."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture.bounded import SCAN_CHUNK, Block, BoundedFile, Broken, ByteRange, Exhausted
from agent.capture.tiff import MAX_DIRECTORIES, MAX_ENTRIES, IfdEntry, Tiff
from tests.unit.capture.photobuilding import directory


def file_of(content: bytes, max_bytes: int = 1 << 20, max_reads: int = 100) -> BoundedFile:
    return BoundedFile(io.BytesIO(content), len(content), max_bytes, max_reads)


def test_reading_ends_when_its_bytes_are_used_up() -> None:
    file = file_of(bytes(200_000), max_bytes=100_000)
    file.at(0, 60_000)
    with pytest.raises(Exhausted):
        file.at(100_000, 60_000)


def test_reading_ends_when_its_visits_are_used_up() -> None:
    file = file_of(bytes(10_000_000), max_bytes=1 << 30, max_reads=3)
    for visit in range(3):
        file.at(visit * 1_000_000, 4)
    with pytest.raises(Exhausted):
        file.at(9_000_000, 4)


def test_neighbouring_reads_cost_one_visit() -> None:
    file = file_of(bytes(20_000), max_reads=1)
    for offset in range(0, 16_000, 100):
        file.at(offset, 100)


@given(st.integers(-10, 50), st.integers(-10, 50))
def test_what_lies_outside_is_broken_and_never_short(offset: int, size: int) -> None:
    content = bytes(range(40))
    inside = offset >= 0 and size >= 0 and offset + size <= 20
    for source in (file_of(content[:20]), Block(content[:20]), ByteRange(Block(content), 0, 20)):
        if inside:
            assert source.at(offset, size) == content[offset : offset + size]
        else:
            with pytest.raises(Broken):
                source.at(offset, size)


def test_a_file_that_shrank_meanwhile_is_broken() -> None:
    file = BoundedFile(io.BytesIO(bytes(10)), 1_000)
    with pytest.raises(Broken):
        file.at(0, 100)


@pytest.mark.parametrize("where", [0, 5, SCAN_CHUNK - 2, SCAN_CHUNK - 1, SCAN_CHUNK, 2 * SCAN_CHUNK - 1])
def test_a_mark_is_found_wherever_the_chunks_are_cut(where: int) -> None:
    content = bytes(where) + b"\xff\xd9" + bytes(100)
    assert file_of(content).find(b"\xff\xd9", 0, len(content)) == where
    assert file_of(content).find(b"\xff\xd9", 0, where + 1) is None


def test_a_directory_is_read_only_once() -> None:
    tiff = Tiff(Block(b"MM\0*\0\0\0\x08" + directory([(1, 3, 1, b"\0\1")], 8)))
    tiff.directory(8)
    with pytest.raises(Broken, match="circle"):
        tiff.directory(8)


def test_there_is_an_end_to_directories_and_to_entries() -> None:
    rows = b"".join(struct.pack(">HHII", n, 3, 1, 0) for n in range(5_000))
    longest = Tiff(Block(b"MM\0*\0\0\0\x08" + struct.pack(">H", MAX_ENTRIES) + rows))
    assert len(longest.directory(8)[0]) == MAX_ENTRIES
    with pytest.raises(Broken, match="longer than any camera writes"):
        Tiff(Block(b"MM\0*\0\0\0\x08" + struct.pack(">H", MAX_ENTRIES + 1) + rows)).directory(8)
    with pytest.raises(Broken, match="past the end"):
        Tiff(Block(b"MM\0*\0\0\0\x08" + struct.pack(">H", MAX_ENTRIES) + rows[:600])).directory(8)
    empty = Tiff(Block(b"MM\0*\0\0\0\x08" + bytes(1_000)))
    for offset in range(8, 8 + MAX_DIRECTORIES):
        assert empty.directory(offset) == ({}, 0)
    with pytest.raises(Broken, match="more directories"):
        empty.directory(500)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(struct.pack(">HHII", 0x010F, 0, 1, 0), id="of no type"),
        pytest.param(struct.pack(">HHII", 0x010F, 99, 1, 0), id="of a type that does not exist"),
        pytest.param(struct.pack(">HHII", 0x010F, 2, 20, 5_000), id="with its value outside"),
    ],
)
def test_a_directory_with_other_data_is_refused_or_counts_as_damaged(row: bytes) -> None:
    good = struct.pack(">HHII", 0x0112, 3, 1, 0)
    with pytest.raises(Broken, match="does not begin with a field"):
        Tiff(Block(b"MM\0*\0\0\0\x08\0\2" + row + good)).directory(8)
    later = Tiff(Block(b"MM\0*\0\0\0\x08\0\2" + good + row))
    assert 0x0112 in later.directory(8)[0]
    assert (later.cut, later.garbled) == (row[8:] != bytes(4), row[2:4] == b"\0c"), "a blank row may be left over"


def test_a_value_is_never_read_beyond_what_its_asker_allows() -> None:
    tiff = Tiff(Block(b"MM\0*\0\0\0\x08" + bytes(1_000)))
    assert len(tiff.raw(IfdEntry(2, 900, 8), 64)) == 64
    assert len(tiff.raw(IfdEntry(2, 0xFFFFFFFF, 990), 64)) == 18
    assert len(tiff.integers(IfdEntry(4, 0xFFFFFFFF, 8), 5)) == 5
    assert len(tiff.rationals(IfdEntry(5, 0xFFFFFFFF, 8), 3)) == 3
