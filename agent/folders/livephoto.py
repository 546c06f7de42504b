"""Whether a still and a clip mean one moment, by the evidence in each of them. Pure.

Two files of one name are no evidence: cameras count from 0001 again, and copying gives all files one time of change.
So a clip belongs to its still only if both carry the same ContentIdentifier (Apple's Live Photos), or if the clip's own
clock gives the still's moment to a few seconds and it is as short as the clip of a Live Photo.
"""

from datetime import UTC, datetime, timedelta

from agent.model.capture import Capture
from agent.model.times import Interval, Level

LONGEST_CLIP = timedelta(seconds=5)
"""Apple's clips last 3 seconds, Google's and Samsung's 1 to 3, with pauses of the camera under 4. A film that a person
makes on purpose is nearly always longer, and is never treated as part of a picture.
"""

WRITTEN_WITHIN = timedelta(seconds=5)
"""How far, besides its length, a clip's own time may be from its still's: headers are written when the clip ends."""


def one_moment(still: Capture, clip: Capture) -> bool:
    """Whether the clip's own time is the still's, and the clip is short enough; False if one of them has no time.

    Instants are compared if both have them, else the times on the two clocks. A movie header alone (level C) may be in
    UTC or, with some makers, in local time, and the still has both: a phone's own recorder writes UTC.
    """
    if clip.length is None or not timedelta(0) <= clip.length <= LONGEST_CLIP:
        return False
    if not (still.level.decides and clip.level.decides) or clip.recorded is None or still.recorded is None:
        return False
    within = clip.length + WRITTEN_WITHIN
    return any(abs(one - other) <= within for one, other in _comparable(still, clip))


def _comparable(still: Capture, clip: Capture) -> list[tuple[datetime, datetime]]:
    shown, seen = datetime.fromisoformat(str(still.recorded)), datetime.fromisoformat(str(clip.recorded))
    in_utc = isinstance(still.taken, Interval) and still.level is not Level.UTC_ALONE
    if clip.level is Level.UTC_ALONE:
        pairs = [(_utc(still.taken), seen)] if in_utc and isinstance(still.taken, Interval) else []
        return pairs if clip.offset is not None else [*pairs, (shown, seen)]
    if in_utc and isinstance(still.taken, Interval) and isinstance(clip.taken, Interval):
        return [(_utc(still.taken), _utc(clip.taken))]
    return [(shown, seen)]


def _utc(taken: Interval) -> datetime:
    return taken.earliest.astimezone(UTC).replace(tzinfo=None)
