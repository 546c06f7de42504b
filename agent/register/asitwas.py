"""An earlier register, rebuilt from its files to check the decisions made by it."""

from datetime import datetime

from agent.model.register import Register
from agent.register.cameras import read_cameras
from agent.register.opening import read_visits
from agent.register.reading import Kind, Rules
from agent.register.store import version_of


def as_it_was(visits: bytes, kind: Kind, cameras: bytes | None, *, rules: Rules, read_at: datetime) -> Register:
    """The register in these files, accepted as it is: whether a laptop should have accepted it is another question."""
    reading = read_visits(visits, kind=kind, rules=rules)
    known = () if cameras is None else read_cameras(cameras).cameras
    return Register(reading.visits, known, version_of(visits, cameras), read_at, reading.doubtful, accepted=True)
