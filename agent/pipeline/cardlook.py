"""Looks through a card, read only, before anybody is asked about it: which of its photos belong to a visit?

Each photo is read and decided as in a run, but nothing is written into the journal and nothing on the card is changed.
A look consists of small steps, so that the service can do its other work in between.

A `print`, over the path, size and time of every photo file, shows whether the contents of a card have changed.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from agent.errors import LocalFault
from agent.folders import walk
from agent.folders.scan import ScanProblem
from agent.journal import State
from agent.model.capture import Capture
from agent.model.files import LocalFile, Photo
from agent.model.ids import VisitId
from agent.model.register import Register
from agent.pipeline.context import Context
from agent.pipeline.examine import judge_unseen, reader
from agent.pipeline.renew import no_register
from agent.register import identify
from agent.volumes import PluggedIn

AT_ONCE = 32
"""Photos read in one step, which takes a fraction of a second."""

MOST = 200_000
"""The most photos for which a card is offered. A card with more is reported, and must be named to `sync`."""

LISTED_AT_ONCE = 500
"""Photos listed in one step, without reading them."""

_ON_THE_SHARE = frozenset({State.PROVEN, State.RECORDED})


@dataclass(slots=True)
class CardLook:
    """One look through `card`. Run `steps` to its end; then the other fields are complete.

    `visits` counts the photos to be sent, by visit; `unsure` counts those that a person would have to decide about,
    `safe` those on the share already, `begun` those that an earlier yes covers. `cameras` are the labels of the
    school's own cameras that the visits' photos name. `troubles` names folders and files that could not be read.
    `too_many` says that there are more than `MOST` photos; none of them is read then.
    """

    context: Context
    card: PluggedIn
    photos: int = 0
    visits: Counter[VisitId] = field(default_factory=Counter)
    unsure: int = 0
    safe: int = 0
    begun: int = 0
    cameras: set[str] = field(default_factory=set)
    print: str = ""
    too_many: bool = False
    troubles: list[ScanProblem] = field(default_factory=list)

    def steps(self) -> Iterator[None]:
        """The look, one step at a time; finds nothing if there is no register to decide by, or far too many photos."""
        register = self.context.registers.current()
        if register is None or no_register(self.context, register):
            return
        prints = printing(self.card)
        for self.print in prints:
            yield
        if not self.print:
            self._give_up()
            return
        known = self._known()
        photos = walk((self.card.top,), read=reader(self.context), troubles=self.troubles)
        while some := list(islice(photos, AT_ONCE)):
            self.photos += len(some)
            if self.photos > MOST:  # there are more now than a moment ago
                self._give_up()
                return
            new = [photo for photo in some if not self._is_known(photo, known)]
            self._judge(register, new)
            yield

    def _give_up(self) -> None:
        self.too_many = True
        self.photos = MOST
        self.visits.clear()
        self.unsure = 0

    def _known(self) -> dict[tuple[Path, int, int], State]:
        """The state of each photo on this card that a person said yes to before, by its path on the card."""
        found = {}
        for chunk in self.context.journal.chunks(*(state for state in State if state not in _OVER)):
            for one in chunk:
                on = one.volume
                if on is not None and on.top is not None and on.id is not None and on.id == self.card.id:
                    found[_place(one.photo.main, on.top)] = one.state
        return found

    def _is_known(self, photo: Photo, known: dict[tuple[Path, int, int], State]) -> bool:
        state = known.get(_place(photo.main, self.card.top))
        self.safe += state in _ON_THE_SHARE
        self.begun += state is not None and state not in _ON_THE_SHARE
        return state is not None

    def _judge(self, register: Register, photos: Sequence[Photo]) -> None:
        journal = self.context.journal
        asked = [photo for photo in photos if not journal.said_private(photo.main)]
        for tracked, capture in judge_unseen(self.context, register, asked):
            if tracked.state is State.DECIDED and tracked.decision is not None and tracked.decision.visit is not None:
                self.visits[tracked.decision.visit] += 1
                self._note_camera(register, capture)
            elif tracked.state is State.REVIEW:
                self.unsure += 1

    def _note_camera(self, register: Register, capture: Capture | LocalFault) -> None:
        if isinstance(capture, Capture) and capture.camera is not None:
            one = identify(capture.camera, register.cameras).cameras
            if len(one) == 1 and one[0].owner == "school":
                self.cameras.add(one[0].label)


_OVER = frozenset({State.REMOVED, State.GONE, State.PRIVATE})


def print_of(card: PluggedIn) -> str:
    """The print of the card as it is now."""
    last = ""
    for last in printing(card):  # noqa: B007  # the last is the whole
        continue
    return last


def printing(card: PluggedIn) -> Iterator[str]:
    """The print of the card, computed in parts: the last value covers the whole card. No file is opened.

    The last value is empty if the card has more than `MOST` photos.

    The print is a sum of hashes, so that it needs little memory and does not depend on the order of the folders.
    """
    total = count = shown = 0
    for number, photo in enumerate(walk((card.top,), read=lambda _file: Capture("unknown"), troubles=[])):
        if number == MOST:
            yield ""
            return
        for member in photo.members:
            place, size, changed = _place(member.file, card.top)
            content = b"\0".join([str(place).encode("utf-8", "surrogateescape"), b"%d" % size, b"%d" % changed])
            total = (total + int.from_bytes(hashlib.sha256(content).digest())) % (1 << 256)
            count += 1
        if count - shown >= LISTED_AT_ONCE:
            shown = count
            yield ""
    yield f"{count}-{total:064x}"


def _place(file: LocalFile, top: Path) -> tuple[Path, int, int]:
    """The path of a file on its card, with its size and time."""
    path = file.path.relative_to(top) if file.path.is_relative_to(top) else file.path
    return path, file.size, file.mtime_ns
