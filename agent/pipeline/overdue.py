"""Which photos are still to leave this laptop, and which should have left by now."""

from datetime import timedelta

from agent.journal import State, TrackedPhoto
from agent.model.removal import Outcome
from agent.pipeline.clocks import age, earliest
from agent.pipeline.context import Context

WAITING = (State.FOUND, State.SETTLED, State.DECIDED, State.SENT, State.PROVEN, State.RECORDED, State.REFUSED)
"""The states of a photo that is still here and is going to leave."""


def is_overdue(context: Context, tracked: TrackedPhoto) -> bool:
    """Whether the photo should have left by now."""
    allowed = timedelta(hours=context.settings.removal.overdue_hours)
    if not tracked.is_here or tracked.away is Outcome.KEPT:
        return False  # nobody can send what is on a card in a drawer
    return tracked.reachable_at is not None and age(tracked.reachable_at, earliest(context)) > allowed
