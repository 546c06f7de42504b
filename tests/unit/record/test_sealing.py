"""A seal does not read the seals before it, and still notices that these were altered."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import RecordAltered
from agent.record import Record, seals
from agent.record.files import Files
from agent.record.keys import LogKey
from agent.record.publish import progress, to_publish
from tests.unit.record.copies import append_short


@pytest.fixture
def sealed(record: Record, signer: LogKey) -> Record:
    for _ in range(30):
        append_short(record, 1)
        record.seal(signer)
    return record


def looked_at(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object]) -> int:
    """How many seals are taken apart while this is done."""
    count = [0]
    known = seals._seal_of

    def counted(line: bytes) -> seals.Seal:
        count[0] += 1
        return known(line)

    with monkeypatch.context() as patched:
        patched.setattr(seals, "_seal_of", counted)
        what()
    return count[0]


def test_a_seal_takes_none_of_the_earlier_ones_apart(
    sealed: Record, folder: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_short(sealed, 1)
    assert looked_at(monkeypatch, lambda: sealed.seal(signer)) == 0
    again = Record.open(folder, "laptop-17")
    append_short(again, 1)
    assert looked_at(monkeypatch, lambda: again.seal(signer)) == 1
    assert [seal.size for seal in again.seals()] == list(range(1, 33))


def test_what_is_to_be_published_is_found_from_the_end(sealed: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    last = sealed.seals()[-3]
    assert looked_at(monkeypatch, lambda: progress(sealed, last.checkpoint)) == 3
    assert looked_at(monkeypatch, lambda: list(to_publish(sealed, last.size))) == 3
    assert [one.size for one in to_publish(sealed, 0)] == list(range(1, 31))


@pytest.mark.parametrize("lost", [True, False])
def test_an_earlier_seal_that_was_altered_stops_the_first_seal_of_a_run(
    sealed: Record, folder: Path, files: Files, signer: LogKey, lost: bool
) -> None:
    lines = files.seals.read_bytes().splitlines(keepends=True)
    files.seals.write_bytes(b"".join(lines[:10] + lines[11:]))
    if lost:
        files.tree.unlink()
    again = Record.open(folder, "laptop-17")
    append_short(again, 1)
    with pytest.raises(RecordAltered, match="a part is missing"):
        again.seal(signer)


def test_a_list_of_seals_that_another_process_changed_is_looked_at_again(
    sealed: Record, files: Files, signer: LogKey
) -> None:
    lines = files.seals.read_bytes().splitlines(keepends=True)
    files.seals.write_bytes(b"".join(lines[:10] + lines[11:]))
    append_short(sealed, 1)
    with pytest.raises(RecordAltered):
        sealed.seal(signer)


@pytest.mark.parametrize("kept", [b"", b"{}", b'{"seals": 7}', b'{"seals": "zz"}'])
def test_without_what_makes_it_quick_a_seal_is_as_good(
    sealed: Record, folder: Path, files: Files, signer: LogKey, kept: bytes
) -> None:
    files.tree.write_bytes(kept)
    again = Record.open(folder, "laptop-17")
    append_short(again, 1)
    assert [seal.size for seal in again.seal(signer)] == [31]


def test_a_line_that_a_crash_cut_is_passed_over_from_the_end_too(
    sealed: Record, folder: Path, files: Files, signer: LogKey
) -> None:
    with files.seals.open("ab") as file:
        file.write(json.dumps({"first": 30}).encode())
    again = Record.open(folder, "laptop-17")
    assert [seal.size for seal in again.seals_from_the_end()] == list(range(30, 0, -1))
    append_short(again, 1)
    again.seal(signer)
    assert [seal.size for seal in again.seals()] == list(range(1, 32))


SECTOR = 512


@pytest.mark.parametrize("missing", [slice(0, SECTOR), slice(100, 300), slice(0, -1)])
@pytest.mark.parametrize("lines", [1, 2])
def test_lines_with_zeros_that_a_power_cut_left_are_passed_over(
    sealed: Record, folder: Path, files: Files, signer: LogKey, missing: slice, lines: int
) -> None:
    before, tree = files.seals.read_bytes(), files.tree.read_bytes()
    for _ in range(lines):
        append_short(sealed, 1)
        sealed.seal(signer)
    torn = bytearray(files.seals.read_bytes()[len(before) :])
    torn[missing] = bytes(len(torn[missing]))
    files.seals.write_bytes(before + torn)
    files.tree.write_bytes(tree)  # it is stored after the list
    again = Record.open(folder, "laptop-17")
    assert [seal.size for seal in again.seals()] == list(range(1, 31))
    assert [seal.size for seal in again.seals_from_the_end()] == list(range(30, 0, -1))
    assert [seal.size for seal in again.seal(signer)] == [30 + lines]
    assert again.verify() is not None
    assert [seal.size for seal in again.seals()] == [*range(1, 31), 30 + lines]


@pytest.mark.parametrize("damage", [b"", b"\0" * 40 + b"\n"])
def test_the_loss_of_a_seal_that_the_disk_had_is_reported(
    sealed: Record, folder: Path, files: Files, signer: LogKey, damage: bytes
) -> None:
    lines = files.seals.read_bytes().splitlines(keepends=True)
    files.seals.write_bytes(b"".join(lines[:-1]) + damage)
    again = Record.open(folder, "laptop-17")
    append_short(again, 1)
    with pytest.raises(RecordAltered, match="a part is missing"):
        again.seal(signer)
