"""What a run says when it ends: how many photos are left in which state, and how many of each visit were sent."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from agent.journal import State, TrackedPhoto
from agent.model.removal import Outcome
from agent.pipeline.context import Context
from agent.pipeline.events import Summary
from agent.pipeline.status import is_kept
from agent.pipeline.unconfirmed import unconfirmed_ids


def count_by_visit(context: Context, summary: Summary, proven: Sequence[TrackedPhoto], *, by: int = 1) -> None:
    """Add the photos just proven to the count of their visits; `by` is -1 for those that the share has lost since."""
    register = context.registers.current()
    titles = {} if register is None else {visit.id: visit.title for visit in register.visits}
    counts = {str(line["id"]): line for line in summary.visits}
    for tracked in proven:
        if tracked.decision is not None and (visit := tracked.decision.visit) is not None:
            line = counts.setdefault(visit, {"id": visit, "title": titles.get(visit, visit), "proven": 0})
            line["proven"] = int(str(line["proven"])) + by
    summary.visits = [line for line in counts.values() if line["proven"]]


def count_what_is_left(context: Context, summary: Summary) -> None:
    """Count the photos that wait, need an answer, cannot be sent, or are on a card that is not plugged in."""
    counts = context.journal.counts()
    away = Counter(tracked.state for tracked in context.journal.away() if not tracked.is_here)
    summary.away = away.total()
    summary.review = counts.get(State.REVIEW, 0) - away[State.REVIEW]
    summary.refused = counts.get(State.REFUSED, 0) - away[State.REFUSED]
    summary.not_removed = counts.get(State.PROVEN, 0) - away[State.PROVEN] + _not_removed(context)
    unsent = (State.FOUND, State.SETTLED, State.DECIDED, State.SENT)
    summary.waiting = sum(counts.get(state, 0) - away[state] for state in unsent) + summary.not_removed


def what_stays_on_cards(context: Context, roots: Sequence[Path]) -> str | None:
    """The sentence about photos that were sent and stay on their card because the settings say so; None without any."""
    recorded = context.journal.tracked_photos(State.RECORDED)
    not_safe = unconfirmed_ids(context)
    stay = [tracked for tracked in recorded if tracked.away is Outcome.KEPT and tracked.id not in not_safe]
    asked = sum(any(tracked.photo.main.path.is_relative_to(root) for root in roots) for tracked in stay)
    if not asked:
        return None
    photos, stay_too = ("1 photo is", "stays") if asked == 1 else (f"{asked} photos are", "stay")
    return f"{photos} safe on the school network and {stay_too} on the card too, as the settings say."


def _not_removed(context: Context) -> int:
    """Recorded photos that should have been removed and were not; those left here on purpose do not count."""
    recorded = [tracked for tracked in context.journal.tracked_photos(State.RECORDED) if tracked.is_here]
    recorded = [tracked for tracked in recorded if tracked.away is not Outcome.KEPT]
    return sum(tracked.proven_at is None or not is_kept(context, tracked.proven_at) for tracked in recorded)
