"""The questions for a person: similar photos in review make one question, with the likeliest visit first.

Photos are similar if they are held for the same reason, numbers and dates aside, and seem to be of the same visit: so
forty pictures from a messenger are one question. There is no question about photos whose answer only waits to take
effect. Reads only.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from agent.journal import State
from agent.model.ids import PhotoId, VisitId
from agent.pipeline import answers
from agent.pipeline.context import Context
from agent.pipeline.proposals import Proposal
from agent.pipeline.review import ReviewItem, held
from agent.register.wording import MONTHS

_NUMBERS = re.compile(rf"\b(?:{'|'.join(MONTHS)})\b|\d+(?:[.:]\d+)*")


@dataclass(frozen=True, slots=True)
class Question:
    """Photos that one answer can cover, in the order in which they were found; `id` does not change while they wait."""

    id: str
    photos: tuple[ReviewItem, ...]

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """The proposed visits, the likeliest first; empty for photos that cannot be sent as they are."""
        return () if self.cannot_be_sent else self.photos[0].proposals

    @property
    def reason(self) -> str:
        """Why they are held: the reason of the first of them."""
        return self.photos[0].tracked.reason or ""

    @property
    def cannot_be_sent(self) -> bool:
        """Whether the photos cannot be sent whatever the answer, because the files are empty or unreadable."""
        return self.photos[0].tracked.state is State.REFUSED

    @property
    def ids(self) -> tuple[PhotoId, ...]:
        """The ids of the photos."""
        return tuple(one.tracked.id for one in self.photos)


def questions(context: Context) -> list[Question]:
    """The questions to ask now: first those about possible photos of a visit, then by the number of photos.

    No photo is read for this, so a visit's cameras count only as far as the reason for the question mentions them.
    """
    answered = {photo for answer in answers.pending(context) for photo in answer.photos}
    groups: defaultdict[tuple[State, str, VisitId | None], list[ReviewItem]] = defaultdict(list)
    for one in held(context, cameras=False):
        if one.tracked.id not in answered:
            likeliest = one.candidates[0] if one.candidates else None
            groups[one.tracked.state, _without_numbers(one.tracked.reason or ""), likeliest].append(one)
    found = [Question(_id(key), tuple(photos)) for key, photos in groups.items()]
    return sorted(found, key=lambda question: (question.cannot_be_sent, not question.proposals, -len(question.photos)))


def _without_numbers(reason: str) -> str:
    return _NUMBERS.sub("#", reason)


def _id(key: Sequence[object]) -> str:
    return hashlib.sha256("\0".join(map(str, key)).encode()).hexdigest()[:12]
