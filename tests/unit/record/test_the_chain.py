"""Any change to what was written shows; what a crash tore is mended, and nothing else is."""

import io
import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agent.errors import RecordAltered, RecordError, RecordTruncated
from agent.record import Draft, EntryKind, Record
from agent.record.files import Files
from agent.record.keys import LogKey
from agent.record.leaf import LEAF_LINE, commit, leaf_line
from agent.record.reading import BLOCK, chain
from tests.unit.record.bodies import AT, removed, transferred

Written = Callable[[int], Record]


def again(folder: Path) -> Record:
    return Record.open(folder, "laptop-17")


def test_an_empty_record_is_whole_and_makes_no_file(record: Record, folder: Path) -> None:
    assert (record.verify(), len(record), list(record.entries())) == (None, 0, [])
    assert not folder.exists()


def test_entries_come_back_in_their_order_each_with_the_hash_of_its_leaf(written: Written, folder: Path) -> None:
    entries = list(written(5).entries())
    assert [entry.index for entry in entries] == [0, 1, 2, 3, 4]
    assert entries[3].body == transferred("00000003")
    assert (entries[3].device, entries[3].kind, entries[3].at) == ("laptop-17", EntryKind.TRANSFERRED, AT)
    assert again(folder).verify() == entries[-1].receipt
    assert len(again(folder)) == 5


def test_the_line_is_canonical_and_its_leaf_is_as_the_page_says(written: Written, files: Files) -> None:
    """An outside reading: json and hashlib alone."""
    import hashlib

    entries = list(written(2).entries())
    for line, leaf, entry in zip(
        files.entries.read_bytes().splitlines(), files.leaves.read_text().splitlines(), entries, strict=True
    ):
        read = json.loads(line)
        assert line == json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        data, salt = (bytes.fromhex(part) for part in leaf.split(" "))
        assert hashlib.sha256(salt + line).digest() == data
        assert hashlib.sha256(b"\0" + data).hexdigest() == entry.hash


def test_the_form_of_an_entry_never_changes(folder: Path, files: Files) -> None:
    """A program that reads this very line and leaf today must be able to read them for ever."""
    body = {"photo": "0a1b2c3d", "visit": "2026-café", "reason": "larger than the share takes"}
    record = Record.open(folder, "laptop-17", salts=lambda count: b"s" * count)
    receipt = record.append(Draft(EntryKind.REFUSED, body, event="0a1b2c3d-refused", at=AT))
    assert files.entries.read_text("utf-8") == (
        '{"at":"2026-03-14T17:00:00+00:00","body":{"photo":"0a1b2c3d","reason":"larger than the share takes",'
        '"visit":"2026-café"},"device":"laptop-17","event":"0a1b2c3d-refused","index":0,"kind":"refused"}\n'
    )
    assert files.leaves.read_text() == f"{DATA} {'73' * 32}\n"
    assert receipt.hash == HASH


DATA = "1ddd3380ac030f9d7c8d0f386f43fa1d6897c6eea4b0760723c43a2261eed564"
HASH = "5a2e49157b7b54aaec56facefc5eb7278d511071b428fc81cf856b3dc98bdb52"


def test_two_entries_that_say_the_same_have_salts_of_their_own(written: Written, files: Files) -> None:
    written(3)
    salts = [line.split()[1] for line in files.leaves.read_text().splitlines()]
    assert len(set(salts)) == 3


def test_every_byte_of_a_record_counts(short: Written, folder: Path, files: Files) -> None:
    last = short(3).verify()
    for file in (files.entries, files.leaves):
        content = file.read_bytes()
        for place in range(len(content)):
            changed = bytearray(content)
            changed[place] ^= 0xFF
            file.write_bytes(changed)
            with pytest.raises(RecordAltered):
                again(folder).verify(last)
        file.write_bytes(content)


def test_every_bit_of_a_record_counts(short: Written, files: Files) -> None:
    short(2)
    both = entries, leaves = files.entries.read_bytes(), files.leaves.read_bytes()
    assert len(list(chain(io.BytesIO(entries), io.BytesIO(leaves)))) == 2
    for which, content in enumerate(both):
        for place, bit in itertools.product(range(len(content)), range(8)):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            read = [io.BytesIO(one) for one in both]
            read[which] = io.BytesIO(changed)
            with pytest.raises(RecordAltered):
                list(chain(*read))


def test_no_altered_record_is_carried_on(written: Written, folder: Path, files: Files) -> None:
    written(2)
    content = bytearray(files.entries.read_bytes())
    content[-100] ^= 1
    files.entries.write_bytes(content)
    with pytest.raises(RecordAltered):
        again(folder).append(Draft(EntryKind.REMOVED, removed(), event="x", at=AT))
    assert files.entries.read_bytes() == content


def altered(lines: list[bytes]) -> dict[str, list[bytes]]:
    return {
        **{f"dropped {n}": lines[:n] + lines[n + 1 :] for n in range(len(lines) - 1)},
        **{f"doubled {n}": lines[: n + 1] + lines[n:] for n in range(len(lines))},
        **{
            f"swapped {a} {b}": [lines[b] if n == a else lines[a] if n == b else line for n, line in enumerate(lines)]
            for a, b in itertools.combinations(range(len(lines)), 2)
        },
        "reversed": lines[::-1],
        "an empty line": [*lines[:2], b"\n", *lines[2:]],
        "a line of rubbish": [*lines, b"rubbish\n"],
    }


@pytest.mark.parametrize("change", altered([b"0\n", b"1\n", b"2\n", b"3\n"]))
def test_lines_dropped_doubled_swapped_or_put_in_are_found(
    written: Written, folder: Path, change: str, files: Files
) -> None:
    written(4)
    lines = files.entries.read_bytes().splitlines(keepends=True)
    files.entries.write_bytes(b"".join(altered(lines)[change]))
    with pytest.raises(RecordAltered):
        again(folder).verify()


def test_an_entry_in_anothers_place_is_found_though_its_own_leaf_is_right(
    short: Written, folder: Path, files: Files
) -> None:
    short(3)
    for file, length in ((files.entries, 0), (files.leaves, LEAF_LINE)):
        content = file.read_bytes()
        lines = content.splitlines(keepends=True)
        assert not length or {len(line) for line in lines} == {length}
        file.write_bytes(lines[0] + lines[2] + lines[1])
    with pytest.raises(RecordAltered, match="at entry 1"):
        again(folder).verify()


def test_a_record_without_its_leaves_is_reported(written: Written, folder: Path, files: Files) -> None:
    written(3)
    files.leaves.write_bytes(files.leaves.read_bytes()[:-1])
    with pytest.raises(RecordTruncated, match="leaf of entry 2"):
        again(folder).verify()
    with pytest.raises(RecordTruncated, match="leaf of entry 2"):
        again(folder).append(Draft(EntryKind.REMOVED, removed(), event="x", at=AT))


def test_an_entry_of_another_device_does_not_fit_in(
    written: Written, folder: Path, files: Files, tmp_path: Path
) -> None:
    written(3)
    other = Record.open(folder, "laptop-18")
    for number in range(3):
        other.append(Draft(EntryKind.REMOVED, removed(f"{number:08x}"), event=str(number), at=AT))
    lines, others = (place.read_bytes().splitlines(keepends=True) for place in (files.entries, other.files.entries))
    files.entries.write_bytes(lines[0] + others[1] + lines[2])
    with pytest.raises(RecordAltered):
        again(folder).verify()


def test_a_record_cut_at_any_byte_is_known_by_a_receipt_given_before(
    short: Written, folder: Path, files: Files
) -> None:
    last = short(3).verify()
    assert last is not None
    content = files.entries.read_bytes()
    for length in range(len(content) - 1):
        files.entries.write_bytes(content[:length])
        with pytest.raises(RecordTruncated):
            again(folder).verify(last)
    files.entries.write_bytes(content[:-1])  # all of the entry, only its line end is not there yet
    assert again(folder).verify(last) == last


def test_a_record_that_is_gone_is_known_by_a_receipt_given_before(written: Written, folder: Path, files: Files) -> None:
    last = written(1).verify()
    files.entries.unlink()
    with pytest.raises(RecordTruncated, match="entry 0 was written"):
        again(folder).verify(last)


def test_a_record_written_anew_is_known_by_a_receipt_given_before(written: Written, folder: Path, files: Files) -> None:
    last = written(2).verify()
    files.entries.unlink()
    anew = again(folder)
    for number in range(3):
        anew.append(Draft(EntryKind.REMOVED, removed(f"{number:08x}"), event=str(number), at=AT))
    assert anew.verify() is not None
    with pytest.raises(RecordAltered, match="is not the one that was written"):
        anew.verify(last)


# --- Torn by a crash ---


def test_a_line_torn_at_any_byte_is_moved_aside_and_the_chain_goes_on(
    short: Written, folder: Path, files: Files
) -> None:
    short(3)
    content = files.entries.read_bytes()
    start = content[:-1].rindex(b"\n") + 1
    for length in range(start, len(content) - 1):
        files.entries.write_bytes(content[:length])
        mended = again(folder)
        assert len(list(mended.entries())) == 2  # a reader passes over it and leaves it where it is
        assert files.entries.stat().st_size == length
        receipt = mended.append(Draft(EntryKind.REFUSED, {"photo": "00000002"}, event="00000002-refused", at=AT))
        assert receipt.index == 2
        assert again(folder).verify() == receipt
        assert files.entries.read_bytes() == content
        aside = list(files.folder.glob("torn-*"))
        assert [file.read_bytes() for file in aside] == ([content[start:length]] if length > start else [])
        for file in aside:
            file.unlink()


@pytest.mark.parametrize("zeros", [0, 1, 4096])
def test_an_entry_that_lacks_only_its_line_end_is_kept(
    written: Written, folder: Path, zeros: int, files: Files
) -> None:
    written(2)
    content = files.entries.read_bytes()
    files.entries.write_bytes(content[:-1] + bytes(zeros))
    mended = again(folder)
    assert (len(mended), len(list(mended.entries()))) == (2, 2)
    first = mended.append(Draft(EntryKind.TRANSFERRED, transferred("00000001"), event="00000001-transferred", at=AT))
    assert first.index == 1  # known again, not doubled
    assert files.entries.read_bytes() == content
    assert not list(files.folder.glob("torn-*"))


@pytest.mark.parametrize("first", [0, 1])
def test_lines_whose_beginning_the_disk_did_not_get_are_moved_aside(
    short: Written, folder: Path, files: Files, first: int
) -> None:
    """If several lines are written at once, the disk may have the last sector but not the first: it has zeros."""
    short(4)
    content = files.entries.read_bytes()
    start = len(b"".join(content.splitlines(keepends=True)[:first]))
    torn = bytes(60) + content[start + 60 :]
    files.entries.write_bytes(content[:start] + torn)
    mended = again(folder)
    assert (len(mended), len(list(mended.entries()))) == (first, first)
    receipt = mended.append(Draft(EntryKind.REFUSED, {"photo": "00000009"}, event="after", at=AT))
    assert receipt.index == first
    assert again(folder).verify() == receipt
    assert [file.read_bytes() for file in files.folder.glob("torn-*")] == [torn]


def test_zeros_in_what_was_signed_are_reported(short: Written, folder: Path, files: Files, signer: LogKey) -> None:
    short(3).seal(signer)
    content = files.entries.read_bytes()
    files.entries.write_bytes(content[:80] + bytes(20) + content[100:])
    with pytest.raises(RecordAltered):
        list(again(folder).entries())
    with pytest.raises(RecordTruncated):
        again(folder).append(Draft(EntryKind.REMOVED, removed(), event="x", at=AT))


def test_a_torn_first_line_leaves_an_empty_record(written: Written, folder: Path, files: Files) -> None:
    written(1)
    content = files.entries.read_bytes()
    files.entries.write_bytes(content[:50])
    assert (again(folder).verify(), len(again(folder))) == (None, 0)
    assert again(folder).append(Draft(EntryKind.REMOVED, removed(), event="x", at=AT)).index == 0
    assert [file.read_bytes() for file in files.folder.glob("torn-*")] == [content[:50]]


def test_a_line_longer_than_a_block_is_found_from_the_end(record: Record, folder: Path, files: Files) -> None:
    many = transferred()["files"] * 450
    record.append(Draft(EntryKind.TRANSFERRED, transferred(files=many), event="long", at=AT))
    assert files.entries.stat().st_size > 2 * BLOCK
    assert len(again(folder)) == 1
    assert again(folder).append(Draft(EntryKind.REMOVED, removed(), event="x", at=AT)).index == 1
    assert again(folder).verify() is not None


def test_a_record_that_shrinks_under_its_writer_stops_it(written: Written, folder: Path, files: Files) -> None:
    record = written(3)
    lines = files.entries.read_bytes().splitlines(keepends=True)
    files.entries.write_bytes(b"".join(lines[:2]))
    with pytest.raises(RecordTruncated, match="it held 3 entries"):
        record.append(Draft(EntryKind.REMOVED, removed(), event="x", at=AT))


def test_a_kind_of_a_later_version_is_reported_as_that_and_not_as_damage(
    record: Record, folder: Path, files: Files
) -> None:
    record.append(Draft(EntryKind.REFUSED, {"photo": "0a1b2c3d"}, event="e", at=AT))
    line = files.entries.read_bytes().replace(b'"refused"', b'"teleported"')
    files.entries.write_bytes(line)
    files.leaves.write_bytes(leaf_line(commit(bytes(range(32)), line[:-1]), bytes(range(32))))
    with pytest.raises(RecordError, match="newer version") as told:
        again(folder).verify()
    assert told.type is RecordError


# --- Choosing ---


def test_entries_are_chosen_by_time_visit_device_and_kind(record: Record, folder: Path) -> None:
    record.append_all(
        [
            Draft(EntryKind.TRANSFERRED, transferred("1"), "1", AT),
            Draft(EntryKind.TRANSFERRED, transferred("2", visit="2026-zoo"), "2", AT + timedelta(hours=1)),
            Draft(EntryKind.REMOVED, removed("1"), "3", AT + timedelta(hours=2)),
        ]
    )
    record.append(Draft(EntryKind.REMOVED, removed("2"), event="4", at=AT + timedelta(hours=3)))

    def chosen(**by: object) -> list[int]:
        return [entry.index for entry in record.entries(**by)]  # type: ignore[arg-type]  # by name, as a table

    assert chosen() == [0, 1, 2, 3]
    assert chosen(since=AT + timedelta(hours=1)) == [1, 2, 3]
    assert chosen(until=AT + timedelta(hours=1)) == [0]
    assert chosen(visit="2026-zoo") == [1]
    assert chosen(device="laptop-18") == []
    assert chosen(kinds={EntryKind.REMOVED}, device="laptop-17") == [2, 3]


def test_what_is_chosen_is_checked_with_all_that_is_not(written: Written, folder: Path, files: Files) -> None:
    written(3)
    content = bytearray(files.entries.read_bytes())
    content[30] ^= 1
    files.entries.write_bytes(content)
    with pytest.raises(RecordAltered, match="at entry 0"):
        list(again(folder).entries(since=AT + timedelta(days=1)))
