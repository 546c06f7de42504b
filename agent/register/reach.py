"""Pictures that nobody is asked about, although it is not certain when they were made. Pure.

An import folder fills with pictures that nobody took: icons, exports, drawings, pictures off the web. A person who is
asked about a thousand of these answers none. So this module draws a line: a picture is left alone, and only counted, if

- the file is whole and nothing in it is broken, and
- nothing in it or in its name is a sign of a camera (make, model, lens, exposure, a maker's note, a place, a clock that
  was ever set or reset, a name as cameras count, a format that only cameras and phones write), and
- it has no time at all, or only one from a name or a program that is more than a day outside every visit, read in every
  zone, or a messenger's day that is not within two weeks after a visit.

That is safe in both directions. A picture that is left alone is not sent, changed or removed, and is decided again when
the register, the program or the file changes. And a photo that somebody took on a visit has such a sign as long as it
is unchanged from the camera; a copy that came through a messenger has that messenger's name, or its day, and a person
is asked about it if that is near a visit. A picture that has lost all of these cannot be distinguished from any other.
Videos are never left alone in this way, because phones' clips lose their marks more easily; nor are raw pictures.
"""

from collections.abc import Sequence
from datetime import UTC, timedelta

from agent.model.capture import Capture, Origin
from agent.model.register import Visit
from agent.model.times import Interval, Level, WallClock

A_DAY = timedelta(days=1)
"""How far a time from a name or a program may be wrong: another desk's zone, and a clock that is a day out."""

SENT_LATER = timedelta(days=14)
"""How long after a visit people send each other its pictures."""

ANY_ZONE = (timedelta(hours=14), timedelta(hours=12))
"""How far ahead of UTC, and behind it, a clock can be."""


def left_alone(capture: Capture, visits: Sequence[Visit]) -> str | None:
    """Why nobody is asked about a picture without a time to decide on; None if a person has to be asked."""
    if capture.marked or not capture.complete or capture.level.decides:
        return None
    if capture.taken is None and capture.recorded is None:
        return "nothing says when it was made, and nothing shows that a camera made it: left alone"
    if capture.level is Level.UPPER_BOUND and capture.origin is Origin.RECEIVED and isinstance(capture.taken, Interval):
        sent = Interval(capture.taken.latest - 2 * A_DAY, capture.taken.latest)
        near = any(sent.overlaps(Interval(visit.span.earliest, visit.span.latest + SENT_LATER)) for visit in visits)
        return None if near else f"{capture.origin_basis}, and not in the two weeks after any visit"
    if capture.level is not Level.FILE_NAME or capture.taken is None:
        return None
    around = [_widened(reading) for reading in (capture.taken, *capture.also)]
    if any(reading.overlaps(visit.span) for reading in around for visit in visits):
        return None
    return "its name, or a program, gives a day outside every visit, and nothing shows that a camera made it"


def _widened(reading: Interval | WallClock) -> Interval:
    if isinstance(reading, Interval):
        return Interval(reading.earliest - A_DAY, reading.latest + A_DAY)
    ahead, behind = ANY_ZONE
    return Interval(
        reading.earliest.replace(tzinfo=UTC) - ahead - A_DAY, reading.latest.replace(tzinfo=UTC) + behind + A_DAY
    )
