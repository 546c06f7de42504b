"""When a photo has come to rest. Pure: two looks and the time between them come in from outside."""

from datetime import timedelta

from agent.model import Photo


def settled(earlier: Photo, later: Photo, *, apart: timedelta, settle: timedelta) -> bool:
    """Whether two looks at least `settle` apart saw the same members with the same sizes and times of change.

    Device and inode are left out: cards and phones (FAT, MTP) number files anew as they are looked at, and a photo on
    one would never settle. What replaces a file between settling and sending is noticed by its fingerprint.
    """
    return apart >= settle and _resting(earlier) == _resting(later)


def _resting(photo: Photo) -> tuple[object, ...]:
    return tuple((member.role, member.file.path, member.file.size, member.file.mtime_ns) for member in photo.members)
