"""Answers that have not taken effect yet: a person may take one back for ten minutes, before anything is sent.

An answer is one fact in the journal, whatever the number of its photos; they stay in review until it takes effect. A
run acts on the answers whose time has come (`take_effect`). "Send now" ends the wait only for photos of a visit. A
photo that a person calls private is forgotten here, so its answer always waits the full ten minutes.

An answer is about the files that the person saw. If a file has changed by the time its answer takes effect, the program
does not act on the answer and asks again.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.errors import LocalFault, UsageError, contained
from agent.journal import TrackedPhoto
from agent.model.ids import PhotoId, VisitId
from agent.pipeline import review
from agent.pipeline.context import Context
from agent.pipeline.redecide import as_seen

UNDO_FOR = timedelta(minutes=10)
"""For this long, a person can take an answer back."""

_PREFIX = "answer "


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said about some photos: they are of `visit`, or, where that is None, they are private.

    `looks` are hashes of how the files of each photo looked when the person saw it, in the order of `photos`. Once an
    answer has `begun` to take effect, it can no longer be taken back.
    """

    id: str
    photos: tuple[PhotoId, ...]
    visit: VisitId | None
    given_at: datetime
    looks: tuple[str, ...]
    begun: bool = False

    @property
    def takes_effect(self) -> datetime:
        """When the answer takes effect."""
        return self.given_at + UNDO_FOR

    def is_due(self, now: datetime, *, at_once: bool) -> bool:
        """Whether the answer takes effect now; `at_once` ends the wait for photos that are to be sent.

        An answer dated in the future was given before the clock was put back. Its age is not known, so it takes effect.
        """
        return now >= self.takes_effect or self.given_at > now or (at_once and self.visit is not None)


def give(context: Context, photos: Sequence[PhotoId], visit: VisitId | None) -> Answer:
    """Note an answer about photos in review. UsageError if one is not in review, or the visit cannot be assigned."""
    answered = {photo for answer in pending(context) for photo in answer.photos}
    if taken := next((photo for photo in photos if photo in answered), None):
        raise UsageError(f"Photo {taken} has an answer already. Take that one back first.")
    chosen = review.chosen(context, photos)
    if visit is not None:
        register = context.registers.current()
        if register is None:
            raise UsageError("This laptop has no register of visits yet. `photo-agent sync` fetches it.")
        review.open_visit(register, visit)
    looks = tuple(_look(context.journal.get(photo)) for photo in chosen)
    answer = Answer(secrets.token_hex(4), tuple(chosen), visit, context.clock(), looks)
    context.journal.set_fact(_PREFIX + answer.id, _written(answer))
    return answer


def take_back(context: Context, answer: str) -> Answer | None:
    """Forget an answer that has not begun to take effect, and return it; None if there is no such answer any more."""
    found = next((one for one in pending(context) if one.id == answer), None)
    return found if found is not None and _changed(context, found, None) else None


def take_back_for(context: Context, photo: PhotoId) -> bool:
    """Forget the answer about one photo, unless it has begun to take effect; False if there was nothing to forget."""
    found = next((one for one in pending(context) if photo in one.photos), None)
    if found is None:
        return False
    left = [(one, seen) for one, seen in zip(found.photos, found.looks, strict=True) if one != photo]
    rest = replace(found, photos=tuple(one for one, _ in left), looks=tuple(seen for _, seen in left))
    return _changed(context, found, rest if left else None)


def _changed(context: Context, before: Answer, after: Answer | None) -> bool:
    """Replace `before` with `after`, unless it has begun to take effect or another process has changed it."""
    if before.begun:
        return False
    return context.journal.swap_fact(_PREFIX + before.id, _written(before), None if after is None else _written(after))


def pending(context: Context) -> list[Answer]:
    """All answers that have not taken effect, the oldest first."""
    return sorted(_read(context), key=lambda answer: (answer.given_at, answer.id))


def take_effect(context: Context, *, at_once: bool = False) -> list[str]:
    """Act on the answers whose time has come; returns a sentence for each answer that could not be acted on.

    Each photo is treated by itself. If its file has changed or cannot be read, the person is asked about it again, and
    the other answers still take effect.
    """
    problems: list[str] = []
    now = context.clock()
    for answer in pending(context):
        ready = answer.begun or answer.is_due(now, at_once=at_once)
        # A person may take the answer back at this very moment; then nothing is done.
        if not ready or not (answer.begun or _changed(context, answer, replace(answer, begun=True))):
            continue
        for photo, seen in zip(answer.photos, answer.looks, strict=True):
            try:
                with contained("a photo"):
                    _act(context, photo, seen, answer.visit)
            except UsageError as fault:
                problems.append(str(fault))
            except LocalFault as fault:
                problems.append(f"Your answer about photo {photo} could not be used: {fault}")
        context.journal.set_fact(_PREFIX + answer.id, None)
    return problems


def soonest(context: Context) -> timedelta | None:
    """How long until the next answer takes effect; None if no answer waits."""
    now = context.clock()
    waits = [answer.takes_effect - now for answer in pending(context)]
    return max(min(waits), timedelta(0)) if waits else None


def _act(context: Context, photo: PhotoId, seen: str, visit: VisitId | None) -> None:
    tracked = context.journal.get(photo)
    # The service has seen a change since, or has not looked at the photo again yet.
    if tracked is not None and (_look(tracked) != seen or not as_seen(tracked)):
        raise review.moved_on(photo)
    if visit is None:
        review.keep_private(context, photo)
    else:
        review.assign(context, photo, visit)


def _look(tracked: TrackedPhoto | None) -> str:
    """A hash of how a photo's files look; on cards and phones file numbers and times of change mean nothing."""
    if tracked is None:
        return ""
    steady = tracked.volume is None or tracked.volume.steady
    files = [(str(one.role), one.file) for one in tracked.photo.members]
    looks = [
        (role, str(file.path), file.size, file.mtime_ns, (file.inode, file.changed_ns) if steady else None)
        for role, file in files
    ]
    return hashlib.sha256(repr(looks).encode("utf-8", "surrogatepass")).hexdigest()


def _written(answer: Answer) -> str:
    return json.dumps(
        {
            "photos": list(answer.photos),
            "visit": answer.visit,
            "given_at": answer.given_at.isoformat(),
            "looks": list(answer.looks),
            "begun": answer.begun,
        },
        ensure_ascii=True,
    )


def _read(context: Context) -> Iterator[Answer]:
    for name, text in context.journal.facts(_PREFIX).items():
        body = json.loads(text)
        yield Answer(
            id=name.removeprefix(_PREFIX),
            photos=tuple(PhotoId(photo) for photo in body["photos"]),
            visit=None if body["visit"] is None else VisitId(body["visit"]),
            given_at=datetime.fromisoformat(body["given_at"]),
            looks=tuple(body["looks"]),
            begun=body["begun"],
        )
