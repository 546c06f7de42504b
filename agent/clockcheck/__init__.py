"""How wrong a camera's clock is: the true time is shown as a QR code, photographed, and read back from the photo.

The story: the laptop's clock is compared with the share's (`compare`) and becomes a clock with a known accuracy
(`TrueClock`); each second it is written as a short text (`ShownTime`) and drawn as a QR code for the terminal
(`drawn`, `half_blocks`). The code is read in a photo of it (`shown_in`), and the time that the camera wrote into the
photo gives the clock's error as an interval (`measure`); several photos of one camera must agree (`agree`).

The code is not signed: anyone who puts a forged one before the camera can make its clock seem wrong. So nothing here
changes a register by itself; a person does, after reading the result.

Names are imported when they are first used: a child that decodes needs little of it.
"""

from typing import TYPE_CHECKING

from agent.lazy import names_of

if TYPE_CHECKING:
    from agent.clockcheck.drawing import SIDE as SIDE
    from agent.clockcheck.drawing import drawer_missing as drawer_missing
    from agent.clockcheck.drawing import drawn as drawn
    from agent.clockcheck.drawing import half_blocks as half_blocks
    from agent.clockcheck.measuring import ClockOffset as ClockOffset
    from agent.clockcheck.measuring import Measured as Measured
    from agent.clockcheck.measuring import agree as agree
    from agent.clockcheck.measuring import measure as measure
    from agent.clockcheck.measuring import zone_part as zone_part
    from agent.clockcheck.photograph import reader_missing as reader_missing
    from agent.clockcheck.photograph import shown_in as shown_in
    from agent.clockcheck.shown import ShownTime as ShownTime
    from agent.clockcheck.trueclock import TrueClock as TrueClock
    from agent.clockcheck.trueclock import compare as compare
    from agent.clockcheck.trueclock import unchecked as unchecked

_HOME = {
    "ClockOffset": "measuring",
    "Measured": "measuring",
    "SIDE": "drawing",
    "ShownTime": "shown",
    "TrueClock": "trueclock",
    "agree": "measuring",
    "compare": "trueclock",
    "drawer_missing": "drawing",
    "drawn": "drawing",
    "half_blocks": "drawing",
    "measure": "measuring",
    "reader_missing": "photograph",
    "shown_in": "photograph",
    "unchecked": "trueclock",
    "zone_part": "measuring",
}

__all__ = sorted(_HOME)  # noqa: PLE0605  # a list; ruff does not see through sorted()

__getattr__ = names_of(__name__, _HOME)
