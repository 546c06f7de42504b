"""The record of one device: an append-only file of entries, a leaf of the tree for each, and seals that sign them.

When an append returns, its entries are on the disk, and their leaves before them. A line that a crash cut is moved to
`torn-…` before the next append. Any other damage stops the append with `RecordAltered` or `RecordTruncated`, because a
record must not continue over a gap. One process writes at a time (the laptop's lock); any may read.
"""

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from agent.errors import RecordAltered, RecordTruncated
from agent.files.durable import replace_file
from agent.model.ids import Sha256
from agent.model.proof import Receipt
from agent.record import erasing, files, recent
from agent.record.entry import Draft, Entry, chosen, entry_of, line_of
from agent.record.files import Files
from agent.record.kinds import EntryKind
from agent.record.leaf import LEAF_LINE, SALT, commit, leaf_line, read_leaf_line
from agent.record.note import Signer
from agent.record.reading import End, as_record_error, chain, end_of
from agent.record.recent import Recent
from agent.record.schema import check, identity
from agent.record.seals import Seal, SealList, make_seals, read_seals, seals_from_the_end, signed_size
from agent.record.tree import leaf_hash


@dataclass(slots=True)
class _Writing:
    """What a writer knows about the files: the entries' size, how many there are, and where recent events begin.

    `events` are those that came after `recent` was written.
    """

    size: int
    count: int
    recent: Recent
    events: dict[str, int]


class Record:
    """Open it with `Record.open`. Opening touches nothing; the first append makes the folder and the files."""

    def __init__(
        self, folder: Path, device: str, salts: Callable[[int], bytes], share_time: Callable[[], datetime | None]
    ) -> None:
        self._files = Files(folder / device)
        self._device = device
        self._salts = salts
        self._share_time = share_time
        self._writing: _Writing | None = None
        self._sealed = SealList(self._files)
        self._made = False  # in this process: another may have made the folder and ended before syncing it

    @classmethod
    def open(
        cls,
        folder: Path,
        device: str,
        *,
        salts: Callable[[int], bytes] = secrets.token_bytes,
        share_time: Callable[[], datetime | None] = lambda: None,
    ) -> Self:
        """The record of `device`, in a folder of its own within `folder`; an absent one is empty.

        `salts` makes random bytes; `share_time` is the share's clock, which gives None without a connection.
        """
        return cls(folder, device, salts, share_time)

    @property
    def device(self) -> str:
        """Whose record this is."""
        return self._device

    @property
    def files(self) -> Files:
        """Where it lies."""
        return self._files

    # --- Writing ---

    def append(self, draft: Draft) -> Receipt:
        """Write this entry; durable on return. See `append_all`."""
        return self.append_all([draft])[0]

    def append_all(self, drafts: Sequence[Draft]) -> list[Receipt]:
        """Write these entries in their order, durable on return; a receipt for each.

        An event that was written before (within `LOOK_BACK`) is not written twice: its first receipt is returned. If
        the event's name was used for something else (another content, another visit), this is another event: it is
        written too, as `EVENT-2`, `EVENT-3`, …

        RecordError if they cannot be written (disk full): then none of them counts as written. RecordError, too, for
        a body that the schema does not allow. RecordAltered or RecordTruncated if the files are not as they were left.
        """
        for draft in drafts:
            check(draft.kind, draft.body)
        if not drafts:
            return []
        with as_record_error():
            writing = self._ready()
            lines: list[bytes] = []
            leaves: list[bytes] = []
            fresh: dict[str, tuple[Receipt, object, int]] = {}
            size, count = writing.size, writing.count
            receipts = []
            share_at = self._share_time()
            for draft in drafts:
                event, receipt = self._written_before(draft, writing, fresh)
                if receipt is None:
                    line = line_of(replace(draft, event=event), self._device, count, share_at)
                    salt = self._salts(SALT)
                    data = commit(salt, line)
                    lines.append(line + b"\n")
                    leaves.append(leaf_line(data, salt))
                    receipt = Receipt(count, Sha256(leaf_hash(data).hex()))
                    fresh[event] = (receipt, identity(draft.kind, draft.body), size)
                    size, count = size + len(line) + 1, count + 1
                receipts.append(receipt)
            if lines:
                self._write(b"".join(lines), b"".join(leaves), writing)
                writing.events.update((event, offset) for event, (_, _, offset) in fresh.items())
                writing.size, writing.count = size, count
        return receipts

    def seal(self, signer: Signer, *, rotation: str | None = None) -> list[Seal]:
        """Sign everything that was written since the last seal; the new seals, durable on return.

        `rotation` is a note that goes with the last of them. RecordError if the key is not the one that signs here.
        """
        with as_record_error():
            if self._files.entries.exists():
                writing = self._ready()
                seals = make_seals(self._files, self._device, signer, writing.count, self._sealed, rotation)
                if seals:
                    writing.recent = recent.keep(
                        self._files, writing.recent, writing.events, writing.size, writing.count
                    )
                    writing.events = {}
                return seals
        return []

    def erase(self, index: int, *, at: datetime, reason: str = "") -> Receipt:
        """Erase entry `index`, as the law may demand, after an entry that says so; the receipt of that one.

        Its text and its salt are overwritten; its leaf stays, so that every proof holds. May be repeated. ValueError
        if the record has no such entry, or if it is of kind "erased" itself. IT erases what was published:
        `agent.audit.erasing`.
        """
        from agent.record.bodies import Erased

        with as_record_error():
            self._ready()
            where = erasing.find(self._files, index)
            receipt = self.append(Erased(entry=index, reason=reason or None).draft(f"erased-{index}", at))
            erasing.overwrite(self._files, where)
            self._files.recent.unlink(missing_ok=True)  # it knows the erased entry's event
            self._writing = None
        return receipt

    def _written_before(
        self, draft: Draft, writing: _Writing, fresh: Mapping[str, tuple[Receipt, object, int]]
    ) -> tuple[str, Receipt | None]:
        """The event's name in the record and, if this very event is there already, its receipt."""
        event, number, wanted = draft.event, 1, identity(draft.kind, draft.body)
        while True:
            if event in fresh:
                receipt, found, _ = fresh[event]
            elif (entry := self._found(event, writing)) is not None:
                receipt, found = entry.receipt, identity(entry.kind, entry.body)
            else:
                return event, None
            if found == wanted:
                return event, receipt
            number += 1
            event = f"{draft.event}-{number}"

    def _found(self, event: str, writing: _Writing) -> Entry | None:
        if event in writing.events:
            return self._entry_at(writing.events[event])
        there = (self._entry_at(place) for place in writing.recent.places(event))
        return next((entry for entry in there if entry.event == event), None)

    def _entry_at(self, offset: int) -> Entry:
        with self._files.entries.open("rb") as file:
            file.seek(offset)
            line = file.readline().rstrip(b"\n")
        index = entry_of(line, Sha256("")).index
        with self._files.leaves.open("rb") as file:
            file.seek(index * LEAF_LINE)
            data, salt = read_leaf_line(file.read(LEAF_LINE))
        if commit(salt, line) != data:
            raise RecordAltered(f"The record was altered at entry {index}. Keep the files as they are and tell IT.")
        return entry_of(line, Sha256(leaf_hash(data).hex()))

    def _write(self, lines: bytes, leaves: bytes, writing: _Writing) -> None:
        if not self._made:
            self._files.make()
            self._made = True
        try:
            files.append(self._files.leaves, leaves, writing.count * LEAF_LINE)
            files.append(self._files.entries, lines, writing.size)
        except BaseException:
            # None of it is believed: neither here nor, if cutting back fails too, by the next append, which reads the
            # files' ends again and finds either a torn line or whole entries under their own events.
            self._writing = None
            with suppress(OSError):
                files.cut(self._files.leaves, writing.count * LEAF_LINE)
            raise

    def _ready(self) -> _Writing:
        """What the next append needs to know; ends of files that a crash tore are mended."""
        size, leaves = files.size_of(self._files.entries), files.size_of(self._files.leaves)
        known = self._writing
        if known is not None and (known.size, known.count * LEAF_LINE) == (size, leaves):
            return known
        if known is not None and size < known.size:
            raise RecordTruncated(
                f"The record was cut: it held {known.count} entries a moment ago. Stop photo-agent and tell IT."
            )
        erasing.finish(self._files)
        end = end_of(self._files.entries, self._files.leaves)
        signed = signed_size(self._files.seals)
        if signed > end.count:
            raise RecordTruncated(
                f"The record was cut: {signed} entries were signed, but it holds {end.count}. "
                "Stop photo-agent and tell IT."
            )
        end = self._mended(end)
        index = recent.recent_entries(self._files, end.whole)
        since = dict(recent.read(self._files.entries, index.covers, end.whole)) if index.covers < end.whole else {}
        self._writing = _Writing(end.whole, end.count, index, since)
        return self._writing

    def _mended(self, end: End) -> End:
        if end.torn:
            aside = self._files.folder / f"torn-{end.whole}-{hashlib.sha256(end.torn).hexdigest()[:12]}"
            replace_file(aside, end.torn)
        if end.torn or end.unended:
            files.cut(self._files.entries, end.whole, b"\n" if end.unended else b"")
        # Nobody was promised leaves whose entries were not written.
        too_many = files.size_of(self._files.leaves) > end.count * LEAF_LINE
        if too_many:
            files.cut(self._files.leaves, end.count * LEAF_LINE)
        if not (end.torn or end.unended or too_many):
            return end
        return end_of(self._files.entries, self._files.leaves)

    # --- Reading ---

    def entries(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        visit: str | None = None,
        device: str | None = None,
        kinds: Collection[EntryKind] | None = None,
    ) -> Iterator[Entry]:
        """The entries from `since` on and before `until`, of this visit, device and these kinds, oldest first.

        Each is checked against its leaf, also those left out: RecordAltered at the first that does not match. Erased
        entries are not among them.
        """
        return chosen(self._chain(), since=since, until=until, visit=visit, device=device, kinds=kinds)

    def seals(self) -> list[Seal]:
        """All seals, oldest first."""
        return read_seals(self._files.seals)

    def seals_from_the_end(self) -> Iterator[Seal]:
        """All seals, newest first, each read when it is asked for."""
        return seals_from_the_end(self._files.seals)

    def last_seal(self) -> Seal | None:
        """The newest seal; None before the first. RecordAltered if the list of seals was altered."""
        with as_record_error():
            return self._sealed.last()

    def verify(self, expected: Receipt | None = None) -> Receipt | None:
        """Check every entry against its leaf; the last one's receipt, or None if the record is empty.

        `expected` is a receipt given earlier: RecordTruncated if the record no longer reaches it, RecordAltered if
        another entry is there. RecordAltered, with the place, for any damage. `agent.audit` checks signatures.
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
        """How many entries it holds, erased ones too, according to its last one."""
        return end_of(self._files.entries, self._files.leaves).count

    def _chain(self) -> Iterator[Entry]:
        with as_record_error():
            try:
                entries = self._files.entries.open("rb")
            except FileNotFoundError:
                return
            with entries, self._files.leaves.open("rb") as leaves:
                yield from chain(entries, leaves, signed_size(self._files.seals))
