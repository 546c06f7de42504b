"""Checking a register file before it goes on the share: whether it lists visits or cameras, and every fault in it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from agent.model.ids import Sha256
from agent.model.register import Register
from agent.register.cameras import COLUMNS as CAMERAS
from agent.register.cameras import read_cameras
from agent.register.faults import Fault, Which
from agent.register.lengths import without_the_longest
from agent.register.opening import read_visits
from agent.register.reading import Kind, Rules, VisitsReading, cross_check
from agent.register.sheet import header_names


@dataclass(frozen=True, slots=True)
class Checked:
    """How many lines are good, and the faults in the file and between it and the other register."""

    register: Which
    good: int
    faults: tuple[Fault, ...]


def which_register(raw: bytes, name: str) -> Which:
    """Whether a sheet lists visits or cameras: by its header, in any encoding; if that is not clear, by its name."""
    from agent.register.visits import COLUMNS as VISITS

    names = header_names(raw)
    cameras = sum(known in CAMERAS.known for known in names)
    visits = sum(known in VISITS.known for known in names)
    if cameras != visits:
        return "cameras" if cameras > visits else "visits"
    return "cameras" if name.casefold().startswith("cameras") else "visits"


def check(raw: bytes, name: str, *, rules: Rules, cameras: bytes | None = None) -> Checked:
    """Every fault of the file called `name`; never raises on bad content.

    With `cameras`, a cameras register, labels in visits are looked up in it;
    faults in that register itself are reported when it is checked.
    """
    if name.lower().endswith(".ics"):
        return _visits(raw, "ics", rules, cameras)
    if which_register(raw, name) == "cameras":
        read = read_cameras(raw)
        return Checked("cameras", len(read.cameras), read.faults)
    return _visits(raw, "csv", rules, cameras)


def _visits(raw: bytes, kind: Kind, rules: Rules, cameras: bytes | None) -> Checked:
    read = without_the_longest(read_visits(raw, kind=kind, rules=rules), rules)
    across = () if cameras is None else _across(read, cameras)
    return Checked("visits", len(read.visits), (*read.faults, *across))


def _across(visits: VisitsReading, cameras: bytes) -> tuple[Fault, ...]:
    """Camera labels that no line of the cameras register has."""
    known = read_cameras(cameras).cameras
    register = Register(visits.visits, known, Sha256(sha256(cameras).hexdigest()), datetime.now(UTC))
    lines = {visit.id: line for visit, line in zip(visits.visits, visits.lines, strict=False)}
    return cross_check(register, lines)
