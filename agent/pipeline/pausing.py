"""A pause that a person asked for: the service does nothing by itself until it is over. "Send now" ends it."""

from datetime import datetime, timedelta

from agent.pipeline.context import Context
from agent.pipeline.journal_keys import PAUSED_UNTIL

PAUSE = timedelta(hours=1)


def pause(context: Context) -> datetime:
    """Pause for an hour from now; until when."""
    until = context.clock() + PAUSE
    context.journal.set_fact(PAUSED_UNTIL, until.isoformat())
    return until


def resume(context: Context) -> None:
    """End the pause."""
    context.journal.set_fact(PAUSED_UNTIL, None)


def paused_until(context: Context) -> datetime | None:
    """Until when the service pauses; None where it does not. No clock can make a pause longer than it was meant."""
    fact = context.journal.fact(PAUSED_UNTIL)
    if fact is None:
        return None
    until = datetime.fromisoformat(fact)
    now = context.clock()
    return until if now < until <= now + PAUSE else None
