"""Explains what the program knows about a file and would do with it, and why. Changes nothing, needs no share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

from agent.errors import LocalFault
from agent.folders import group, look, scan
from agent.formats import Kind, claims_to_be_a_photo, kind_of
from agent.journal import State, TrackedPhoto
from agent.model.capture import Capture
from agent.model.decision import Decision, Verdict
from agent.model.files import LocalFile
from agent.model.ids import VisitId
from agent.model.register import Register
from agent.model.times import Interval
from agent.pipeline.clocks import latest, seen_by
from agent.pipeline.context import Context
from agent.pipeline.examine import EMPTY, others_of, reader
from agent.pipeline.judging import NOT_WHAT_IT_CLAIMS, judge_photo
from agent.pipeline.renew import no_register
from agent.pipeline.whereabouts import OPEN

Known = Mapping[LocalFile, TrackedPhoto]
"""What the journal has of photos that are here, by their main files."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A file, its capture and the verdict; `capture` is None if the file cannot be read at all."""

    path: Path
    capture: Capture | None
    decision: Decision | None
    verdict: Verdict
    reasons: tuple[str, ...]
    sent: "SentPhoto | None" = None  # it was sent, and is still here

    @property
    def taken(self) -> Interval | None:
        """The time of capture that was finally used."""
        if self.decision is not None and self.decision.taken is not None:
            return self.decision.taken
        if self.capture is not None and isinstance(self.capture.taken, Interval):
            return self.capture.taken
        return None

    def as_json(self) -> dict[str, object]:
        """The line of `explain --json`; scripts rely on its fields."""
        capture, taken = self.capture, self.taken
        camera = None if capture is None else capture.camera
        place = None if capture is None else capture.place
        return {
            # A name that is not UTF-8 is shown with its bytes escaped, so that every line is valid JSON.
            "file": str(self.path).encode("utf-8", "backslashreplace").decode("utf-8"),
            "format": "unknown" if capture is None else capture.format,
            "recorded": None if capture is None else capture.recorded,
            "offset": None if capture is None else capture.offset,
            "taken": taken
            and {
                "earliest": taken.earliest.isoformat(),
                "latest": taken.latest.isoformat(),
                "level": None if capture is None else capture.level.value,
                "basis": [] if capture is None else list(capture.basis),
            },
            "camera": camera and {"make": camera.make, "model": camera.model, "serial": camera.serial},
            "origin": None if capture is None else capture.origin.value,
            "place": place and {"latitude": place.latitude, "longitude": place.longitude},
            "decision": self.verdict.value,
            "visit": None if self.decision is None else self.decision.visit,
            "reasons": list(self.reasons),
            **({} if self.sent is None else {"sent": self.sent.at, "name": self.sent.name, "removed": None}),
        }


def explain(
    context: Context,
    path: Path,
    beside: Sequence[Path] | None = None,
    known: Known | None = None,
) -> Explanation:
    """Read and decide one file; if it cannot be read, the explanation says so, and nothing is raised.

    `beside` are the files that belong to it, `known` is the result of `known_photos`; if they are not given, they are
    looked up.
    """
    if beside is None:
        beside = _beside(context, path)
    if known is None:
        known = known_photos(context)
    try:
        seen = look(path)
        capture = context.capture.read(path, now=latest(context), beside=beside)
        partners = [_alone(context, other) for other in beside if kind_of(other) is Kind.CLIP]
    except LocalFault as fault:
        return Explanation(path, None, None, Verdict.REVIEW, (str(fault),))
    if claims_to_be_a_photo(path) and (why := _unusable(capture, seen)):
        return Explanation(path, capture, None, Verdict.REVIEW, (why,))
    if not capture.is_photo:
        return Explanation(path, capture, None, Verdict.NOT_A_PHOTO, capture.notes or ("not a photo or video",))
    tracked = None if seen is None else known.get(seen)
    if seen is not None and (settled := _settled(context, capture, seen, tracked)) is not None:
        return settled
    register = context.registers.current()
    if register is None:
        excuse = no_register(context, register) or ""
        return Explanation(path, capture, None, Verdict.REVIEW, (*capture.notes, excuse))
    looked_at = context.clock() if tracked is None else tracked.looked_at
    decision = judge_photo(context, capture, partners, register, looked_at, seen_by(context))
    stale = no_register(context, register)
    reasons = (*decision.reasons, *_line_of(context, register, decision), *((stale,) if stale else ()))
    return Explanation(path, capture, decision, decision.verdict, reasons)


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo that was sent and is no longer in its folder: its visit, its name on the share, and when it was sent."""

    visit: VisitId
    name: str
    at: datetime
    removed_at: datetime | None


def sent_from(context: Context, path: Path) -> SentPhoto | None:
    """The photo last sent from `path`, if this laptop still remembers it (for a month); None if there is none."""
    wanted = path.absolute()
    found: SentPhoto | None = None
    for some in context.journal.chunks(State.REMOVED, State.RECORDED, State.PROVEN):
        for one in some:
            sent = _sent(one) if any(member.file.path == wanted for member in one.photo.members) else None
            if sent is not None and (found is None or found.at <= sent.at):
                found = sent
    return found


def _sent(tracked: TrackedPhoto) -> SentPhoto | None:
    """When and where it was sent; None if it was not."""
    visit = None if tracked.decision is None else tracked.decision.visit
    if visit is None or tracked.proven_at is None or not tracked.proofs:
        return None
    return SentPhoto(visit, tracked.proofs[0].name, tracked.proven_at, tracked.removed_at)


def _unusable(capture: Capture, seen: LocalFile | None) -> str | None:
    """Why a file cannot be sent although its name says that it is a photo."""
    if seen is not None and seen.size == 0:
        return EMPTY
    return NOT_WHAT_IT_CLAIMS if not capture.is_photo and not capture.complete else None


def known_photos(context: Context) -> Known:
    """The photos that the journal has and that are still here, by their main files."""
    return {
        one.photo.main: one for chunk in context.journal.chunks(*OPEN, State.PROVEN, State.RECORDED) for one in chunk
    }


def assigned(tracked: TrackedPhoto | None) -> Decision | None:
    """The decision by which a person assigned a photo on its way to a visit; None if nobody did."""
    on_its_way = tracked is not None and tracked.state in {State.DECIDED, State.SENT, State.PROVEN}
    decision = tracked.decision if tracked is not None and on_its_way else None
    return decision if decision is not None and decision.by_person else None


def _settled(context: Context, capture: Capture, file: LocalFile, tracked: TrackedPhoto | None) -> Explanation | None:
    """What became of the photo with this main file, if it was sent or a person answered about it; None otherwise."""
    if tracked is not None and (sent := _sent(tracked)) is not None:
        reasons = (tracked.reason,) if tracked.reason else ()
        return Explanation(file.path, capture, tracked.decision, Verdict.VISIT, reasons, sent)
    if (answered := _answer(context, file, tracked)) is None:
        return None
    decision, said = answered
    return Explanation(file.path, capture, decision, decision.verdict if decision else Verdict.PRIVATE, (said,))


def _answer(context: Context, file: LocalFile, tracked: TrackedPhoto | None) -> tuple[Decision | None, str] | None:
    """A person's answer about the photo with this main file, also in words; None if there is none. None: private."""
    if context.journal.said_private(file):
        return None, "you said that it is private"
    decision = assigned(tracked)
    return None if decision is None else (decision, "you said which visit it is from")


def _line_of(context: Context, register: Register, decision: Decision) -> tuple[str, ...]:
    """The line of the visit in the register's file, if a visit decided."""
    visit = next((one for one in register.visits if one.id == decision.visit), None)
    if visit is None or not visit.line:
        return ()
    return (f"{visit.title} is on line {visit.line} of {PurePath(context.settings.register.visits).name}",)


def preview(context: Context, roots: Sequence[Path]) -> Iterator[Explanation]:
    """What a run over `roots` would do with each photo in them; photos are decided afresh and nothing is saved."""
    known = known_photos(context)
    for photo in scan(roots, read=reader(context)).photos:
        yield explain(context, photo.main.path, others_of(photo), known)


def _alone(context: Context, path: Path) -> Capture | LocalFault:
    try:
        return context.capture.read(path, now=context.clock())
    except LocalFault as fault:
        return fault


def _beside(context: Context, path: Path) -> tuple[Path, ...]:
    """The files that form one photo with this file, among those whose names begin alike."""
    try:
        near = [look(other) for other in path.parent.iterdir() if other.name.startswith(path.stem)]
    except (OSError, LocalFault):
        return ()
    photos = group([file for file in near if file is not None], reader(context))
    return next((others_of(photo) for photo in photos if photo.main.path == path), ())
