"""A register as it was, from its files: to check later what was decided by it."""

from datetime import datetime

from agent.model.register import Register
from agent.register.cameras import read_cameras
from agent.register.opening import read_visits
from agent.register.reading import Kind, Rules
from agent.register.store import version_of


def as_it_was(visits: bytes, kind: Kind, cameras: bytes | None, *, rules: Rules, read_at: datetime) -> Register:
    """The register of these files, believed as they are: whether a laptop should have believed them is not asked."""
    told = read_visits(visits, kind=kind, rules=rules)
    known = () if cameras is None else read_cameras(cameras).cameras
    return Register(told.visits, known, version_of(visits, cameras), read_at, told.doubtful, accepted=True)
