"""A photo that is seen again: whether it is one that is already known, and which state it then has. Pure.

A photo is known by its members' paths, sizes and times. If these are unchanged the content may still differ: a program
may set the time back. So a new file number, or a new time of change (ctime), sends a photo that is not proven yet back
to be decided again, which is cheap. Cards and phones number their files anew each time, so there neither means
anything; the content decides when a photo is sent anyway.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from agent.journal.lifecycle import State
from agent.journal.tracked import TrackedPhoto
from agent.model.files import LocalFile, Member, Photo, Volume

ON_THE_SHARE = frozenset({State.PROVEN, State.RECORDED})
"""States in which the remaining members are still the photo when others are gone: half of it was removed."""


def seen_again(old: TrackedPhoto, photo: Photo, at: datetime, volume: Volume) -> TrackedPhoto:
    """The known photo after it was seen as `photo`, on `volume`."""
    late = old.state in ON_THE_SHARE
    seen = same(old.photo, photo) or (left_of(old.photo, photo) if late else None)
    known = old.volume if volume.id is None and old.volume is not None else known_of(volume)
    if seen is None:
        return replace(old.found_again(photo, at), volume=known)
    back = replace(old, photo=seen, volume=known)
    if not old.is_here:
        # It was out of reach: its waiting counts from now on.
        back = replace(back, away=None, reason=None, not_before=None, attempts=0, reachable_at=None)
    if late or old.state is State.FOUND or not _touched(old.photo, seen, volume):
        return back
    if old.state is State.DECIDED and old.decision is not None and old.decision.by_person:
        return back  # nothing here may undo a person's answer; sending checks that it is the photo they saw
    return replace(back, state=State.SETTLED, reason=None, not_before=None, attempts=0)


def place_on_volume(path: Path, volume: Volume | None) -> tuple[str, Path] | None:
    """Where a file is on its card, wherever that is mounted; None if the card is not known."""
    if volume is None or volume.id is None or volume.top is None or not path.is_relative_to(volume.top):
        return None
    return volume.id, path.relative_to(volume.top)


def mounted_elsewhere(old: TrackedPhoto, volume: Volume) -> TrackedPhoto:
    """A photo of a card that is mounted at another place now, with the paths that its files have there."""
    if old.volume is None or old.volume.top is None or volume.top is None:
        return old
    before, now = old.volume.top, volume.top
    members = (
        replace(member, file=replace(member.file, path=now / member.file.path.relative_to(before)))
        for member in old.photo.members
    )
    return replace(old, photo=Photo(tuple(members)), volume=volume)


def known_of(volume: Volume) -> Volume | None:
    """The volume, if anything is known about it."""
    return None if volume == Volume() else volume


def same(old: Photo, new: Photo) -> Photo | None:
    """`old` with `new`'s file numbers if its members are the same, else None.

    The members keep their order, because fingerprints refer to it.
    """
    if old == new:
        return old
    now = {look_of(member): member for member in new.members}
    if len(now) != len(old.members) or any(look_of(member) not in now for member in old.members):
        return None
    return Photo(tuple(now[look_of(member)] for member in old.members))


def left_of(old: Photo, new: Photo) -> Photo | None:
    """`old`, if `new` is the rest of it, with the file numbers of the members that are there; else None."""
    there = {_place(member): member.file for member in new.members}
    if not there.keys() <= {_place(member) for member in old.members}:
        return None
    return Photo(tuple(replace(member, file=there.get(_place(member), member.file)) for member in old.members))


def look_of(member: Member) -> Sequence[object]:
    """The facts by which a member is known."""
    return (member.role, *_place(member))


def _place(member: Member) -> tuple[object, ...]:
    return (member.file.path, member.file.size, member.file.mtime_ns)


def _touched(old: Photo, new: Photo, volume: Volume) -> bool:
    if not volume.steady:
        return False
    return any(_differs(one.file, other.file, volume) for one, other in zip(old.members, new.members, strict=True))


def _differs(old: LocalFile, new: LocalFile, volume: Volume) -> bool:
    if old.inode != new.inode or (volume.id is None and old.device != new.device):
        return True
    return bool(old.changed_ns and new.changed_ns) and old.changed_ns != new.changed_ns
