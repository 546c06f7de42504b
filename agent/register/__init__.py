"""The school's register: which visits there are, which cameras, and whether a photo is of one of the visits.

The story: a spreadsheet or calendar comes in as bytes and is *read* (`read_visits`, `read_cameras`) into visits,
cameras and every fault with its line; the *store* (`RegisterStore`) believes it, or keeps the last good one and says
why; and `decide` sets a photo's capture beside the register and says `visit`, `private` or `review`, with reasons.
Reading never raises on bad content, deciding is pure, and only the store touches the disk.
"""

from agent.register.cameras import read_cameras
from agent.register.faults import Fault
from agent.register.matching import decide
from agent.register.opening import read_visits
from agent.register.reading import CamerasReading, Kind, VisitsReading, cross_check
from agent.register.store import RegisterStore

__all__ = [
    "CamerasReading",
    "Fault",
    "Kind",
    "RegisterStore",
    "VisitsReading",
    "cross_check",
    "decide",
    "read_cameras",
    "read_visits",
]
