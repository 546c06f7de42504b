"""Taking back what a person said of a photo: until it was sent, and of a private photo at any time.

Of a private photo the journal keeps no id and no name, so it is taken back by its file.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from agent.errors import AlreadyRunning, LocalFault, UsageError
from agent.folders import scan
from agent.journal import State, TrackedPhoto
from agent.model.files import LocalFile
from agent.model.ids import PhotoId
from agent.pipeline import answers
from agent.pipeline.context import Context
from agent.pipeline.examine import judge_again, reader
from agent.pipeline.lock import only_writer
from agent.pipeline.record_entries import count_private
from agent.pipeline.review import HELD

_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of it: in review again at once, or (`tracked` is None, or settled) decided by the next run."""

    tracked: TrackedPhoto | None

    @property
    def in_review(self) -> bool:
        """Whether `review list` shows it now."""
        return self.tracked is not None and self.tracked.state is State.REVIEW


def undo(context: Context, what: str) -> TakenBack:
    """Take back the answer about the photo with the id `what`, or whose file it is. UsageError where that cannot be."""
    if (tracked := _known(context, what)) is not None:
        return _undo_assigned(context, tracked)
    main = _main_of(context, what)
    if not context.journal.take_back_private(main):
        raise UsageError(
            f"You have given no answer about {what} that could be taken back. If the file has changed since, it is "
            "looked at again anyway."
        )
    count_private(context, -1)
    return TakenBack(None)


def ask_again(context: Context, name: str) -> None:
    """Take back every answer about photos of that file name in the watched folders.

    Case and ending do not matter. Whether there was one is not said: a page that lists no private photo asks for this.
    """
    wanted = name.strip().casefold()
    for root in context.settings.watch:
        for folder, _, files in os.walk(root):
            for file in files:
                if wanted in {file.casefold(), Path(file).stem.casefold()}:
                    with contextlib.suppress(UsageError, LocalFault):
                        undo(context, str(Path(folder) / file))


def _known(context: Context, what: str) -> TrackedPhoto | None:
    """The photo that the journal has under this id, or with this file."""
    if (tracked := context.journal.get(PhotoId(what))) is not None:
        return tracked
    if not Path(what).exists():
        advice = "For a photo that you said is private, give its file: `photo-agent review undo FILE`."
        named = f"photo {what} is not known here" if _ID.fullmatch(what) else f"there is no file {what}"
        raise UsageError(f"{named[0].upper()}{named[1:]}. {advice}")
    main = _main_of(context, what)
    waiting = context.journal.tracked_photos(*(state for state in State if state is not State.REMOVED))
    return next((one for one in waiting if one.photo.main.path == main.path), None)


def _main_of(context: Context, file: str) -> LocalFile:
    """The main file of the photo that this file is, or is a part of."""
    if Path(file).is_dir():  # not looked through: it may be a whole disk
        raise UsageError(f"{file} is a folder, not the file of one photo")
    found = scan([Path(file)], read=reader(context))
    if len(found.photos) != 1:
        raise UsageError(f"{file} is not a photo's file.")
    return found.photos[0].main


def _undo_assigned(context: Context, tracked: TrackedPhoto) -> TakenBack:
    photo = tracked.id
    if tracked.state in HELD:
        if answers.take_back_for(context, photo):  # given on the staff page, and not yet in effect
            return TakenBack(tracked)
        raise UsageError(f"Photo {photo} is still waiting for your answer, so there is nothing to take back.")
    if tracked.decision is None or not tracked.decision.by_person:
        raise UsageError(f"You have given no answer about photo {photo}, so there is nothing to take back.")
    if tracked.state not in {State.DECIDED, State.SENT}:
        raise UsageError(f"Photo {photo} is on the school network already, so this cannot be taken back here. Ask IT.")
    with _nothing_under_way(context, tracked):
        if tracked.state is State.SENT:  # all that lies on the share is temporary, and is swept away
            decided = replace(tracked, state=State.DECIDED)
            context.journal.save_if_unchanged([(tracked, decided)])
            tracked = decided
        before = replace(
            tracked,
            state=State.SETTLED,
            decision=None,
            transfer=None,
            fingerprints=(),
            reason=None,
            not_before=None,
            attempts=0,
        )
        if not context.journal.save_if_unchanged([(tracked, before)]):
            raise UsageError(f"Photo {photo} is being sent now, so your answer can no longer be taken back. Ask IT.")
        return TakenBack(_held_again(context, before))


@contextlib.contextmanager
def _nothing_under_way(context: Context, tracked: TrackedPhoto) -> Iterator[None]:
    """Whether a photo that was handed to the share is still on its way, only who holds the laptop's lock knows."""
    if tracked.transfer is None:
        yield  # no run has handed it over, and none will: it looks whether the answer still stands
        return
    try:
        with only_writer(context.settings):
            yield
    except AlreadyRunning:
        raise UsageError(
            f"Photo {tracked.id} is being sent now. If that fails, take your answer back then. Otherwise ask IT."
        ) from None


def _held_again(context: Context, tracked: TrackedPhoto) -> TrackedPhoto:
    """In review at once, where the rules would have it there; else the next run decides."""
    register = context.registers.current()
    if register is None:
        return tracked
    try:
        after, _ = judge_again(context, register, tracked)
    except LocalFault:
        return tracked
    if after.state is not State.REVIEW:
        return tracked
    saved = context.journal.save_if_unchanged([(tracked, after)])
    return saved[0] if saved else tracked
