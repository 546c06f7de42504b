"""The record of one device: an append-only file in which each entry carries the hash of the one before it.

On return of an append its entries are on the medium (fsync of the file and, when it is new, of its folder). What a
crash cut in the middle of a line is moved aside into `torn-…` before the next append; any other damage stops it with
`RecordAltered`, for a chain is not carried on over a gap. One process writes at a time (the laptop's lock); any may
read.
"""

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from agent.errors import RecordAltered, RecordTruncated
from agent.model import Receipt, Sha256
from agent.record.durable import sync_file, sync_folder
from agent.record.entry import NOTHING_BEFORE, Draft, Entry, entry_of, line_of
from agent.record.reading import chain, end_of, told
from agent.record.schema import JSON, Kind, check, identity

FILE = "record.jsonl"

LOOK_BACK = 16 * 1024 * 1024
"""How far back, in bytes from the end, an append looks for its own event: some 15,000 transfers.

An event is repeated only when a crash came between its entry and the journal's commit, so within the last run. The
bound keeps the first append of a run as fast in a record of a million entries as in one of a thousand.
"""

# The last members of a line in canonical order. A quote within text is escaped, so this matches the keys alone.
_EVENT = re.compile(rb'"event":"((?:[^"\\\n]|\\.)*)","hash":"[0-9a-f]{64}","index":\d+,"kind":"[a-z-]+","previous":"')


@dataclass(slots=True)
class _Writing:
    """What a writer knows of the file: its size, what the next entry follows, and where recent events stand."""

    size: int
    count: int
    last: Sha256
    events: dict[str, int] = field(default_factory=dict)


class Record:
    """Open it with `Record.open`. Opening touches nothing; the first append makes the folder and the file."""

    def __init__(self, folder: Path, device: str) -> None:
        self._folder = folder
        self._path = folder / FILE
        self._device = device
        self._writing: _Writing | None = None

    @classmethod
    def open(cls, folder: Path, device: str) -> Self:
        """The record in `folder`, to which entries of `device` are appended; an absent one is empty."""
        return cls(folder, device)

    # --- Writing ---

    def append(self, kind: Kind, body: Mapping[str, JSON], *, event: str, at: datetime) -> Receipt:
        """Put this down; durable on return. See `append_all`."""
        return self.append_all([Draft(kind, body, event, at)])[0]

    def append_all(self, drafts: Sequence[Draft]) -> list[Receipt]:
        """Put these down in their order with one fsync; all durable on return, a receipt each.

        An event that was put down before (within `LOOK_BACK`) is not doubled: its first receipt is returned. An event
        whose name was used for something else (another content, another visit) is that something no more: it is put
        down beside it as `EVENT-2`, `EVENT-3`, …

        RecordError when it cannot be written (disk full): then none of them counts as written. RecordError, too, for
        a body that the schema does not allow. RecordAltered or RecordTruncated if the file is not as it was left.
        """
        for draft in drafts:
            check(draft.kind, draft.body)
        with told():
            writing = self._ready()
            lines: list[bytes] = []
            fresh: dict[str, tuple[Receipt, object, int]] = {}
            size, count, last = writing.size, writing.count, writing.last
            receipts = []
            for draft in drafts:
                event, receipt = self._written_before(draft, writing, fresh)
                if receipt is None:
                    line, digest = line_of(replace(draft, event=event), self._device, count, last)
                    lines.append(line + b"\n")
                    receipt = Receipt(count, digest)
                    fresh[event] = (receipt, identity(draft.kind, draft.body), size)
                    size, count, last = size + len(line) + 1, count + 1, digest
                receipts.append(receipt)
            if lines:
                self._write(b"".join(lines), writing.size)
                writing.events.update((event, offset) for event, (_, _, offset) in fresh.items())
                writing.size, writing.count, writing.last = size, count, last
        return receipts

    def _written_before(
        self, draft: Draft, writing: _Writing, fresh: Mapping[str, tuple[Receipt, object, int]]
    ) -> tuple[str, Receipt | None]:
        """The event's name in the record and, if this very thing is there already, its receipt."""
        event, number, wanted = draft.event, 1, identity(draft.kind, draft.body)
        while True:
            if event in fresh:
                receipt, found, _ = fresh[event]
            elif event in writing.events:
                entry = self._entry_at(writing.events[event])
                receipt, found = entry.receipt, identity(entry.kind, entry.body)
            else:
                return event, None
            if found == wanted:
                return event, receipt
            number += 1
            event = f"{draft.event}-{number}"

    def _entry_at(self, offset: int) -> Entry:
        with self._path.open("rb") as file:
            file.seek(offset)
            return entry_of(file.readline().rstrip(b"\n"))

    def _write(self, content: bytes, size: int) -> None:
        """Append `content` behind the first `size` bytes; on a fault the file is cut back to them."""
        new = size == 0
        if new:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            sync_file(descriptor)
            if new:
                sync_folder(self._folder)
        except BaseException:
            # Nothing of it is believed: neither here nor, if cutting back fails as well, by the next append, which
            # reads the file's end anew and finds either a torn line or whole entries under their own events.
            self._writing = None
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
        finally:
            os.close(descriptor)

    def _ready(self) -> _Writing:
        """What the next append needs to know, with the file's end mended if a crash tore it."""
        size = self._size()
        if self._writing is not None and self._writing.size == size:
            return self._writing
        if self._writing is not None and size < self._writing.size:
            raise RecordTruncated(
                f"The record was cut: it held {self._writing.count} entries a moment ago. Stop photo-agent and tell IT."
            )
        self._mend()
        end = end_of(self._path)
        last = end.last
        self._writing = (
            _Writing(0, 0, NOTHING_BEFORE) if last is None else _Writing(end.whole, last.index + 1, last.hash)
        )
        self._writing.events.update(self._recent_events(end.whole))
        return self._writing

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def _mend(self) -> None:
        end = end_of(self._path)
        if not end.torn and not end.unended:
            return
        if end.torn:
            aside = self._folder / f"torn-{end.whole}-{hashlib.sha256(end.torn).hexdigest()[:12]}"
            with aside.open("wb") as file:
                file.write(end.torn)
                file.flush()
                sync_file(file.fileno())
            sync_folder(self._folder)
        with self._path.open("r+b") as file:
            file.truncate(end.whole)
            if end.unended:
                file.seek(end.whole)
                file.write(b"\n")
                file.flush()
            sync_file(file.fileno())

    def _recent_events(self, whole: int) -> Iterator[tuple[str, int]]:
        """Each event within LOOK_BACK of the end, with the offset of its line."""
        if whole == 0:
            return
        start = max(0, whole - LOOK_BACK)
        with self._path.open("rb") as file:
            file.seek(start)
            if start:
                start += len(file.readline())  # most likely in the middle of a line
            for line in file:
                if found := _EVENT.search(line):
                    yield json.loads(b'"' + found[1] + b'"'), start
                start += len(line)

    # --- Reading ---

    def entries(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        visit: str | None = None,
        device: str | None = None,
        kinds: Collection[Kind] | None = None,
    ) -> Iterator[Entry]:
        """The entries from `since` on and before `until`, of this visit, device and these kinds, oldest first.

        The chain is checked on the way, also over those left out: RecordAltered at the first that does not hold.
        """
        for entry in self._chain():
            if (
                (since is None or entry.at >= since)
                and (until is None or entry.at < until)
                and (visit is None or entry.body.get("visit") == visit)
                and (device is None or entry.device == device)
                and (kinds is None or entry.kind in kinds)
            ):
                yield entry

    def verify(self, expected: Receipt | None = None) -> Receipt | None:
        """Check every entry; the last one's receipt, or None of an empty record.

        `expected` is a receipt given earlier: RecordTruncated if the record no longer reaches it, RecordAltered if
        another entry stands there. RecordAltered, with the place, for any damage.
        """
        last: Entry | None = None
        for last in self._chain():
            if expected is not None and last.index == expected.index and last.hash != expected.hash:
                raise RecordAltered(
                    f"The record was altered: entry {last.index} is not the one that was written. "
                    "Another record was put in its place, or it was written anew."
                )
        if expected is not None and (last is None or last.index < expected.index):
            raise RecordTruncated(
                f"The record was cut: entry {expected.index} was written, but it ends "
                + ("before the first." if last is None else f"at entry {last.index}.")
            )
        return None if last is None else last.receipt

    def __len__(self) -> int:
        """How many entries it holds, as its last one says."""
        last = end_of(self._path).last
        return 0 if last is None else last.index + 1

    def _chain(self) -> Iterator[Entry]:
        with told():
            try:
                file = self._path.open("rb")
            except FileNotFoundError:
                return
            with file:
                yield from chain(file)
