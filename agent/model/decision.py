"""What is decided about a photo, and why."""

from dataclasses import dataclass
from enum import StrEnum

from agent.model.ids import Sha256, VisitId
from agent.model.times import Interval, Level


class Verdict(StrEnum):
    """The decision on a photo."""

    VISIT = "visit"
    PRIVATE = "private"
    REVIEW = "review"
    NOT_A_PHOTO = "not-a-photo"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reasons, in plain English, and the version of the register it was made by.

    `taken` is the final capture time (clock error applied, zone chosen), for the file's name on the share, its tag and
    its entry in the record. `by_person` marks a decision by a member of staff; `evidence` is then a hash of the
    evidence in the file as they saw it, so that their answer is not used for another photo. `damage` is the fault in
    the picture, which is sent all the same; None if no fault is known.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    register_version: Sha256
    visit: VisitId | None = None
    taken: Interval | None = None
    level: Level = Level.IMPOSSIBLE
    by_person: bool = False
    evidence: str = ""
    damage: str | None = None

    def __post_init__(self) -> None:
        if (self.verdict is Verdict.VISIT) != (self.visit is not None):
            raise ValueError("a decision names a visit exactly when it is for one")
