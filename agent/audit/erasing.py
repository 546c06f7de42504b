"""Erasing, in the published record on the server, what the devices' signed records say was erased (GDPR, Art. 17).

IT runs this, most likely as root, in folders that the devices may write to. So each file is opened once, by handles
from the folder down, and must be a plain file with no other name. It is read, checked and written through that one
handle, so that a link that is swapped in meanwhile leads nowhere.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from agent.audit.evidence import Piece, PublishedEvidence, Source, opened_copy
from agent.audit.findings import RecordFault, Report
from agent.audit.lines import LONGEST_LINE
from agent.audit.verify import verify_all
from agent.files.beneath import NotPlain
from agent.files.durable import sync_file
from agent.record.erasing import SALT_AT
from agent.record.leaf import ERASED_SALT, LEAF_LINE, tombstone
from agent.record.note import VerifierKey


@dataclass(frozen=True, slots=True)
class Erased:
    """One device: its report afterwards, and how many entries were erased; None if its record was left alone."""

    report: Report
    entries: int | None


def erase_copy(folder: Path, keys: Sequence[VerifierKey], *, now: datetime) -> Iterator[Erased]:
    """Erase in every record of a copy what its own later entries say was erased; a record that does not verify is left
    alone.

    If an erasure was interrupted, its entries count as altered, and only those are erased.
    """
    with opened_copy(folder) as copy:
        before = verify_all(copy, keys, now=now)
        done: dict[str, tuple[int | None, str | None]] = {}
        for evidence, report in before:
            if any(finding.index not in report.to_erase for finding in report.findings):
                done[report.device] = (None, None)
                continue
            try:
                done[report.device] = (erase_published(evidence, report.to_erase), None)
            except NotPlain as fault:
                done[report.device] = (None, f"a file of its record {fault}, so nothing more was erased")
            except OSError as fault:
                done[report.device] = (None, f"a file of its record cannot be written: {fault.strerror}")
        for _, report in verify_all(copy, keys, now=now):
            entries, trouble = done.get(report.device, (None, None))
            yield Erased(report if trouble is None else report.with_finding(RecordFault.ALTERED, trouble), entries)


def erase_published(evidence: PublishedEvidence, indices: Collection[int]) -> int:
    """Overwrite these entries wherever they are in a device's published record; returns how many there were.

    The files keep their names, and all proofs hold. Raises NotPlain or OSError at the first file that is not as
    expected; that file is left unchanged.
    """
    return sum(_erase(piece, wanted) for piece in evidence.pieces if (wanted := _within(piece, indices)))


def _within(piece: Piece, indices: Collection[int]) -> list[int]:
    return [index for index in indices if piece.size is not None and piece.first <= index < piece.size]


def _erase(piece: Piece, wanted: Collection[int]) -> int:
    if piece.leaves is None:
        return 0
    if piece.entries is None:
        return _erase_salts(piece, piece.leaves, wanted)
    done = 0
    with piece.entries.open_to_overwrite() as entries, piece.leaves.open_to_overwrite() as leaves:
        entries.seek(piece.entries.start)
        for row, offset, length in list(_places(entries, [index - piece.first for index in wanted])):
            _overwrite(entries, piece.entries.start + offset, tombstone(piece.first + row, length))
            _overwrite(leaves, piece.leaves.start + row * LEAF_LINE + SALT_AT, ERASED_SALT.hex().encode())
            done += 1
    return done


def _erase_salts(piece: Piece, source: Source, wanted: Collection[int]) -> int:
    """Erase the salts of leaves whose entries are in another file, and erased there."""
    with source.open_to_overwrite() as leaves:
        for index in wanted:
            place = source.start + (index - piece.first) * LEAF_LINE + SALT_AT
            _overwrite(leaves, place, ERASED_SALT.hex().encode())
    return 0


def _places(entries: BinaryIO, rows: Collection[int]) -> Iterator[tuple[int, int, int]]:
    """For each of these lines: its number, where it begins, and its length without the line end."""
    offset, last = 0, max(rows, default=-1)
    for row in range(last + 1):
        line = entries.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            return
        if row in rows:
            yield row, offset, len(line) - 1
        offset += len(line)


def _overwrite(file: BinaryIO, offset: int, content: bytes) -> None:
    file.seek(0, 2)
    if offset + len(content) > file.tell():
        raise NotPlain("is shorter than it was a moment ago")
    file.seek(offset)
    file.write(content)
    file.flush()
    sync_file(file.fileno())
