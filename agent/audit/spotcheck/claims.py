"""What the records say about the share and about the transfers that were drawn: one pass over all of them.

The lines of entries that were drawn are collected wherever they are, signed or not: their proof decides. Other entries
are believed only if nothing is wrong with their record; what a damaged record says is remembered as doubtful.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agent.audit.evidence import PublishedEvidence
from agent.audit.findings import Report
from agent.audit.lines import LONGEST_LINE
from agent.audit.spotcheck.transfers import Transfer, TransferredFile, read_transfer, staff_of
from agent.files.beneath import NotPlain
from agent.record.kinds import EntryKind
from agent.record.leaf import LEAF_LINE
from agent.record.published import origin

Place = tuple[str, int]
"""A record's origin and an entry's index."""

_READ = (EntryKind.TRANSFERRED, EntryKind.REMOVED, EntryKind.NOT_REMOVED, EntryKind.ENROLLED)
_MARKS = tuple(f'"kind":"{kind}"'.encode() for kind in _READ)


@dataclass(frozen=True, slots=True)
class Claim:
    """An entry's statement that the share holds this under a name."""

    place: Place
    transfer: Transfer
    file: TransferredFile


@dataclass(frozen=True, slots=True)
class Removal:
    """What a record says happened to a photo: that it was removed, or the reason why it was not."""

    device: str
    outcome: str | None


@dataclass(slots=True)
class Claims:
    """`lines` holds, for each entry drawn, every line with its leaf that claims its place; `held` the claims about the
    files drawn, `removals` those about photos, by photo and transfer. `staff` says, by device, who works with it and
    since when. `visited` are the visits for which a member of staff has transfers, `visits` all that have any; `sent`
    are the photos of each pair of device and visit that was drawn.
    """

    lines: defaultdict[Place, list[tuple[bytes, bytes]]] = field(default_factory=lambda: defaultdict(list))
    held: defaultdict[str, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    removals: defaultdict[tuple[str, str], list[Removal]] = field(default_factory=lambda: defaultdict(list))
    staff: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    visited: set[tuple[str, str]] = field(default_factory=set)
    visits: set[str] = field(default_factory=set)
    sent: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    _named: set[bytes] = field(default_factory=set)
    _doubtful: set[bytes] = field(default_factory=set)
    _transfers: set[bytes] = field(default_factory=set)

    def has_name(self, name: str) -> bool:
        """Whether a believed entry says that the share holds this file."""
        return _short(name) in self._named

    def may_have_name(self, name: str) -> bool:
        """Whether an entry of a damaged record says so."""
        return _short(name) in self._doubtful

    def has_transfer(self, transfer: str) -> bool:
        """Whether any record has an entry for this transfer."""
        return _short(transfer) in self._transfers

    def take(self, device: str, entry: Mapping[str, Any], files: Collection[str], wanted: Collection[str]) -> None:
        """Add an entry of a record: `files` are the names that were drawn, `wanted` the transfers."""
        kind, body = entry.get("kind"), entry.get("body")
        at = _instant(entry.get("at"))
        if not isinstance(body, dict) or at is None:
            return
        believed = device not in self.damaged
        if kind == EntryKind.TRANSFERRED:
            said = read_transfer(body)
            if said is not None:
                self._transferred(device, entry.get("index"), said, files, believed=believed)
        elif not believed:
            return
        elif kind == EntryKind.ENROLLED:
            self.staff[device] = (staff_of(body.get("staff")), at)
        elif body.get("transfer") in wanted:
            outcome = None if kind == EntryKind.REMOVED else str(body.get("outcome"))
            self.removals[str(body.get("photo")), str(body["transfer"])].append(Removal(device, outcome))

    def _transferred(
        self, device: str, index: object, said: Transfer, files: Collection[str], *, believed: bool
    ) -> None:
        self._transfers.add(_short(said.transfer))
        (self._named if believed else self._doubtful).update(_short(file.name) for file in said.files)
        if not believed:
            return
        self.visited.add((said.staff or device, said.visit))
        self.visits.add(said.visit)
        if (photos := self.sent.get((device, said.visit))) is not None:
            photos.append(said.files[0].name)
        before = self.staff.get(device)
        if said.staff and (before is None or before[0] != said.staff):
            self.staff[device] = (said.staff, said.proven_at if before is None else before[1])
        for file in said.files:
            if file.name in files and isinstance(index, int):
                self.held[file.name].append(Claim((origin(device), index), said, file))


def gather(
    evidences: Sequence[tuple[PublishedEvidence, Report]],
    places: Collection[Place],
    files: Collection[str],
    wanted: Collection[str],
    visits: Collection[tuple[str, str]],
) -> Claims:
    """Read every record once; `places` are the entries that were drawn, `visits` their devices and visits."""
    claims = Claims(
        sent={pair: [] for pair in visits}, damaged={report.device for _, report in evidences if report.findings}
    )
    for evidence, report in evidences:
        mine = origin(evidence.device)
        for index, line, leaf_line in raw_lines(evidence):
            if (mine, index) in places:
                claims.lines[mine, index].append((line, leaf_line))
            if any(mark in line for mark in _MARKS) and (report.findings or index < report.signed):
                try:
                    entry = json.loads(line)
                except (ValueError, RecursionError):
                    continue  # verifying reports it
                if isinstance(entry, dict):
                    claims.take(evidence.device, entry, files, wanted)
    return claims


def raw_lines(evidence: PublishedEvidence) -> Iterator[tuple[int, bytes, bytes]]:
    """Every line with its index and its leaf's line, unchecked, however many pieces claim its place."""
    for piece in evidence.pieces:
        if piece.entries is None or piece.leaves is None:
            continue
        try:
            with piece.entries.open() as entries, piece.leaves.open() as leaves:
                index = piece.first
                while line := entries.readline(LONGEST_LINE):
                    yield index, line, leaves.read(LEAF_LINE)
                    index += 1
        except (OSError, NotPlain):
            continue  # verifying reports it


def _short(text: str) -> bytes:
    """Enough of a name to recognise it: a million full names would take 100 MB."""
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


def _instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
