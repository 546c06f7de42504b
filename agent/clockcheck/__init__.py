"""How wrong a camera's clock is: the true time is shown as a QR code, photographed, and read back from the photo.

The story: the laptop's clock is compared with the share's (`compare`) and becomes a clock with a known accuracy
(`TrueClock`); each second it is written as a short text (`ShownTime`) and drawn as a QR code for the terminal
(`drawn`, `half_blocks`). The code is read in a photo of it (`shown_in`), and the time that the camera wrote into the
photo gives the clock's error as an interval (`measure`); several photos of one camera must agree (`agree`).

The code is not signed: anyone who puts a forged one before the camera can make its clock seem wrong. So nothing here
changes a register by itself; a person does, after reading the result.
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
