"""Finds out about photos that a run does not see: they are gone, their folder is gone, or their card is not there.

Only photos that this program removed count as removed. A photo whose card was pulled out waits, is reported once, and
is never overdue while it is away; it continues when the card is back, and a member of staff can dismiss it.
"""

import os
from collections import Counter
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from agent.errors import LocalFault
from agent.folders import look
from agent.journal import Ended, State, TrackedPhoto
from agent.journal.looking import mounted_elsewhere, same
from agent.model.files import Member, Photo, Volume
from agent.model.ids import PhotoId
from agent.model.removal import Outcome
from agent.pipeline.cardrules import another_on_card
from agent.pipeline.context import Context
from agent.pipeline.recordable import visit_of
from agent.record import Draft
from agent.record.bodies import NotRemoved
from agent.volumes import Mounted

OPEN = (State.FOUND, State.SETTLED, State.DECIDED, State.SENT, State.REVIEW, State.REFUSED)
"""States of photos without any proof."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Photos that the scan did not see: those found otherwise, away, and gone.

    `ended` are photos, seen or not, whose earlier transfer ended because they were changed.
    """

    here: tuple[Photo, ...]
    away: tuple[tuple[TrackedPhoto, Outcome], ...]
    gone: tuple[TrackedPhoto, ...]
    ended: tuple[tuple[TrackedPhoto, Ended], ...]


def absence(tracked: TrackedPhoto, mounted: Mounted) -> Outcome | None:
    """Why no file of a photo is in its place: AWAY, FOLDER_GONE or GONE; None if one is.

    Raises LocalFault if the system gives no answer.
    """
    folder = tracked.photo.main.path.parent
    known = None if tracked.volume is None else tracked.volume.id
    now = mounted.of(folder).id
    if known is not None and now is not None and known != now:
        return Outcome.AWAY  # another card is there, or only the empty mount point
    files = [(member.file, look(member.file.path)) for member in tracked.photo.members]
    if any(there and (there.size, there.mtime_ns) == (file.size, file.mtime_ns) for file, there in files):
        return None
    nearest, device = _nearest(folder)
    if (known is None or now is None) and device != tracked.photo.main.device:
        return Outcome.AWAY
    if any(there for _, there in files):
        return None
    return Outcome.GONE if nearest == folder else Outcome.FOLDER_GONE


@dataclass(frozen=True, slots=True)
class Recorded:
    """Photos that are on the share and not yet removed, by place; `notices` say, once, which cannot be reached."""

    here: tuple[TrackedPhoto, ...]
    gone: tuple[TrackedPhoto, ...]
    folder_gone: tuple[TrackedPhoto, ...]
    notices: tuple[str, ...]


def where(context: Context, recorded: Sequence[TrackedPhoto]) -> Recorded:
    """Look for these recorded photos; from now on they wait if their card is away."""
    mounted = context.mounted()
    found: dict[Outcome | None, list[TrackedPhoto]] = {None: [], Outcome.GONE: [], Outcome.FOLDER_GONE: []}
    away: list[tuple[TrackedPhoto, Outcome]] = []
    for one in recorded:
        try:
            outcome = absence(one, mounted)
        except LocalFault:
            outcome = None  # the system gives no answer; the removal will report why
        if outcome is Outcome.AWAY and one.away is Outcome.KEPT:
            continue  # it was meant to stay on the card
        if outcome is Outcome.AWAY:
            away.append((one, outcome))
        else:
            found[outcome].append(one if one.is_here else replace(one, away=None, reason=None))
    return Recorded(
        tuple(found[None]),
        tuple(found[Outcome.GONE]),
        tuple(found[Outcome.FOLDER_GONE]),
        tuple(note_away(context, away)),
    )


def elsewhere(
    context: Context,
    mounted: Mounted,
    seen: Container[PhotoId],
    roots: Sequence[Path],
    apart: Collection[Path] = (),
) -> Elsewhere:
    """What happened to photos without proof that the scan of `roots` has not `seen`.

    `apart` are the cards below `roots` that the scan left out.
    """
    present = [root.resolve() for root in roots if root.exists()]
    here: list[Photo] = []
    away: list[tuple[TrackedPhoto, Outcome]] = []
    gone: list[TrackedPhoto] = []
    for tracked in chain.from_iterable(context.journal.chunks(*OPEN, but=seen)):
        path = tracked.photo.main.path
        try:
            outcome = absence(tracked, mounted)
            photo = what_is_left(tracked.photo) if outcome is None else None
        except LocalFault:
            continue  # the system gives no answer, so the photo waits unchanged
        below = any(path.is_relative_to(root) for root in present)
        asked_for = below and not any(path.is_relative_to(card) for card in apart)
        if photo is not None and not asked_for and another_on_card(tracked, photo, mounted):
            gone.append(tracked)
        elif photo is not None:
            here.append(photo)
        elif outcome is None or outcome is Outcome.GONE or (outcome is Outcome.FOLDER_GONE and below):
            gone.append(tracked)
        else:
            away.append((tracked, outcome))
    ended = [(one, one.ended) for one in context.journal.ended() if one.ended is not None and one.state in OPEN]
    return Elsewhere(tuple(here), tuple(away), tuple(gone), tuple(ended))


def note_away(context: Context, away: Iterable[tuple[TrackedPhoto, Outcome]]) -> list[str]:
    """Have these photos wait for their card or folder; returns a notice for each place."""
    changed = [
        (replace(one, away=outcome, reason=_why(one, outcome), not_before=None, attempts=0), outcome)
        for one, outcome in away
        if one.away not in {outcome, Outcome.DISMISSED}
    ]
    context.record.append_all([draft(context, one, outcome) for one, outcome in changed if one.state is State.RECORDED])
    context.journal.save(*(one for one, _ in changed))
    places = Counter(_why(one, outcome) for one, outcome in changed)
    return [_said(count, why) for why, count in places.items()]


def note_changed(context: Context, ended: Sequence[tuple[TrackedPhoto, Ended]]) -> None:
    """End the transfers of photos that were changed before they could be removed here."""
    if not ended:
        return
    now = context.clock()
    bodies = [
        NotRemoved(photo=one.id, transfer=end.transfer, visit=end.visit, outcome=Outcome.CHANGED) for one, end in ended
    ]
    context.record.append_all([body.draft(f"{body.photo}-changed", now) for body in bodies])
    now_so = [context.journal.get(one.id) for one, _ in ended]
    context.journal.save(*(replace(one, ended=None) for one in now_so if one is not None))


def look_where_mounted_now(context: Context, volume: Volume) -> None:
    """Look for photos of a card in the place where it is mounted now, so that a run finds them.

    Only photos that look the same are found: another file with that name is another photo.
    """
    mounted, moved = context.mounted(), list[Photo]()
    for chunk in context.journal.chunks(*OPEN, State.RECORDED):
        of_it = [one for one in chunk if one.volume is not None and one.volume.id == volume.id]
        elsewhere = [one for one in of_it if one.volume is not None and one.volume.top not in {None, volume.top}]
        left = [one for one in elsewhere if mounted.of(one.photo.main.path.parent).id != volume.id]
        note_away(context, [(one, Outcome.AWAY) for one in left if one.is_here and one.away is not Outcome.KEPT])
        moved += [there for one in left if (there := _moved_to(one, volume)) is not None]
    context.journal.see_all(moved, context.clock(), register_version=context.grounds, volume_of=mounted.of)


def _moved_to(tracked: TrackedPhoto, volume: Volume) -> Photo | None:
    """The photo in the same place on its card, with its present look; None if it has changed."""
    if tracked.away is Outcome.KEPT:
        return None
    photo = mounted_elsewhere(tracked, volume).photo
    try:
        there = what_is_left(photo)
    except LocalFault:
        return None
    return there if there is not None and same(photo, there) is not None else None


def dismiss_volume(context: Context, volume: str) -> None:
    """Stop waiting for all photos on a card that, as a member of staff says, will not come back.

    The next run records it. A photo that does come back is handled again.
    """
    for chunk in context.journal.chunks(*OPEN, State.RECORDED):
        of_it = [one for one in chunk if one.volume is not None and one.volume.id == volume]
        context.journal.save(*(replace(one, away=Outcome.DISMISSED, reason="dismissed") for one in of_it))


def close_dismissed(context: Context) -> None:
    """Record the photos that a member of staff dismissed; they are forgotten, or finished."""
    dismissed = [one for one in context.journal.away() if one.away is Outcome.DISMISSED]
    if not dismissed:
        return
    of_visits = [one for one in dismissed if one.decision is not None and one.decision.visit]
    context.record.append_all([draft(context, one, Outcome.DISMISSED) for one in of_visits])
    context.journal.save(*(replace(one, state=State.GONE) for one in dismissed if one.state is State.RECORDED))
    for one in dismissed:
        if one.state in OPEN:
            forget(context, one)


def forget(context: Context, tracked: TrackedPhoto) -> None:
    """Drop a photo without any proof; its half-sent files are removed from the share by the next sweep."""
    if tracked.state is State.SENT:
        context.journal.save(replace(tracked, state=State.DECIDED))
    context.journal.forget(tracked.id)


def draft(context: Context, tracked: TrackedPhoto, outcome: Outcome, *, files: int = 0) -> Draft:
    """The entry about a visit photo that this program did not remove; it did remove `files` of its members."""
    body = NotRemoved(
        photo=tracked.id,
        visit=visit_of(tracked),
        outcome=outcome,
        transfer=tracked.transfer,
        files=files or None,
        staff=context.settings.device.staff if outcome is Outcome.DISMISSED else None,
    )
    return body.draft(f"{tracked.id}-{outcome.value.replace(' ', '-')}", context.clock())


def _nearest(folder: Path) -> tuple[Path, int | None]:
    """The folder, or the nearest existing one above it, and its device."""
    for place in (folder, *folder.parents):
        try:
            return place, os.lstat(place).st_dev
        except OSError:
            continue
    return folder, None


def what_is_left(photo: Photo) -> Photo | None:
    """The members that exist; None if the main file is missing."""
    members = tuple(
        Member(there, member.role) for member in photo.members if (there := look(member.file.path)) is not None
    )
    return Photo(members) if members and members[0].file.path == photo.main.path else None


def _why(tracked: TrackedPhoto, outcome: Outcome) -> str:
    if outcome is Outcome.FOLDER_GONE:
        return f"the folder {tracked.photo.main.path.parent.name} cannot be found"
    top = None if tracked.volume is None else tracked.volume.top
    if top is None or not top.name:
        return f"the card or disk with the folder {tracked.photo.main.path.parent.name} is not connected"
    return f"the card or disk {top.name} is not connected"


def _said(count: int, why: str) -> str:
    photos, them = ("1 photo", "it") if count == 1 else (f"{count} photos", "them")
    return (
        f"{photos} cannot be reached: {why}. The program continues with {them} when it is back. If it will not come "
        f"back, `photo-agent review dismiss` stops waiting for {them}."
    )
