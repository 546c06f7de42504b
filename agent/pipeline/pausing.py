"""A pause that a person asked for: until it ends, the service does nothing by itself. "Send now" ends it."""

from datetime import datetime, timedelta

from agent.pipeline.context import Context
from agent.pipeline.journal_keys import PAUSED_UNTIL

PAUSE = timedelta(hours=1)


def pause(context: Context) -> datetime:
    """Pause for an hour from now; returns the end of the pause."""
    until = context.clock() + PAUSE
    context.journal.set_fact(PAUSED_UNTIL, until.isoformat())
    return until


def resume(context: Context) -> None:
    """End the pause."""
    context.journal.set_fact(PAUSED_UNTIL, None)


def paused_until(context: Context) -> datetime | None:
    """The end of the present pause; None without one. A wrong clock cannot make a pause longer than intended."""
    fact = context.journal.fact(PAUSED_UNTIL)
    if fact is None:
        return None
    until = datetime.fromisoformat(fact)
    now = context.clock()
    return until if now < until <= now + PAUSE else None
