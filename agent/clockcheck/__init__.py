"""How far a camera's clock is wrong: the true time is shown as a QR code, photographed, and read back from the photo.

The story: the laptop's clock is set beside the share's (`compare`) and becomes a clock that knows how well it is
known (`TrueClock`); each second it is written as a short text (`ShownTime`) and drawn as a QR code for the terminal
(`drawn`, `half_blocks`). A photo of it is looked into (`shown_in`), and what the camera wrote beside it gives the
clock's error as an interval (`measure`); several photos of one camera must agree (`agree`).

The code is not signed: whoever can put a forged one before the camera can lie about its clock. So nothing here changes
a register by itself; a person does, with what is told.
"""

from agent.clockcheck.drawing import SIDE, drawer_missing, drawn, half_blocks
from agent.clockcheck.measuring import ClockOffset, Measured, agree, measure, zone_part
from agent.clockcheck.photograph import reader_missing, shown_in
from agent.clockcheck.shown import ShownTime
from agent.clockcheck.trueclock import TrueClock, compare, unchecked

__all__ = [
    "SIDE",
    "ClockOffset",
    "Measured",
    "ShownTime",
    "TrueClock",
    "agree",
    "compare",
    "drawer_missing",
    "drawn",
    "half_blocks",
    "measure",
    "reader_missing",
    "shown_in",
    "unchecked",
    "zone_part",
]
