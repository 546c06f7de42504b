"""The school's register: which visits there are, which cameras, and whether a photo is of one of the visits.

The story: a spreadsheet or calendar comes in as bytes and is *read* (`read_visits`, `read_cameras`) into visits,
cameras and every fault with its line; the *store* (`RegisterStore`) accepts it, or stays with the last good one and
says why; and `decide` compares a photo's capture with the register and says `visit`, `private` or `review`, with
reasons. `as_it_was` rebuilds an earlier register, to check the decisions made by it. For the person who maintains the
files, `check` lists every fault in one, and `clock_line` writes a camera's line. Reading never raises on bad content,
deciding is pure, and only the store touches the disk.
"""

from agent.register.asitwas import as_it_was
from agent.register.cameraline import clock_line, named
from agent.register.cameras import read_cameras
from agent.register.checking import Checked, check, which_register
from agent.register.dates import Order, read_time, read_written
from agent.register.faults import Fault
from agent.register.identify import Candidates, identify
from agent.register.matching import AHEAD, decide
from agent.register.opening import read_visits
from agent.register.people import nearest, recognise
from agent.register.reading import CamerasReading, Kind, Rules, VisitsReading, cross_check
from agent.register.store import RegisterStore, version_of
from agent.register.uncertain import occurs, staff_of

__all__ = [
    "AHEAD",
    "CamerasReading",
    "Candidates",
    "Checked",
    "Fault",
    "Kind",
    "Order",
    "RegisterStore",
    "Rules",
    "VisitsReading",
    "as_it_was",
    "check",
    "clock_line",
    "cross_check",
    "decide",
    "identify",
    "named",
    "nearest",
    "occurs",
    "read_cameras",
    "read_time",
    "read_visits",
    "read_written",
    "recognise",
    "staff_of",
    "version_of",
    "which_register",
]
