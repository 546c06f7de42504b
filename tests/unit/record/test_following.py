"""A record read on from where one left off."""

from collections.abc import Callable

import pytest

from agent.errors import RecordAltered, RecordTruncated
from agent.record import Record
from agent.record.files import Files
from agent.record.following import following
from tests.unit.record.bodies import AT

Write = Callable[[int], Record]


def _indexes(files: Files, index: int, offset: int) -> list[int | None]:
    return [None if one.entry is None else one.entry.index for one in following(files, index, offset)]


def test_it_goes_on_from_any_entry(files: Files, short: Write) -> None:
    short(5)
    ends = [0, *(one.end for one in following(files, 0, 0))]
    for index, offset in enumerate(ends):
        assert _indexes(files, index, offset) == list(range(index, 5))


def test_a_line_is_given_as_it_stands_in_the_record(files: Files, short: Write) -> None:
    short(2)
    assert [one.line for one in following(files, 0, 0)] == files.entries.read_bytes().splitlines()


def test_no_record_yet_is_an_empty_one(files: Files) -> None:
    assert _indexes(files, 0, 0) == []


def test_a_line_that_is_being_written_is_left_for_the_next_time(files: Files, short: Write) -> None:
    short(3)
    whole = files.entries.read_bytes()
    for cut in range(1, len(whole.splitlines(keepends=True)[-1])):
        files.entries.write_bytes(whole[:-cut])
        assert _indexes(files, 0, 0) == [0, 1]


def test_an_erased_entry_is_passed_over_and_the_places_of_the_others_stay(files: Files, short: Write) -> None:
    record = short(4)
    ends = [0, *(one.end for one in following(files, 0, 0))]
    record.erase(1, at=AT)
    assert _indexes(files, 0, 0) == [0, None, 2, 3, 4]
    assert _indexes(files, 3, ends[3]) == [3, 4]


def test_an_altered_entry_is_reported(files: Files, short: Write) -> None:
    short(3)
    content = files.entries.read_bytes().replace(b'"photo":"00000001"', b'"photo":"00000009"')
    files.entries.write_bytes(content)
    with pytest.raises(RecordAltered):
        _indexes(files, 0, 0)


def test_a_record_that_ends_before_the_place_is_reported(files: Files, short: Write) -> None:
    short(3)
    end = [one.end for one in following(files, 0, 0)][-1]
    files.entries.write_bytes(files.entries.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(RecordTruncated):
        _indexes(files, 3, end)


def test_a_place_in_the_middle_of_a_line_is_reported(files: Files, short: Write) -> None:
    short(3)
    with pytest.raises(RecordAltered):
        _indexes(files, 1, 5)
