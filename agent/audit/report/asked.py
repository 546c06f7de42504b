"""What a report is made from, apart from the record: the time, the visits list, keeping times, spot checks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.audit.findings import Report
from agent.audit.report.checks import SpotCheck
from agent.audit.report.words import Clock
from agent.model.register import Visit
from agent.record.note import Signer


@dataclass(frozen=True, slots=True)
class VisitWords:
    """What the visits list says today about a visit; a record never has a visit's title or dates."""

    title: str
    starts: datetime
    ends: datetime
    zone: str
    staff: frozenset[str] = frozenset()


def visit_words(visits: Iterable[Visit]) -> dict[str, VisitWords]:
    """The same for a whole visits list, by id, without cancelled visits."""
    return {
        one.id: VisitWords(one.title, one.span.earliest, one.span.latest, one.zone, one.staff)
        for one in visits
        if not one.cancelled
    }


@dataclass(frozen=True, slots=True)
class Keeping:
    """How many days photos of a visit stay on the share; None if nobody has said. A visit on hold is never due."""

    days: int | None = None
    visits: Mapping[str, int] = field(default_factory=dict)
    held: frozenset[str] = frozenset()

    def of(self, visit: str) -> int | None:
        """The days for this visit."""
        return self.visits.get(visit, self.days)


@dataclass(frozen=True, slots=True)
class Asked:
    """`visits` is None if there is no visits list; `silence` is how long a laptop may stay silent."""

    now: datetime
    clock: Clock
    visits: Mapping[str, VisitWords] | None = None
    keeping: Keeping = Keeping()
    spot_checks: Sequence[SpotCheck] = ()
    unread_checks: int = 0
    silence: timedelta = timedelta(days=3)
    signer: Signer | None = None


@dataclass(frozen=True, slots=True)
class OnShare:
    """How many files are in a visit's folder on the share, and their bytes."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Examined:
    """What the copy held: a report on each device, and the visits' folders, None if those could not be read."""

    reports: Mapping[str, Report]
    folders: Mapping[str, OnShare] | None
