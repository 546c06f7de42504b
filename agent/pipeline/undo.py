"""Takes a person's answer about a photo back: until the photo is sent, or at any time if it was called private.

The journal has no id and no name for a private photo, so its answer is taken back by its file.
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
    """The photo after that: in review again at once, or (`tracked` is None, or settled) decided by the next run."""

    tracked: TrackedPhoto | None

    @property
    def in_review(self) -> bool:
        """Whether `review list` shows it now."""
        return self.tracked is not None and self.tracked.state is State.REVIEW


def undo(context: Context, what: str) -> TakenBack:
    """Take back the answer about the photo with the id or file `what`. UsageError if that is not possible."""
    if (tracked := _known(context, what)) is not None:
        return _undo_assigned(context, tracked)
    main = _main_of(context, what)
    if not context.journal.take_back_private(main):
        raise UsageError(
            f"There is no answer about {what} to take back. If the file has changed since, it will be examined again "
            "anyway."
        )
    count_private(context, -1)
    return TakenBack(None)


def ask_again(context: Context, name: str) -> None:
    """Take back every answer about photos with that file name in the watched folders.

    Case and ending do not matter. The caller does not learn whether there was one: a page that must not list private
    photos uses this.
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
    """The main file of the photo to which this file belongs."""
    if Path(file).is_dir():  # it is not searched, because it may be a whole disk
        raise UsageError(f"{file} is a folder, not the file of one photo")
    found = scan([Path(file)], read=reader(context))
    if len(found.photos) != 1:
        raise UsageError(f"{file} is not a photo's file.")
    return found.photos[0].main


def _undo_assigned(context: Context, tracked: TrackedPhoto) -> TakenBack:
    photo = tracked.id
    if tracked.state in HELD:
        if answers.take_back_for(context, photo):  # the answer was given on the staff page and has not taken effect
            return TakenBack(tracked)
        raise UsageError(f"Photo {photo} is still waiting for your answer, so there is nothing to take back.")
    if tracked.decision is None or not tracked.decision.by_person:
        raise UsageError(f"You have given no answer about photo {photo}, so there is nothing to take back.")
    if tracked.state not in {State.DECIDED, State.SENT}:
        raise UsageError(f"Photo {photo} is on the school network already, so this cannot be taken back here. Ask IT.")
    with _nothing_under_way(context, tracked):
        if tracked.state is State.SENT:  # its files on the share are only temporary, and will be removed
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
    """Take the laptop's lock if the photo was handed to the share: only the holder knows if it is still on its way."""
    if tracked.transfer is None:
        yield  # no run has handed it over, and none will, because each checks first that the answer still stands
        return
    try:
        with only_writer(context.settings):
            yield
    except AlreadyRunning:
        raise UsageError(
            f"Photo {tracked.id} is being sent now. If that fails, take your answer back then. Otherwise ask IT."
        ) from None


def _held_again(context: Context, tracked: TrackedPhoto) -> TrackedPhoto:
    """Put the photo into review at once, if the rules hold it; otherwise the next run decides."""
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
