"""Entries of a run apart from transfers and removals: a person's answers, photos that are overdue or cannot be sent,
and a heartbeat once a day.

Nothing here names anything private: of the photos that a person called private, the record has only a count for each
day.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import chain

from agent import __version__
from agent.journal import State, TrackedPhoto
from agent.model.ids import VisitId
from agent.pipeline.clocks import age, earliest
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import HEARTBEAT, KEPT_PRIVATE
from agent.pipeline.overdue import WAITING, is_overdue
from agent.record import Draft
from agent.record.bodies import Heartbeat, Overdue, Refused, ReviewResolved


def record_reviews_and_delays(context: Context, *, clock_is_right: bool) -> None:
    """Record, once each, photos answered by a person, refused or overdue, and the counts of private ones on past days.

    A photo is called overdue only if the laptop's clock is known to be right, because a signed entry cannot be taken
    back.
    """
    late = _overdue(context) if clock_is_right else ()
    context.record.append_all([*_settled(context), *_refused(context), *late])
    _kept_private(context)


def is_heartbeat_due(context: Context) -> bool:
    """Whether today's heartbeat is not recorded yet, or not by this version of the program."""
    return context.journal.fact(HEARTBEAT) != _sign_of_life(context)


def _sign_of_life(context: Context) -> str:
    return f"{context.clock().astimezone(UTC).date().isoformat()} {__version__}"


def heartbeat(context: Context) -> None:
    """Record once a day that this laptop is alive, with its photos counted by state; at once after an upgrade."""
    now = context.clock()
    today = _sign_of_life(context)
    if not is_heartbeat_due(context):
        return
    counts = context.journal.counts()
    register = context.registers.current()
    waiting = overdue = 0
    for one in chain.from_iterable(context.journal.chunks(*WAITING)):
        waiting += one.state is not State.REFUSED
        overdue += is_overdue(context, one)
    body = Heartbeat(
        version=__version__,
        waiting=waiting,
        review=counts[State.REVIEW],
        refused=counts[State.REFUSED],
        overdue=overdue,
        register_version=None if register is None else register.version,
    )
    context.record.append(body.draft(f"heartbeat-{today.replace(' ', '-')}", now))
    context.journal.set_fact(HEARTBEAT, today)


def count_private(context: Context, more: int = 1) -> None:
    """Add to today's count of photos that a person called private; the count is recorded when the day is over.

    The number is negative if a person took an answer back; a count that is already recorded does not change.
    """
    today = context.clock().astimezone(UTC).date().isoformat()
    counts = _days(context)
    counts[today] = max(counts.get(today, 0) + more, 0)
    left = {day: count for day, count in counts.items() if count}
    context.journal.set_fact(KEPT_PRIVATE, json.dumps(left) if left else None)


def _kept_private(context: Context) -> None:
    now = context.clock()
    today = now.astimezone(UTC).date().isoformat()
    counts = _days(context)
    # A day in the future was counted while the clock was ahead.
    over = {day: count for day, count in counts.items() if day != today}
    if not over:
        return
    context.record.append_all(
        [ReviewResolved(private=count).draft(f"private-{day}", _end_of(day, now)) for day, count in over.items()]
    )
    left = {day: count for day, count in counts.items() if day not in over}
    context.journal.set_fact(KEPT_PRIVATE, json.dumps(left) if left else None)


def _end_of(day: str, now: datetime) -> datetime:
    """The day's last second: nobody needs to know when exactly a person looked through private photos."""
    return min(now, datetime.combine(date.fromisoformat(day), datetime.max.time(), UTC).replace(microsecond=0))


def _days(context: Context) -> dict[str, int]:
    return dict(json.loads(context.journal.fact(KEPT_PRIVATE) or "{}"))


def _settled(context: Context) -> Iterator[Draft]:
    for one in chain.from_iterable(context.journal.chunks(State.DECIDED)):
        if one.decision is not None and one.decision.by_person:
            body = ReviewResolved(
                photo=one.id,
                visit=one.decision.visit,
                staff=context.settings.device.staff,
                register_version=one.decision.register_version,
            )
            yield body.draft(f"{one.id}-assigned-{one.decision.visit}", context.clock())


def _refused(context: Context) -> Iterator[Draft]:
    """The visit, only for photos that are certainly of a visit: others may be private."""
    for one, visit in _of_visits(context, State.REFUSED):
        yield Refused(photo=one.id, visit=visit).draft(f"{one.id}-refused", context.clock())


def _overdue(context: Context) -> Iterator[Draft]:
    for one, visit in _of_visits(context, *WAITING):
        if is_overdue(context, one) and one.reachable_at is not None:
            hours = int(age(one.reachable_at, earliest(context)).total_seconds() // 3600)
            late = Overdue(photo=one.id, visit=visit, found_at=one.found_at, reachable_at=one.reachable_at, hours=hours)
            yield late.draft(f"{one.id}-overdue", context.clock())


def _of_visits(context: Context, *states: State) -> Iterator[tuple[TrackedPhoto, VisitId]]:
    for one in chain.from_iterable(context.journal.chunks(*states)):
        if one.decision is not None and one.decision.visit:
            yield one, one.decision.visit
