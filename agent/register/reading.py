"""The result of reading a register: the lines that can be believed, and every fault, whatever the file holds."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from agent.model import Doubt, Register, RegisteredCamera, Visit, VisitId
from agent.register.cells import key
from agent.register.dates import Order
from agent.register.faults import Fault

Kind = Literal["csv", "ics"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say of reading.

    `zone` is the laptop's, for lines that name none; `dates` the order of day and month; `longest` how long a visit may
    be without a person accepting it.
    """

    zone: str
    dates: Order = Order.DAY_FIRST
    longest: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class VisitsReading:
    """The visits without an error, in the file's order; `lines` are theirs, in the same order.

    `doubtful` are the lines left out that may be of a visit. `distrusted` is why nothing in the file is believed.
    """

    visits: tuple[Visit, ...]
    faults: tuple[Fault, ...]
    lines: tuple[int, ...] = ()
    doubtful: tuple[Doubt, ...] = ()
    distrusted: Fault | None = None


@dataclass(frozen=True, slots=True)
class CamerasReading:
    """The cameras without an error, in the file's order.

    `lost` are the lines left out that say, or may say, a clock error: photos of these cameras would be judged by a
    clock that is known to be wrong, so the store does not believe such a file.
    """

    cameras: tuple[RegisteredCamera, ...]
    faults: tuple[Fault, ...]
    lost: tuple[int, ...] = ()


def cross_check(register: Register, lines: dict[VisitId, int] | None = None) -> tuple[Fault, ...]:
    """Warn of camera labels in visits that no registered camera has: photos on those visits would wait for review.

    `lines` are the visits' lines, where they are known. Without any registered camera every label is unknown.
    """
    known = {key(camera.label) for camera in register.cameras}
    return tuple(
        Fault((lines or {}).get(visit.id, 0), "cameras", f"no registered camera is labelled “{label}”", "warning")
        for visit in register.visits
        for label in sorted(visit.cameras)
        if key(label) not in known
    )
