"""Adding up proven entries as they come, each looked at once: memory grows only with the number of open photos.

A record need not be well-formed: a field that is missing or strange counts as not stated, and the numbers of visits,
laptops, places and open photos that are counted separately are limited. Entries beyond the limits are only counted.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from agent.audit.report.cells import Breach, Cell, Day, Laptop, Month, Statement, Unfinished
from agent.audit.report.inspections import Inspection, inspection_of
from agent.audit.report.shown import count_of, text_of, time_of
from agent.model.proof import Method
from agent.model.removal import Outcome
from agent.record.entry import Entry
from agent.record.kinds import EntryKind
from agent.record.words import Place, Word

MOST_VISITS = 2_000
"""The most visits of one laptop that are counted separately."""

MOST_OPEN = 500_000
"""The most photos of one laptop that may be unfinished at once."""

MOST_NAMED = 50
"""The most entries named for one trouble; also the most names of staff, cameras or places of one visit."""

MOST_STATED = 10_000
"""The most statements and inspections that are shown."""

HISTORY = timedelta(days=400)
"""How far back days and months are counted separately."""

_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Times outside this range cannot be a laptop's, and near the ends of the calendar dates cannot be calculated."""

_CAMERA = re.compile(r"[0-9]{8}-[0-9]{6}_([a-z0-9-]{1,40})_[0-9a-f]{6,}")

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Tally:
    """The sums. Days and months begin in `zone`; call `settle` once, after the last entry."""

    def __init__(self, now: datetime, zone: tzinfo) -> None:
        self._zone = zone
        self._oldest = (now - HISTORY).astimezone(zone).date()
        self._newest = (now + timedelta(days=1)).astimezone(zone).date()
        self._day_of: dict[tuple[int, int, int, int, int], date] = {}
        self._open: dict[str, Unfinished] = {}
        self._visits: dict[str, int] = {}
        self._became: dict[str, str] = {}
        self.cells: dict[tuple[str, str], Cell] = {}
        self.laptops: dict[str, Laptop] = {}
        self._months: dict[tuple[str, int, int], Month] = {}
        self.breaches: dict[tuple[str, str, str], Breach] = {}
        self.statements: list[Statement] = []
        self.inspections: list[Inspection] = []
        self.left_out: Counter[str] = Counter()
        self._take: dict[EntryKind, Callable[[Entry, Laptop, datetime], None]] = {
            EntryKind.TRANSFERRED: self._transferred,
            EntryKind.REMOVED: self._removed,
            EntryKind.LEFTOVER_REPORTED: self._seen_elsewhere,
            EntryKind.NOT_REMOVED: self._not_removed,
            EntryKind.SHARE_LOST: self._lost,
            EntryKind.LEFT_ON_SHARE: self._breach,
            EntryKind.OVERDUE: self._overdue,
            EntryKind.REFUSED: self._refused,
            EntryKind.SHARE_REFUSED: self._share_refused,
            EntryKind.ATTESTED: self._attested,
            EntryKind.INSPECTED: self._inspected,
            EntryKind.HEARTBEAT: self._heartbeat,
            EntryKind.ENROLLED: self._enrolled,
            EntryKind.KEY_ROTATED: self._rotated,
            EntryKind.RENAMED: self._renamed,
        }

    # --- as a sink ---------------------------------------------------------------------------------------------------

    def entry(self, entry: Entry) -> None:
        """Add one proven entry."""
        laptop = self.laptops.get(entry.device)
        if laptop is None:
            laptop = self.laptops[entry.device] = Laptop(entry.device)
            self._open[entry.device] = Unfinished()
        when = min(max(entry.share_at or entry.at, _EARLIEST), _LATEST)
        laptop.entries += 1
        laptop.first = laptop.first or when
        if laptop.last is not None:
            laptop.longest_silence = max(laptop.longest_silence, (when - laptop.last).total_seconds())
        laptop.last = when
        if self._oldest <= (day := self._date(when)) <= self._newest and day not in laptop.days:
            laptop.days[day] = Day()
        take = self._take.get(entry.kind)
        if take is not None:
            take(entry, laptop, when)

    def forget(self, device: str) -> None:
        """Remove everything about this laptop. It is the last one, so its own items are last everywhere."""
        *by_name, cells, breaches, months = self._sums()
        for sums in by_name:
            sums.pop(device, None)
        for keyed, place in ((cells, 1), (breaches, 1), (months, 0)):
            while keyed and next(reversed(keyed))[place] == device:
                keyed.popitem()
        said: tuple[list[Any], ...] = (self.statements, self.inspections)
        for some in said:
            while some and some[-1].device == device:
                some.pop()

    def _sums(self) -> tuple[dict[Any, Any], ...]:
        by_name = (self.laptops, self._open, self._visits, self._became, self.left_out)
        return (*by_name, self.cells, self.breaches, self._months)

    def join(self, other: "Tally") -> None:
        """Add what was added up elsewhere about other laptops, which come after all that are here."""
        for mine, theirs in zip(self._sums(), other._sums(), strict=True):  # noqa: SLF001  # another of this class
            mine.update(theirs)
        self.statements += other.statements[: MOST_STATED - len(self.statements)]
        self.inspections += other.inspections[: MOST_STATED - len(self.inspections)]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_day_of": {}}  # only saves time

    def settle(self) -> None:
        """Join records that continue under another name, and count what is still open."""
        older: dict[str, list[str]] = {}
        for old, new in self._became.items():
            older.setdefault(new, []).append(old)
        for device, here in self._open.items():
            names = _names_of(device, older) if here.early else []
            for photo, at in here.early.items():
                for other in names:
                    sent = self._open[other].sent.pop(photo, None) if other in self._open else None
                    if sent is not None:
                        self._gone(*sent, at)
                        break
        for here in self._open.values():
            for cell, _ in here.sent.values():
                cell.open += 1
            for cell, outcome in here.became.values():
                cell.outcomes[outcome] += 1
            sent_ids = {photo for photo, _ in here.sent}
            for late, cell in here.overdue.items():
                cell.overdue += 1
                cell.overdue_unsent += late not in sent_ids
            for cell in here.refused.values():
                cell.refused += 1
        self._open.clear()

    @property
    def months(self) -> dict[tuple[int, int], Month]:
        """The months of all laptops together, by year and number."""
        several: dict[tuple[int, int], list[Month]] = {}
        for (_, year, number), one in self._months.items():
            several.setdefault((year, number), []).append(one)
        return {key: Month.of(ones) for key, ones in several.items()}

    def goes_on_as(self, device: str) -> str | None:
        """The name under which this laptop's record continues, by its own word."""
        return self._became.get(device)

    # --- kinds -------------------------------------------------------------------------------------------------------

    def _transferred(self, entry: Entry, laptop: Laptop, when: datetime) -> None:
        body, here = entry.body, self._open[entry.device]
        cell = self._cell(entry)
        photo = (body.get("photo"), body.get("transfer"))
        if cell is None or not _hashable(photo):
            return
        here.overdue.pop(photo[0], None)
        here.refused.pop(photo[0], None)
        laptop.reached_at = when
        if photo in here.sent:
            return  # recorded twice: it is one photo
        proven = time_of(body, "proven_at")
        found, reach = time_of(body, "found_at"), time_of(body, "reachable_at")
        if len(here.sent) < MOST_OPEN:
            here.sent[photo] = (cell, proven)
        else:
            self.left_out[entry.device] += 1
        cell.photos += 1
        files = [one for one in _list(body.get("files")) if isinstance(one, dict)]
        size = sum(count_of(one, "original_size") for one in files)
        cell.files += len(files)
        cell.own_files += sum(one.get("method") != Method.ALREADY_THERE for one in files)
        cell.bytes += size
        cell.by_person += body.get("decided_by") == "person"
        cell.unsynced += not (files and all(one.get("synced") is True for one in files))
        if body.get("damage") is not None:
            cell.damaged += 1
        cell.found_reach.add(found, reach)
        cell.reach_proven.add(reach, proven)
        if proven is not None:
            cell.first = proven if cell.first is None else min(cell.first, proven)
            cell.last = proven if cell.last is None else max(cell.last, proven)
        _note(cell.staff, text_of(body, "staff"))
        version = body.get("register_version")
        if isinstance(version, str) and version not in cell.registers and _SHA256.fullmatch(version):
            _note(cell.registers, version)
        for one in files[:1]:
            made_by = _CAMERA.match(str(one.get("name")).rpartition("/")[2])
            _note(cell.cameras, made_by[1] if made_by else "")
        if (day := laptop.days.get(self._date(when))) is not None:
            day.photos += 1
            day.damaged += body.get("damage") is not None
        if (month := self._month(entry.device, when)) is not None:
            month.photos += 1
            month.bytes += size
            month.reach_proven.add(reach, proven)

    def _removed(self, entry: Entry, _laptop: Laptop, _when: datetime) -> None:
        body, here = entry.body, self._open[entry.device]
        photo = (body.get("photo"), body.get("transfer"))
        if not _hashable(photo):
            return
        at = time_of(body, "removed_at")
        here.overdue.pop(photo[0], None)
        here.became.pop(photo, None)
        sent = here.sent.pop(photo, None)
        if sent is not None:
            self._gone(*sent, at)
        elif len(here.early) < MOST_OPEN:
            here.early[photo] = at  # sent under the laptop's former name
        cell = self._cell(entry)
        if cell is None:
            return
        self._leftovers(cell, body)

    def _seen_elsewhere(self, entry: Entry, _laptop: Laptop, _when: datetime) -> None:
        if (cell := self._cell(entry)) is not None:
            self._leftovers(cell, entry.body)

    @staticmethod
    def _leftovers(cell: Cell, body: Mapping[str, Any]) -> None:
        """Count where copies were found, not found, or could not be looked for."""
        for one in _list(body.get("leftovers"))[:MOST_NAMED]:
            if isinstance(one, dict):
                place = text_of(one, "kind")
                if place in cell.places or len(cell.places) < MOST_NAMED:
                    sums = cell.places.setdefault(place, [0, 0, 0])
                    sums[{"yes": 1, "no": 2}.get(str(one.get("found")), 0)] += 1

    @staticmethod
    def _gone(cell: Cell, proven: datetime | None, at: datetime | None) -> None:
        cell.removed += 1
        cell.proven_removed.add(proven, at)
        if at is not None:
            cell.last_removed = at if cell.last_removed is None else max(cell.last_removed, at)

    def _not_removed(self, entry: Entry, _laptop: Laptop, _when: datetime) -> None:
        body, cell = entry.body, self._cell(entry)
        outcome = body.get("outcome")
        if cell is None or outcome not in tuple(Outcome):
            return
        photo = (body.get("photo"), body.get("transfer"))
        here = self._open[entry.device]
        if _hashable(photo) and len(here.became) < MOST_OPEN:
            here.became[photo] = (cell, str(outcome))  # the last word on it counts

    def _lost(self, entry: Entry, laptop: Laptop, when: datetime) -> None:
        if (cell := self._cell(entry)) is not None:
            cell.lost += 1
        self._breach(entry, laptop, when)

    def _overdue(self, entry: Entry, laptop: Laptop, when: datetime) -> None:
        photo, cell = entry.body.get("photo"), self._cell(entry)
        here = self._open[entry.device]
        if cell is not None and _hashable((photo,)) and len(here.overdue) < MOST_OPEN:
            here.overdue[photo] = cell
            since = time_of(entry.body, "reachable_at") or when
            cell.overdue_since = since if cell.overdue_since is None else max(cell.overdue_since, since)
        self._breach(entry, laptop, when)
        if (month := self._month(entry.device, when)) is not None:
            month.overdue += 1

    def _refused(self, entry: Entry, laptop: Laptop, when: datetime) -> None:
        photo, cell = entry.body.get("photo"), self._cell(entry)
        here = self._open[entry.device]
        if cell is not None and _hashable((photo,)) and len(here.refused) < MOST_OPEN:
            here.refused[photo] = cell
        self._breach(entry, laptop, when)
        if (month := self._month(entry.device, when)) is not None:
            month.refused += 1

    def _share_refused(self, entry: Entry, laptop: Laptop, when: datetime) -> None:
        laptop.refused_at = when
        laptop.refused_why = "host key" if entry.body.get("reason") == "host key" else "login"
        self._breach(entry, laptop, when)
        if (month := self._month(entry.device, when)) is not None:
            month.share_refused += 1

    def _attested(self, entry: Entry, _laptop: Laptop, when: datetime) -> None:
        body = entry.body
        said = {str(place): str(body.get(place)) for place in Place if body.get(place) in tuple(Word)}
        if len(self.statements) < MOST_STATED and isinstance(body.get("visit"), str):
            visit, staff = str(body["visit"])[:500], text_of(body, "staff")
            self.statements.append(Statement(visit, staff, entry.device, entry.index, when, said))

    def _inspected(self, entry: Entry, _laptop: Laptop, when: datetime) -> None:
        if len(self.inspections) < MOST_STATED:
            self.inspections.append(inspection_of(entry, when))

    @staticmethod
    def _heartbeat(entry: Entry, laptop: Laptop, when: datetime) -> None:
        laptop.heartbeat = entry
        laptop.reached_at = when if entry.share_at is not None else laptop.reached_at
        laptop.version = text_of(entry.body, "version") or laptop.version

    @staticmethod
    def _enrolled(entry: Entry, laptop: Laptop, when: datetime) -> None:
        laptop.staff = text_of(entry.body, "staff") or laptop.staff
        laptop.version = text_of(entry.body, "version") or laptop.version
        laptop.key_since = when

    @staticmethod
    def _rotated(_entry: Entry, laptop: Laptop, when: datetime) -> None:
        laptop.key_since = when

    def _renamed(self, entry: Entry, _laptop: Laptop, _when: datetime) -> None:
        # Only the old record can name its successor: otherwise any record could claim anybody's photos.
        old, new = entry.body.get("old_name"), entry.body.get("new_name")
        if old == entry.device and isinstance(new, str) and new != old:
            self._became[old] = new

    # --- shared by them ----------------------------------------------------------------------------------------------

    def _cell(self, entry: Entry) -> Cell | None:
        visit = entry.body.get("visit")
        if not isinstance(visit, str):
            return None
        key = (visit[:500], entry.device)
        cell = self.cells.get(key)
        if cell is None:
            if self._visits.get(entry.device, 0) >= MOST_VISITS:
                self.left_out[entry.device] += 1
                return None
            self._visits[entry.device] = self._visits.get(entry.device, 0) + 1
            cell = self.cells[key] = Cell(*key)
        return cell

    def _breach(self, entry: Entry, laptop: Laptop, when: datetime) -> None:
        visit = entry.body.get("visit")
        key = (str(entry.kind), entry.device, visit[:500] if isinstance(visit, str) else "")
        if key not in self.breaches and (key[2], key[1]) not in self.cells:
            key = (key[0], key[1], "")
        one = self.breaches.setdefault(key, Breach(*key))
        one.count += 1
        one.first = one.first or when
        one.last = when
        if len(one.entries) < MOST_NAMED:
            one.entries.append(entry.index)
        if (day := laptop.days.get(self._date(when))) is not None:
            day.trouble = True

    def _date(self, when: datetime) -> date:
        # Offsets of zones are whole quarters of an hour, so each quarter has one date.
        if when.tzinfo is not UTC:
            when = when.astimezone(UTC)
        key = (when.year, when.month, when.day, when.hour, when.minute // 15)
        found = self._day_of.get(key)
        if found is None:
            if len(self._day_of) > 100_000:
                self._day_of.clear()
            found = when.astimezone(self._zone).date()
            self._day_of[key] = found
        return found

    def _month(self, device: str, when: datetime) -> Month | None:
        day = self._date(when)
        if not self._oldest <= day <= self._newest:
            return None
        return self._months.setdefault((device, day.year, day.month), Month())


def _names_of(device: str, older: Mapping[str, Sequence[str]]) -> list[str]:
    """The former names of the laptop now called `device`: every record that says so counts, as any may claim it."""
    seen, waiting = {device}, [device]
    while waiting:
        for old in older.get(waiting.pop(), ()):
            if old not in seen:
                seen.add(old)
                waiting.append(old)
    return sorted(seen - {device})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _hashable(values: tuple[object, ...]) -> bool:
    return all(value is None or isinstance(value, str) for value in values)


def _note(into: set[str], value: str) -> None:
    if value and len(into) < MOST_NAMED:
        into.add(value)
