"""Checking each line of a record against its leaf, and the entries for consistency with themselves and each other.

Lines are read in order, however many there are; only numbers are remembered.
"""

from collections.abc import Container
from datetime import datetime, timedelta
from typing import Any

from agent.audit.evidence import Piece
from agent.audit.findings import Findings, Former, RecordFault
from agent.audit.versions import as_version
from agent.errors import RecordAltered
from agent.record.entry import DECODE
from agent.record.kinds import EntryKind
from agent.record.leaf import ERASED_SALT, LEAF_LINE, commit, erased_index, read_leaf_line

LONGEST_LINE = 16 * 1024 * 1024
"""The most bytes of a line that are read at once: no entry is as long, and a hostile file must not fill memory."""

AHEAD = timedelta(hours=1)
"""A time further in the future than this is not believed."""


class Lines:
    """The lines of one device's record, read at the moment `now` by the reader's own clock.

    `erased` are the entries that were erased; `passed_on` names each new log key, with the entry that says so. `times`
    holds, for each size in `sizes`, the time of the last entry at that size; `last_at` is the time of the last entry.
    `heard` holds, for each size, the latest moment at which the device was certainly active: by the share's clock if
    stated, otherwise by the laptop's, unless that lies in the future. `ahead` counts entries that the laptop dated in
    the future. `versions` holds, for each size, the program version that the device ran. `renamed_to` is the device's
    new name by its last entry, `formers` its earlier names. `read` is the JSON of the last line, None if that line
    is not an entry or has been altered.
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
        """Entries that were erased by the word of later entries, and are still here, wholly or in part."""
        return tuple(sorted(self._may_be_erased - self.erased))

    def leaf(self, piece: Piece, leaf_line: bytes, line: bytes, index: int) -> tuple[bytes, bytes] | None:
        """The leaf's data and its salt; None, with a finding, if they cannot be read."""
        torn = piece.size is None and not line.endswith(b"\n")  # a crash came before or while its leaf was written
        if len(leaf_line) < LEAF_LINE and not leaf_line.endswith(b"\n"):  # a cut leaves no line end
            if not torn:
                self._findings.add(RecordFault.TRUNCATED, f"the leaf of entry {index} is missing", index=index)
            return None
        try:
            return read_leaf_line(leaf_line)
        except RecordAltered:
            self._findings.add(RecordFault.ALTERED, f"the leaf of entry {index} has been altered", index=index)
            return None

    def line(self, piece: Piece, line: bytes, leaf: tuple[bytes, bytes], index: int) -> bool:
        """Check an entry's line against its leaf; False if nothing may follow."""
        data, salt = leaf
        text = line[:-1]
        self.read = None
        if not line.endswith(b"\n"):
            if piece.size is None and commit(salt, line) != data:
                self._notes.append("a crash cut the last line short; the next run sets it aside")
                return False
            if piece.size is not None and commit(salt, text) != data:
                self._findings.add(RecordFault.TRUNCATED, f"entry {index} is cut short", index=index)
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
            self._findings.add(RecordFault.ALTERED, f"entry {index} has been altered", index=index)
        return True

    def _entry(self, text: bytes, index: int) -> None:
        """Note what an entry says about itself and about others."""
        try:
            read: dict[str, Any] = DECODE(text.decode())
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
            self._findings.add(RecordFault.ALTERED, f"entry {index} says that it is entry {stated!r}", index=index)
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
        """Note when the device was last heard from, by this entry; a clock that is fast is not believed."""
        latest = self._now + AHEAD
        if at > latest or (share_at is not None and at - share_at > AHEAD):
            self.ahead += 1
            self._first_ahead = self._first_ahead or (index, at)
        stated_at = at if share_at is None else share_at
        if stated_at <= latest:
            self._last_heard = stated_at

    def conclude(self, *, to_the_end: bool) -> None:
        """Report what only shows after the last line; `to_the_end` says whether all lines were read."""
        for index in sorted(self.erased - self._may_be_erased):
            text = f"entry {index} was erased, and no entry says why"
            if to_the_end:
                self._findings.add(RecordFault.ALTERED, text, index=index)
            else:  # the entry that says why may be among the missing ones
                self._findings.add(RecordFault.TRUNCATED, f"{text} among those that are here", index=index)
        for index in self.to_erase:
            self._notes.append(f"entry {index} was erased on the laptop but is still in this copy")
        if self._first_ahead is not None:
            index, at = self._first_ahead
            entries = "1 entry is" if self.ahead == 1 else f"{self.ahead} entries are"
            self._notes.append(
                f"{entries} dated in the future, first entry {index} ({at:%Y-%m-%d}): the laptop's clock was wrong"
            )
        for index in sorted(self._others):
            self._findings.add(RecordFault.ALTERED, f"entry {index} belongs to another device", index=index)


def _instant(text: str) -> datetime:
    """A time with its offset; ValueError if it has none."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time needs its offset")
    return found
