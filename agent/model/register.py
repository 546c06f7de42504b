"""The school's visits and cameras, as the register has them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.model.capture import Place
from agent.model.ids import Sha256, VisitId
from agent.model.times import Interval


@dataclass(frozen=True, slots=True)
class Visit:
    """A line of the visits register. Empty `staff` or `cameras`: anyone, any.

    `zone` is the zone it starts in; `then` are the later zones of the journey, in their order; it ends in the last.
    `cancelled` is any visit that does not count; `why_not` gives the reason if it is not simply cancelled. `line` is
    its line in the register's file, for messages; 0: not known.
    """

    id: VisitId
    title: str
    span: Interval
    zone: str
    staff: frozenset[str] = frozenset()
    cameras: frozenset[str] = frozenset()
    place: Place | None = None
    radius_km: float | None = None
    cancelled: bool = False
    then: tuple[str, ...] = ()
    why_not: str = ""
    line: int = field(default=0, compare=False)

    @property
    def zones(self) -> tuple[str, ...]:
        """Every zone that a clock on this visit may have been set to, each once; the first is where it starts."""
        return tuple(dict.fromkeys((self.zone, *self.then)))

    @property
    def ends_in(self) -> str:
        """The zone of its end."""
        return self.then[-1] if self.then else self.zone


@dataclass(frozen=True, slots=True)
class RegisteredCamera:
    """A line of the cameras register. A clock that runs ahead shows a later time than the true one."""

    label: str
    make: str | None = None
    model: str | None = None
    serial: str | None = None
    owner: str = "staff"
    clock_ahead: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line of the visits register that was not understood, and when its visit could have been: photos wait.

    `span` is None if none of its dates could be read. `staff`, if it could be read, are the only people that the line
    can concern; empty: anyone.
    """

    line: int
    why: str
    span: Interval | None = None
    staff: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Register:
    """The visits and cameras at `read_at`; `version` is the SHA-256 over both files' bytes.

    `doubtful` are lines that could not be read as a visit. `accepted` says whether a person accepted these very files.
    """

    visits: tuple[Visit, ...]
    cameras: tuple[RegisteredCamera, ...]
    version: Sha256
    read_at: datetime
    doubtful: tuple[Doubt, ...] = ()
    accepted: bool = False
