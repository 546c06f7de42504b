"""Any change to what was written shows; what a crash tore is mended, and nothing else is."""

import io
import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agent.errors import RecordAltered, RecordError, RecordTruncated
from agent.record import Draft, Kind, Record
from agent.record.entry import line_of
from agent.record.reading import BLOCK, chain
from agent.record.record import FILE
from tests.unit.record.bodies import AT, removed, transferred

Written = Callable[[int], Record]


def again(folder: Path) -> Record:
    return Record.open(folder, "laptop-17")


def test_an_empty_record_is_whole_and_makes_no_file(record: Record, folder: Path) -> None:
    assert (record.verify(), len(record), list(record.entries())) == (None, 0, [])
    assert not folder.exists()


def test_entries_come_back_in_their_order_each_with_the_hash_of_the_one_before(written: Written, folder: Path) -> None:
    entries = list(written(5).entries())
    assert [entry.index for entry in entries] == [0, 1, 2, 3, 4]
    assert [entry.previous for entry in entries] == ["0" * 64, *(entry.hash for entry in entries[:-1])]
    assert entries[3].body == transferred("00000003")
    assert (entries[3].device, entries[3].kind, entries[3].at) == ("laptop-17", Kind.TRANSFERRED, AT)
    assert again(folder).verify() == entries[-1].receipt
    assert len(again(folder)) == 5


def test_the_line_is_canonical_and_its_hash_is_as_the_module_says(written: Written, folder: Path) -> None:
    """An outside reading: json and hashlib alone."""
    import hashlib

    written(2)
    for line in (folder / FILE).read_bytes().splitlines():
        read = json.loads(line)
        assert line == json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        stated = read.pop("hash")
        rest = json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert hashlib.sha256(rest).hexdigest() == stated


def test_the_form_of_an_entry_never_changes(record: Record, folder: Path) -> None:
    """This very line was written by the first version; what reads it today must read it for ever."""
    body = {"photo": "0a1b2c3d", "visit": "2026-café", "reason": "larger than the share takes"}
    receipt = record.append(Kind.REFUSED, body, event="0a1b2c3d-refused", at=AT)
    line = (folder / FILE).read_text("utf-8")
    assert line == (
        '{"at":"2026-03-14T17:00:00+00:00","body":{"photo":"0a1b2c3d","reason":"larger than the share takes",'
        '"visit":"2026-café"},"device":"laptop-17","event":"0a1b2c3d-refused",'
        f'"hash":"{receipt.hash}","index":0,"kind":"refused","previous":"{"0" * 64}"}}\n'
    )
    assert receipt.hash == "5710978590dcc89fefa0dba60aafbfddc277136052b4c10c77846712687b6c86"


def test_every_byte_of_a_record_is_under_its_hashes(short: Written, folder: Path) -> None:
    last = short(3).verify()
    content = (folder / FILE).read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        (folder / FILE).write_bytes(changed)
        with pytest.raises(RecordAltered):
            again(folder).verify(last)


def test_every_bit_of_a_record_is_under_its_hashes(written: Written, folder: Path) -> None:
    written(2)
    content = (folder / FILE).read_bytes()
    assert len(list(chain(io.BytesIO(content)))) == 2
    for place, bit in itertools.product(range(len(content)), range(8)):
        changed = bytearray(content)
        changed[place] ^= 1 << bit
        with pytest.raises(RecordAltered):
            list(chain(io.BytesIO(changed)))


def test_no_altered_record_is_carried_on(written: Written, folder: Path) -> None:
    written(2)
    content = bytearray((folder / FILE).read_bytes())
    content[-100] ^= 1
    (folder / FILE).write_bytes(content)
    with pytest.raises(RecordAltered):
        again(folder).append(Kind.REMOVED, removed(), event="x", at=AT)
    assert (folder / FILE).read_bytes() == content


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
def test_lines_dropped_doubled_swapped_or_put_in_are_found(written: Written, folder: Path, change: str) -> None:
    written(4)
    lines = (folder / FILE).read_bytes().splitlines(keepends=True)
    (folder / FILE).write_bytes(b"".join(altered(lines)[change]))
    with pytest.raises(RecordAltered):
        again(folder).verify()


def test_an_entry_that_skips_a_number_is_found_though_its_own_hash_is_right(short: Written, folder: Path) -> None:
    last = short(2).verify()
    assert last is not None
    line, _ = line_of(Draft(Kind.REFUSED, {"photo": "0a1b2c3d"}, "e", AT), "laptop-17", 3, last.hash)
    with (folder / FILE).open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(RecordAltered, match="at entry 2"):
        again(folder).verify()


def test_an_entry_of_another_device_or_another_record_does_not_fit_in(
    written: Written, folder: Path, tmp_path: Path
) -> None:
    written(3)
    other = Record.open(tmp_path / "other", "laptop-18")
    for number in range(3):
        other.append(Kind.REMOVED, removed(f"{number:08x}"), event=str(number), at=AT)
    lines, others = ((place / FILE).read_bytes().splitlines(keepends=True) for place in (folder, tmp_path / "other"))
    (folder / FILE).write_bytes(lines[0] + others[1] + lines[2])
    with pytest.raises(RecordAltered):
        again(folder).verify()


def test_a_record_cut_at_any_byte_is_known_by_a_receipt_given_before(short: Written, folder: Path) -> None:
    last = short(3).verify()
    assert last is not None
    content = (folder / FILE).read_bytes()
    for length in range(len(content) - 1):
        (folder / FILE).write_bytes(content[:length])
        with pytest.raises(RecordTruncated):
            again(folder).verify(last)
    (folder / FILE).write_bytes(content[:-1])  # all of the entry, only its line end is not there yet
    assert again(folder).verify(last) == last


def test_a_record_that_is_gone_is_known_by_a_receipt_given_before(written: Written, folder: Path) -> None:
    last = written(1).verify()
    (folder / FILE).unlink()
    with pytest.raises(RecordTruncated, match="entry 0 was written"):
        again(folder).verify(last)


def test_a_record_written_anew_is_known_by_a_receipt_given_before(written: Written, folder: Path) -> None:
    last = written(2).verify()
    (folder / FILE).unlink()
    anew = again(folder)
    for number in range(3):
        anew.append(Kind.REMOVED, removed(f"{number:08x}"), event=str(number), at=AT)
    assert anew.verify() is not None
    with pytest.raises(RecordAltered, match="is not the one that was written"):
        anew.verify(last)


# --- Torn by a crash ---


def test_a_line_torn_at_any_byte_is_moved_aside_and_the_chain_goes_on(short: Written, folder: Path) -> None:
    short(3)
    content = (folder / FILE).read_bytes()
    start = content[:-1].rindex(b"\n") + 1
    for length in range(start, len(content) - 1):
        (folder / FILE).write_bytes(content[:length])
        mended = again(folder)
        assert len(list(mended.entries())) == 2  # a reader passes over it and leaves it where it is
        assert (folder / FILE).stat().st_size == length
        receipt = mended.append(Kind.REFUSED, {"photo": "00000002"}, event="00000002-refused", at=AT)
        assert receipt.index == 2
        assert again(folder).verify() == receipt
        assert (folder / FILE).read_bytes() == content
        aside = list(folder.glob("torn-*"))
        assert [file.read_bytes() for file in aside] == ([content[start:length]] if length > start else [])
        for file in aside:
            file.unlink()


@pytest.mark.parametrize("zeros", [0, 1, 4096])
def test_an_entry_that_lacks_only_its_line_end_is_kept(written: Written, folder: Path, zeros: int) -> None:
    written(2)
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[:-1] + bytes(zeros))
    mended = again(folder)
    assert (len(mended), len(list(mended.entries()))) == (2, 2)
    first = mended.append(Kind.TRANSFERRED, transferred("00000001"), event="00000001-transferred", at=AT)
    assert first.index == 1  # known again, not doubled
    assert (folder / FILE).read_bytes() == content
    assert not list(folder.glob("torn-*"))


def test_a_torn_first_line_leaves_an_empty_record(written: Written, folder: Path) -> None:
    written(1)
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[:50])
    assert (again(folder).verify(), len(again(folder))) == (None, 0)
    assert again(folder).append(Kind.REMOVED, removed(), event="x", at=AT).index == 0
    assert [file.read_bytes() for file in folder.glob("torn-*")] == [content[:50]]


def test_a_line_longer_than_a_block_is_found_from_the_end(record: Record, folder: Path) -> None:
    files = transferred()["files"] * 450
    record.append(Kind.TRANSFERRED, transferred(files=files), event="long", at=AT)
    assert (folder / FILE).stat().st_size > 2 * BLOCK
    assert len(again(folder)) == 1
    assert again(folder).append(Kind.REMOVED, removed(), event="x", at=AT).index == 1
    assert again(folder).verify() is not None


def test_a_record_that_shrinks_under_its_writer_stops_it(written: Written, folder: Path) -> None:
    record = written(3)
    lines = (folder / FILE).read_bytes().splitlines(keepends=True)
    (folder / FILE).write_bytes(b"".join(lines[:2]))
    with pytest.raises(RecordTruncated, match="it held 3 entries"):
        record.append(Kind.REMOVED, removed(), event="x", at=AT)


def test_a_kind_of_a_later_version_is_told_as_that_and_not_as_damage(record: Record, folder: Path) -> None:
    import hashlib

    record.append(Kind.REFUSED, {"photo": "0a1b2c3d"}, event="e", at=AT)
    read = json.loads((folder / FILE).read_bytes())
    read["kind"] = "teleported"
    del read["hash"]
    read["hash"] = hashlib.sha256(json.dumps(read, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    (folder / FILE).write_text(json.dumps(read, sort_keys=True, separators=(",", ":")) + "\n")
    with pytest.raises(RecordError, match="newer version") as told:
        again(folder).verify()
    assert told.type is RecordError


# --- Choosing ---


def test_entries_are_chosen_by_time_visit_device_and_kind(record: Record, folder: Path) -> None:
    record.append_all(
        [
            Draft(Kind.TRANSFERRED, transferred("1"), "1", AT),
            Draft(Kind.TRANSFERRED, transferred("2", visit="2026-zoo"), "2", AT + timedelta(hours=1)),
            Draft(Kind.REMOVED, removed("1"), "3", AT + timedelta(hours=2)),
        ]
    )
    Record.open(folder, "laptop-18").append(Kind.REMOVED, removed("2"), event="4", at=AT + timedelta(hours=3))

    def chosen(**by: object) -> list[int]:
        return [entry.index for entry in record.entries(**by)]  # type: ignore[arg-type]  # by name, as a table

    assert chosen() == [0, 1, 2, 3]
    assert chosen(since=AT + timedelta(hours=1)) == [1, 2, 3]
    assert chosen(until=AT + timedelta(hours=1)) == [0]
    assert chosen(visit="2026-zoo") == [1]
    assert chosen(device="laptop-18") == [3]
    assert chosen(kinds={Kind.REMOVED}, device="laptop-17") == [2]


def test_what_is_chosen_is_checked_with_all_that_is_not(written: Written, folder: Path) -> None:
    written(3)
    content = bytearray((folder / FILE).read_bytes())
    content[30] ^= 1
    (folder / FILE).write_bytes(content)
    with pytest.raises(RecordAltered, match="at entry 0"):
        list(again(folder).entries(since=AT + timedelta(days=1)))
