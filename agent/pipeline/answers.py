"""Answers that have not taken effect yet: a person may take one back for ten minutes, before anything is sent.

An answer is one fact of the journal, for all the photos it is about; they stay in review until it takes effect. A run
sees to those whose time has come (`take_effect`). "Send now" ends the wait for photos of a visit alone: what a person
says is not a school photo is forgotten here, so that waits its ten minutes out.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.errors import UsageError
from agent.model import PhotoId, VisitId
from agent.pipeline import review
from agent.pipeline.context import Context

UNDO_FOR = timedelta(minutes=10)
"""How long an answer can be taken back before it takes effect."""

_PREFIX = "answer "


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said about some photos: they are of `visit`, or, where that is None, not school photos."""

    id: str
    photos: tuple[PhotoId, ...]
    visit: VisitId | None
    given_at: datetime

    @property
    def takes_effect(self) -> datetime:
        """From when on it counts."""
        return self.given_at + UNDO_FOR

    def is_due(self, now: datetime, *, at_once: bool) -> bool:
        """Whether it counts now; `at_once` ends the wait of what is to be sent.

        One from the future was given before the clock was put back, so how old it is cannot be said: it counts.
        """
        return now >= self.takes_effect or self.given_at > now or (at_once and self.visit is not None)


def give(context: Context, photos: Sequence[PhotoId], visit: VisitId | None) -> Answer:
    """Note an answer about photos in review. UsageError where one is not in review, or the visit is not open to it."""
    answered = {photo for answer in pending(context) for photo in answer.photos}
    if taken := next((photo for photo in photos if photo in answered), None):
        raise UsageError(f"Photo {taken} has an answer already. Take that one back first.")
    review.chosen(context, photos)
    if visit is not None:
        register = context.registers.current()
        if register is None:
            raise UsageError("This laptop has no register of visits yet. `photo-agent sync` fetches it.")
        review.open_visit(register, visit)
    answer = Answer(secrets.token_hex(4), tuple(dict.fromkeys(photos)), visit, context.clock())
    context.journal.set_fact(_PREFIX + answer.id, _written(answer))
    return answer


def take_back(context: Context, answer: str) -> Answer | None:
    """Forget an answer that has not taken effect; None where there is no such answer (any more)."""
    found = next((one for one in pending(context) if one.id == answer), None)
    if found is not None:
        context.journal.set_fact(_PREFIX + found.id, None)
    return found


def pending(context: Context) -> list[Answer]:
    """All answers that have not taken effect, the oldest first."""
    return sorted(_read(context), key=lambda answer: (answer.given_at, answer.id))


def take_effect(context: Context, *, at_once: bool = False) -> list[str]:
    """See to the answers whose time has come; what could not be done, in words.

    Each photo is seen to by itself: one that was looked at again meanwhile is asked about as it is now.
    """
    problems: list[str] = []
    now = context.clock()
    for answer in pending(context):
        if not answer.is_due(now, at_once=at_once):
            continue
        for photo in answer.photos:
            try:
                if answer.visit is None:
                    review.keep_private(context, photo)
                else:
                    review.assign(context, photo, answer.visit)
            except UsageError as fault:
                problems.append(str(fault))
        context.journal.set_fact(_PREFIX + answer.id, None)
    return problems


def soonest(context: Context) -> timedelta | None:
    """How long until the next answer takes effect; None where there is none."""
    now = context.clock()
    waits = [answer.takes_effect - now for answer in pending(context)]
    return max(min(waits), timedelta(0)) if waits else None


def _written(answer: Answer) -> str:
    return json.dumps(
        {"photos": list(answer.photos), "visit": answer.visit, "given_at": answer.given_at.isoformat()},
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
        )
