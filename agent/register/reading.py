"""The result of reading a register: the lines that can be used, and every fault, whatever the file contains."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from agent.model.ids import VisitId
from agent.model.register import Doubt, Register, RegisteredCamera, Visit
from agent.register.cells import key
from agent.register.dates import Order
from agent.register.faults import Fault

Kind = Literal["csv", "ics"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings for reading a register.

    `zone` is the laptop's, for lines that name none; `dates` is the order of day and month; `longest` is how long a
    visit may be without a person accepting it.
    """

    zone: str
    dates: Order = Order.DAY_FIRST
    longest: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class VisitsReading:
    """The visits without an error, in the file's order; `lines` are their line numbers, in the same order.

    `doubtful` are left-out lines that may be visits. `distrusted` is the reason why nothing in the file is used.
    """

    visits: tuple[Visit, ...]
    faults: tuple[Fault, ...]
    lines: tuple[int, ...] = ()
    doubtful: tuple[Doubt, ...] = ()
    distrusted: Fault | None = None


@dataclass(frozen=True, slots=True)
class CamerasReading:
    """The cameras without an error, in the file's order.

    `lost` are left-out lines that give, or may give, a clock error: photos from these cameras would be judged by a
    clock that is known to be wrong, so the store does not accept such a file.
    """

    cameras: tuple[RegisteredCamera, ...]
    faults: tuple[Fault, ...]
    lost: tuple[int, ...] = ()


def cross_check(register: Register, lines: dict[VisitId, int] | None = None) -> tuple[Fault, ...]:
    """Warn of camera labels in visits that no registered camera has: photos from those visits would wait for review.

    `lines` are the visits' line numbers, if known. Without any registered camera every label is unknown.
    """
    known = {key(camera.label) for camera in register.cameras}
    return tuple(
        Fault((lines or {}).get(visit.id, 0), "cameras", f"no registered camera is labelled “{label}”", "warning")
        for visit in register.visits
        for label in sorted(visit.cameras)
        if key(label) not in known
    )
