"""An inspection of this laptop, together with its user: which photos of visits are still where they should not be?

It asks two questions about each file. Is its content a copy of something that was sent? If not, is it a photo of a
visit by its own evidence, read and decided as in a run? Nothing is written, moved or fetched, and the files' times do
not change. The result gives counts and visits, and names only if the user agrees. Files that could not be examined are
counted with the reason, and never ignored.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from secrets import token_hex

from agent.capture import ReadRequest
from agent.capture.sniff import HEAD, sniff
from agent.errors import AgentError, LocalFault, Unforeseen, UsageError, contained
from agent.files.opening import open_plain
from agent.folders import group
from agent.formats import claims_to_be_a_photo, kind_of
from agent.journal import State
from agent.model.capture import Capture
from agent.model.decision import Verdict
from agent.model.files import LocalFile, Photo
from agent.model.ids import Sha256, VisitId
from agent.model.register import Register
from agent.pipeline.clocks import latest, seen_by
from agent.pipeline.context import Context
from agent.pipeline.examine import others_of, partners_of, reader
from agent.pipeline.explain import Known, assigned, known_photos
from agent.pipeline.inspect_known import Sent, sent_from
from agent.pipeline.inspect_places import PlaceToLook
from agent.pipeline.inspect_walk import Bounds, FolderSeen, NotKnown, Walk
from agent.pipeline.judging import judge_photo
from agent.record.words import Spot, Why
from agent.removal import count_thumbnails

AT_ONCE = 200
"""Photos examined before checking again whether to stop."""


SAVE_EVERY = 15.0
"""Seconds between two saves of the findings: at most this much is lost if the inspection is killed."""


class What(StrEnum):
    """The kinds of finding."""

    COPY = "copy"  # identical to a file that was sent, so it is on the share
    PHOTO = "photo"  # of a visit by its own evidence, and not known to be on the share
    UNSURE = "unsure"  # it may be of a visit: a person has to look
    ON_ITS_WAY = "on its way"  # in a watched folder; a run sends and removes it by itself


@dataclass(frozen=True, slots=True)
class Finding:
    """One photo, or one file that is a copy. `path` is only for the user of this laptop."""

    what: What
    spot: Spot
    visit: VisitId | None
    path: Path


@dataclass(slots=True)
class Inspection:
    """One inspection so far: `cut_short` until it has finished. `seconds` are by the monotonic clock."""

    id: str
    began_at: datetime
    register_version: Sha256
    files: Counter[Spot] = field(default_factory=Counter)
    found: Counter[tuple[What, VisitId | None, Spot]] = field(default_factory=Counter)
    not_known: NotKnown = field(default_factory=Counter)
    seconds: float = 0.0
    cut_short: bool = True

    def count(self, *what: What) -> int:
        """The number of findings of these kinds."""
        return sum(number for (one, _, _), number in self.found.items() if one in what)

    @property
    def needs_a_person(self) -> bool:
        """Whether it found something that will not be removed automatically."""
        return self.count(What.COPY, What.PHOTO, What.UNSURE) > 0


class _Stopped(AgentError):
    """The user stopped the inspection. That is not a fault of a folder, so the boundary around folders lets it pass."""


def _ignore(_: object) -> None: ...


@dataclass(slots=True)
class Inspecting:
    """Looks through `places` within `bounds`.

    `tell` is called with each finding, `progress` from time to time with the inspection so far and the present place,
    and `stopping` between files and while a large one is read. `save` is called at the beginning, every `SAVE_EVERY`
    seconds and at the end.
    """

    context: Context
    places: Sequence[PlaceToLook]
    bounds: Bounds = field(default_factory=Bounds)
    tell: Callable[[Finding], object] = _ignore
    progress: Callable[[Spot], object] = _ignore
    save: Callable[[Inspection], object] = _ignore
    stopping: Callable[[], bool] = lambda: False
    inspection: Inspection = field(init=False)
    _register: Register = field(init=False)
    _sent: Sent = field(init=False)
    _known: Known = field(init=False)
    _seen_by: Callable[[datetime], datetime] = field(init=False)

    def __post_init__(self) -> None:
        """Raises UsageError without a register, RecordError if this laptop's record is damaged."""
        register = self.context.registers.current()
        if register is None:
            raise UsageError(
                "This laptop has not read the visits register yet, so it cannot recognise photos of visits. Run "
                "`photo-agent sync` where the school network can be reached."
            )
        self._register = register
        self._sent = sent_from(self.context.settings)
        self._known = known_photos(self.context)
        self._seen_by = seen_by(self.context)
        self.inspection = Inspection(token_hex(8), self.context.clock(), register.version)

    def through(self) -> Inspection:
        """Look everywhere until somebody asks to stop; the inspection then has the findings so far."""
        began = time.monotonic()
        try:
            self.save(self.inspection)
            self._look()
            self.inspection.cut_short = False
        except _Stopped:
            pass
        finally:
            self.inspection.seconds = time.monotonic() - began
            self.save(self.inspection)
        return self.inspection

    def _look(self) -> None:
        walk = Walk(self.bounds, self.inspection.not_known)
        saved = began = time.monotonic()
        for folder in walk.through(self.places):
            if time.monotonic() - saved >= SAVE_EVERY:
                saved = time.monotonic()
                self.inspection.seconds = saved - began
                self.save(self.inspection)
            self.progress(folder.spot)
            self._stop_if_asked()
            try:
                with contained("a folder"):
                    self._look_into(folder)
            except Unforeseen:
                self.inspection.not_known[folder.spot, Why.UNREADABLE] += 1
        self._small_pictures()

    def _stop_if_asked(self, _more: int = 0) -> None:
        if self.stopping():
            raise _Stopped

    # --- one folder --------------------------------------------------------------------------------------------------

    def _look_into(self, folder: FolderSeen) -> None:
        self.inspection.files[folder.spot] += len(folder.files)
        copies = {file: visit for file in folder.files if (visit := self._sent_for(folder, file)) is not None}
        photos = group([file for file in folder.files if self._worth_reading(folder, file)], reader(self.context))
        rest = dict(copies)
        unknown: list[Photo] = []
        for photo in photos:
            if (visit := rest.get(photo.main)) is None:
                unknown.append(photo)
                continue
            for member in photo.members:
                rest.pop(member.file, None)
            self._found(What.COPY, folder, visit, photo.main)
        for (
            file,
            visit,
        ) in rest.items():  # a name without a photo's ending, or half of a Live Photo whose other half changed
            self._found(What.COPY, folder, visit, file)
        for start in range(0, len(unknown), AT_ONCE):
            self._stop_if_asked()
            self._judge(folder, unknown[start : start + AT_ONCE])
            self.progress(folder.spot)

    def _sent_for(self, folder: FolderSeen, file: LocalFile) -> VisitId | None:
        try:
            return self._sent.visit_of(file, self._stop_if_asked)
        except LocalFault:
            self._unreadable(folder, file)
            return None

    def _worth_reading(self, folder: FolderSeen, file: LocalFile) -> bool:
        """Whether a file's name or its first bytes show a photo, a video or a sidecar."""
        self._stop_if_asked()
        if file.size == 0:
            return False
        if kind_of(file.path) is not None:
            return True
        try:
            handle = open_plain(file.path)
        except FileNotFoundError:
            return False
        except (OSError, ValueError):
            self._unreadable(folder, file)
            return False
        try:
            return sniff(os.read(handle, HEAD)) != "unknown"
        except OSError:
            self.inspection.not_known[folder.spot, Why.UNREADABLE] += 1
            return False
        finally:
            os.close(handle)

    def _judge(self, folder: FolderSeen, photos: Sequence[Photo]) -> None:
        for photo, (main, partners) in zip(photos, self._read(photos), strict=True):
            if isinstance(main, LocalFault):
                if claims_to_be_a_photo(photo.main.path):
                    self._unreadable(folder, photo.main)
            elif main.is_photo:
                self._decide(folder, photo, main, partners)
            elif not main.complete and claims_to_be_a_photo(photo.main.path):
                self.inspection.not_known[folder.spot, Why.UNREADABLE] += 1

    def _decide(
        self, folder: FolderSeen, photo: Photo, capture: Capture, partners: Sequence[Capture | LocalFault]
    ) -> None:
        tracked = self._known.get(photo.main)
        looked_at = self.context.clock() if tracked is None else tracked.looked_at
        decision = judge_photo(self.context, capture, partners, self._register, looked_at, self._seen_by)
        if decision.verdict not in {Verdict.VISIT, Verdict.REVIEW} or self.context.journal.said_private(photo.main):
            return
        if decision.verdict is Verdict.VISIT:
            self._found(What.PHOTO, folder, decision.visit, photo.main)
        else:
            what = What.UNSURE if assigned(tracked) is None else What.ON_ITS_WAY
            self._found(what, folder, None, photo.main)

    def _read(self, photos: Sequence[Photo]) -> Iterator[tuple[Capture | LocalFault, list[Capture | LocalFault]]]:
        """The capture of each photo's main file, all its files considered, and of each of its partners by itself."""
        requests = [
            ReadRequest(path, others_of(photo) if path == photo.main.path else ())
            for photo in photos
            for path in (photo.main.path, *partners_of(photo))
        ]
        captures = self.context.capture.read_all(requests, now=latest(self.context))
        found = [list(islice(captures, 1 + len(partners_of(photo)))) for photo in photos]
        for _ in captures:  # the generator finishes its work only when it is exhausted
            raise ValueError("more files were read than requested")
        return ((main, partners) for main, *partners in found)

    def _unreadable(self, folder: FolderSeen, file: LocalFile) -> None:
        why = Why.UNREADABLE if os.access(file.path, os.R_OK) else Why.NO_PERMISSION
        self.inspection.not_known[folder.spot, why] += 1

    def _found(self, what: What, folder: FolderSeen, visit: VisitId | None, file: LocalFile) -> None:
        if file in folder.by_itself and what is not What.UNSURE:
            what = What.ON_ITS_WAY
        self.inspection.found[what, visit, folder.spot] += 1
        self.tell(Finding(what, folder.spot, visit, file.path))

    # --- small pictures ----------------------------------------------------------------------------------------------

    def _small_pictures(self) -> None:
        """The desktop's thumbnails of photos that are gone, identified by the photos' former paths."""
        if sys.platform in {"win32", "darwin"}:
            return
        for tracked in self.context.journal.tracked_photos(State.REMOVED, State.GONE):
            self._stop_if_asked()
            visit = None if tracked.decision is None else tracked.decision.visit
            for member in tracked.photo.members:
                try:
                    number = count_thumbnails(member.file.path)
                except LocalFault:
                    self.inspection.not_known[Spot.THUMBNAILS, Why.UNREADABLE] += 1
                    return
                for _ in range(number):
                    self.inspection.found[What.COPY, visit, Spot.THUMBNAILS] += 1
                    self.tell(Finding(What.COPY, Spot.THUMBNAILS, visit, member.file.path))
