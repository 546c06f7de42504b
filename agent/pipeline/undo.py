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
from agent.journal import Standing, State
from agent.model import LocalFile, PhotoId
from agent.pipeline.examine import judge_again, reader
from agent.pipeline.onrecord import count_private
from agent.pipeline.review import HELD
from agent.pipeline.stages import Stages, only_writer

_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of it: in review again at once, or (`standing` is None, or settled) decided by the next run."""

    standing: Standing | None

    @property
    def in_review(self) -> bool:
        """Whether `review list` shows it now."""
        return self.standing is not None and self.standing.state is State.REVIEW


def undo(stages: Stages, what: str) -> TakenBack:
    """Take back the answer about the photo with the id `what`, or whose file it is. UsageError where that cannot be."""
    if (standing := _known(stages, what)) is not None:
        return _undo_assigned(stages, standing)
    main = _main_of(stages, what)
    if not stages.journal.take_back_private(main):
        raise UsageError(
            f"{what}: there is no answer of yours to take back. A file that was changed since is looked at again anyway"
        )
    count_private(stages, -1)
    return TakenBack(None)


def ask_again(stages: Stages, name: str) -> None:
    """Take back every answer about photos of that file name in the watched folders.

    Case and ending do not matter. Whether there was one is not said: a page that lists no private photo asks for this.
    """
    wanted = name.strip().casefold()
    for root in stages.settings.watch:
        for folder, _, files in os.walk(root):
            for file in files:
                if wanted in {file.casefold(), Path(file).stem.casefold()}:
                    with contextlib.suppress(UsageError, LocalFault):
                        undo(stages, str(Path(folder) / file))


def _known(stages: Stages, what: str) -> Standing | None:
    """The photo that the journal has under this id, or with this file."""
    if (standing := stages.journal.get(PhotoId(what))) is not None:
        return standing
    if not Path(what).exists():
        advice = "for one that you said is private, give its file: `photo-agent review undo FILE`"
        named = f"photo {what} is not known here" if _ID.fullmatch(what) else f"there is no file {what}"
        raise UsageError(f"{named}; {advice}")
    main = _main_of(stages, what)
    waiting = stages.journal.standings(*(state for state in State if state is not State.REMOVED))
    return next((one for one in waiting if one.photo.main.path == main.path), None)


def _main_of(stages: Stages, file: str) -> LocalFile:
    """The main file of the photo that this file is, or is a part of."""
    found = scan([Path(file)], read=reader(stages))
    if len(found.photos) != 1:
        raise UsageError(f"{file} is not the file of one photo")
    return found.photos[0].main


def _undo_assigned(stages: Stages, standing: Standing) -> TakenBack:
    photo = standing.id
    if standing.state in HELD:
        raise UsageError(f"photo {photo} waits for your answer; there is nothing to take back")
    if standing.decision is None or not standing.decision.by_person:
        raise UsageError(f"nobody has answered anything about photo {photo}; there is nothing to take back")
    if standing.state not in {State.DECIDED, State.SENT}:
        raise UsageError(f"photo {photo} is on the school network already, so this cannot be taken back here: ask IT")
    with _nothing_under_way(stages, standing):
        if standing.state is State.SENT:  # all that lies on the share is temporary, and is swept away
            decided = replace(standing, state=State.DECIDED)
            stages.journal.save_if_unchanged([(standing, decided)])
            standing = decided
        before = replace(
            standing,
            state=State.SETTLED,
            decision=None,
            transfer=None,
            fingerprints=(),
            reason=None,
            not_before=None,
            attempts=0,
        )
        if not stages.journal.save_if_unchanged([(standing, before)]):
            raise UsageError(f"photo {photo} is being sent now, so your answer cannot be taken back any more: ask IT")
        return TakenBack(_held_again(stages, before))


@contextlib.contextmanager
def _nothing_under_way(stages: Stages, standing: Standing) -> Iterator[None]:
    """Whether a photo that was handed to the share is still on its way, only who holds the laptop's lock knows."""
    if standing.transfer is None:
        yield  # no run has handed it over, and none will: it looks whether the answer still stands
        return
    try:
        with only_writer(stages.settings):
            yield
    except AlreadyRunning:
        raise UsageError(
            f"photo {standing.id} is being sent now. If that fails, take your answer back then; else ask IT"
        ) from None


def _held_again(stages: Stages, standing: Standing) -> Standing:
    """In review at once, where the rules would have it there; else the next run decides."""
    register = stages.registers.current()
    if register is None:
        return standing
    try:
        after, _ = judge_again(stages, register, standing)
    except LocalFault:
        return standing
    if after.state is not State.REVIEW:
        return standing
    saved = stages.journal.save_if_unchanged([(standing, after)])
    return saved[0] if saved else standing
