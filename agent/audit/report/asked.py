"""What a report is made with, beside the record: the moment, the visits list, keeping times, spot checks."""

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
    """What the visits list says today of a visit; no record has its title or its dates."""

    title: str
    starts: datetime
    ends: datetime
    zone: str
    staff: frozenset[str] = frozenset()


def visit_words(visits: Iterable[Visit]) -> dict[str, VisitWords]:
    """The same of a whole visits list, by id, without those that are cancelled."""
    return {
        one.id: VisitWords(one.title, one.span.earliest, one.span.latest, one.zone, one.staff)
        for one in visits
        if not one.cancelled
    }


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long photos of a visit are kept on the share, in days; None: nobody said. Of what is held, nothing is due."""

    days: int | None = None
    visits: Mapping[str, int] = field(default_factory=dict)
    held: frozenset[str] = frozenset()

    def of(self, visit: str) -> int | None:
        """The days of this visit."""
        return self.visits.get(visit, self.days)


@dataclass(frozen=True, slots=True)
class Asked:
    """`visits` is None where there is no visits list; `silence` is how long a laptop may say nothing."""

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
    """What the copy held: a report on each device; and its visits' folders, None where they could not be looked at."""

    reports: Mapping[str, Report]
    folders: Mapping[str, OnShare] | None
