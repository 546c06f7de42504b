"""Checking each line of a record against its leaf, and the entries against themselves and one another.

Lines are read in order, however many there are; only numbers are remembered.
"""

import json
from collections.abc import Container
from datetime import datetime, timedelta
from typing import Any

from agent.audit.evidence import Piece
from agent.audit.findings import Findings, Former, RecordFault
from agent.audit.versions import as_version
from agent.errors import RecordAltered
from agent.record.leaf import ERASED_SALT, LEAF_LINE, commit, erased_index, read_leaf_line
from agent.record.schema import EntryKind

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of a line that are read at once: nothing of ours is as long, and memory is not for others to fill."""

AHEAD = timedelta(hours=1)
"""How far a clock may run ahead before what it says is not believed."""


class Lines:
    """The lines of one device's record, read at the moment `now` by the reader's own clock.

    `erased` are the entries that were taken out; `passed_on` names each key that the log was passed on to, with the
    entry that says so. `times` are those of the last entries of each size in `sizes`; `last_at` is the last one's.
    `heard` is, likewise for each size, the latest moment at which the device was certainly there: what the share's
    clock said, else the laptop's, unless it lies in the future. `ahead` counts entries that the laptop dated in the
    future. `versions` is, for each size, which version of the program the device ran. `renamed_to` is the name that the
    last entry says the device has now, `formers` the names before. `read` is what the last line's JSON says, None where
    that line is no entry, or not the one that was written.
    """

    def __init__(self, device: str, sizes: Container[int], findings: Findings, notes: list[str], now: datetime) -> None:
        self._device = device
        self._sizes = sizes
        self._findings = findings
        self._notes = notes
        self._now = now
        self._may_be_erased: set[int] = set()
        self._others: set[int] = set()
        self.erased: set[int] = set()
        self.passed_on: dict[str, int] = {}
        self.times: dict[int, datetime] = {}
        self.last_at: datetime | None = None
        self.heard: dict[int, datetime | None] = {}
        self.ahead = 0
        self.read: dict[str, Any] | None = None
        self.renamed_to: str | None = None
        self.formers: list[Former] = []
        self.versions: dict[int, str | None] = {}
        self._version: str | None = None
        self._last_heard: datetime | None = None
        self._first_ahead: tuple[int, datetime] | None = None

    @property
    def to_erase(self) -> tuple[int, ...]:
        """Entries that others say were erased, and that are not, or not wholly."""
        return tuple(sorted(self._may_be_erased - self.erased))

    def leaf(self, piece: Piece, kept: bytes, line: bytes, index: int) -> tuple[bytes, bytes] | None:
        """The leaf's data and its salt; None, told, where they cannot be read."""
        torn = piece.size is None and not line.endswith(b"\n")  # a crash came before its leaf was written, or in it
        if len(kept) < LEAF_LINE and not kept.endswith(b"\n"):  # a cut leaves no line end
            if not torn:
                self._findings.add(RecordFault.TRUNCATED, f"the leaf of entry {index} is missing", index=index)
            return None
        try:
            return read_leaf_line(kept)
        except RecordAltered:
            self._findings.add(RecordFault.ALTERED, f"the leaf of entry {index} is not what was written", index=index)
            return None

    def line(self, piece: Piece, line: bytes, leaf: tuple[bytes, bytes], index: int) -> bool:
        """Check an entry's line against its leaf; False where nothing may follow."""
        data, salt = leaf
        text = line[:-1]
        self.read = None
        if not line.endswith(b"\n"):
            if piece.size is None and commit(salt, line) != data:
                self._notes.append("a crash cut the last line; the next run puts it aside")
                return False
            if piece.size is not None and commit(salt, text) != data:
                self._findings.add(RecordFault.TRUNCATED, f"entry {index} is cut", index=index)
                return False
            if piece.size is None:
                text = line
            else:
                self._findings.add(RecordFault.ALTERED, f"the end of entry {index}'s line was changed", index=index)
        if commit(salt, text) == data:
            self._entry(text, index)
        elif erased_index(text) == index and salt == ERASED_SALT:
            self.erased.add(index)
        else:
            self._findings.add(RecordFault.ALTERED, f"entry {index} is not what was written", index=index)
        return True

    def _entry(self, text: bytes, index: int) -> None:
        """What an entry says of itself and of others."""
        try:
            read: dict[str, Any] = json.loads(text)
            at = _instant(read["at"])
            share_at = None if read.get("share_at") is None else _instant(read["share_at"])
            stated, device, kind, body = read["index"], read["device"], read["kind"], read["body"]
            if kind == EntryKind.ERASED:
                self._may_be_erased.add(int(body["entry"]))
            elif kind == EntryKind.KEY_ROTATED:
                self.passed_on[str(body["new_key"])] = index
            elif kind in {EntryKind.HEARTBEAT, EntryKind.ENROLLED}:
                self._version = as_version(body.get("version")) or self._version
            self._name(kind, body)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._findings.add(RecordFault.ALTERED, f"entry {index} was not written by this program", index=index)
            return
        if stated != index:
            self._findings.add(RecordFault.ALTERED, f"entry {index} was written as entry {stated!r}", index=index)
        if device != self._device:
            self._others.add(index)
        self.read = read
        self._date(index, at, share_at)
        self.last_at = at
        if index + 1 in self._sizes:
            self.times[index + 1] = at
            self.heard[index + 1] = self._last_heard
            self.versions[index + 1] = self._version

    def _name(self, kind: object, body: dict[str, Any]) -> None:
        self.renamed_to = None
        if kind != EntryKind.RENAMED:
            return
        old, new = str(body["old_name"]), str(body["new_name"])
        if old == self._device:
            self.renamed_to = new
        elif new == self._device and "entries" in body:
            self.formers.append(Former(old, int(body["entries"]), str(body.get("root", ""))))

    def _date(self, index: int, at: datetime, share_at: datetime | None) -> None:
        """When the device was last heard of, as far as this entry tells: no clock is believed that runs ahead."""
        latest = self._now + AHEAD
        if at > latest or (share_at is not None and at - share_at > AHEAD):
            self.ahead += 1
            self._first_ahead = self._first_ahead or (index, at)
        told = at if share_at is None else share_at
        if told <= latest:
            self._last_heard = told

    def conclude(self, *, to_the_end: bool) -> None:
        """Tell what only shows when all was read; `to_the_end` says whether it was."""
        for index in sorted(self.erased - self._may_be_erased):
            text = f"entry {index} was taken out, and no entry says why"
            if to_the_end:
                self._findings.add(RecordFault.ALTERED, text, index=index)
            else:  # the one that says why may be among what is missing
                self._findings.add(RecordFault.TRUNCATED, f"{text} as far as they are here", index=index)
        for index in self.to_erase:
            self._notes.append(f"entry {index} was erased on the laptop but is still in this copy")
        if self._first_ahead is not None:
            index, at = self._first_ahead
            entries = "1 entry is" if self.ahead == 1 else f"{self.ahead} entries are"
            self._notes.append(
                f"{entries} dated in the future, first entry {index} ({at:%Y-%m-%d}): the laptop's clock was wrong"
            )
        for index in sorted(self._others):
            self._findings.add(RecordFault.ALTERED, f"entry {index} is of another device", index=index)


def _instant(text: str) -> datetime:
    """A time with its offset; ValueError for one without."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without its offset")
    return found
