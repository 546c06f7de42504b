"""What a run puts on record beside transfers and removals: what a person settled, what is overdue or cannot be sent,
and once a day a sign of life.

Nothing here names what is private: of photos that a person kept, a day's count is all there is.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

from agent import __version__
from agent.journal import Standing, State
from agent.pipeline.clocks import age, earliest
from agent.pipeline.facts import HEARTBEAT, KEPT_PRIVATE
from agent.pipeline.stages import Stages
from agent.pipeline.status import WAITING, is_overdue
from agent.record import JSON, Draft, Kind


def put_down_standings(stages: Stages, *, clock_is_right: bool) -> None:
    """Put down, once each, what is settled by a person, refused or overdue, and what was kept on earlier days.

    Only where the laptop's clock is known to be right is a photo called overdue: what is signed is not taken back.
    """
    late = _overdue(stages) if clock_is_right else ()
    stages.record.append_all([*_settled(stages), *_refused(stages), *late])
    _kept_private(stages)


def is_heartbeat_due(stages: Stages) -> bool:
    """Whether today's sign of life is not on record yet."""
    return stages.journal.fact(HEARTBEAT) != stages.clock().astimezone(UTC).date().isoformat()


def heartbeat(stages: Stages) -> None:
    """Put down, once a day, that this laptop is alive, and how many photos stand where."""
    now = stages.clock()
    today = now.astimezone(UTC).date().isoformat()
    if not is_heartbeat_due(stages):
        return
    counts = stages.journal.counts()
    waiting = stages.journal.standings(*WAITING)
    register = stages.registers.current()
    body: dict[str, JSON] = {
        "version": __version__,
        "waiting": sum(one.state is not State.REFUSED for one in waiting),
        "review": counts[State.REVIEW],
        "refused": counts[State.REFUSED],
        "overdue": sum(is_overdue(stages, one) for one in waiting),
        "register_version": None if register is None else register.version,
    }
    stages.record.append(Kind.HEARTBEAT, body, event=f"heartbeat-{today}", at=now)
    stages.journal.set_fact(HEARTBEAT, today)


def count_private(stages: Stages, more: int = 1) -> None:
    """So many more photos were kept by a person, today; the record hears of the day's count when the day is over.

    Fewer, where a person took that back; what is on record already stays there.
    """
    today = stages.clock().astimezone(UTC).date().isoformat()
    counts = _days(stages)
    counts[today] = max(counts.get(today, 0) + more, 0)
    left = {day: count for day, count in counts.items() if count}
    stages.journal.set_fact(KEPT_PRIVATE, json.dumps(left) if left else None)


def _kept_private(stages: Stages) -> None:
    now = stages.clock()
    today = now.astimezone(UTC).date().isoformat()
    counts = _days(stages)
    # A day that is yet to come was counted while the clock was ahead.
    over = {day: count for day, count in counts.items() if day != today}
    if not over:
        return
    stages.record.append_all(
        [
            Draft(Kind.REVIEW_RESOLVED, {"private": count}, f"private-{day}", _end_of(day, now))
            for day, count in over.items()
        ]
    )
    left = {day: count for day, count in counts.items() if day not in over}
    stages.journal.set_fact(KEPT_PRIVATE, json.dumps(left) if left else None)


def _end_of(day: str, now: datetime) -> datetime:
    """The day's last second: when exactly a person looked through private photos is nobody's business."""
    return min(now, datetime.combine(date.fromisoformat(day), datetime.max.time(), UTC).replace(microsecond=0))


def _days(stages: Stages) -> dict[str, int]:
    return dict(json.loads(stages.journal.fact(KEPT_PRIVATE) or "{}"))


def _settled(stages: Stages) -> Iterator[Draft]:
    for one in stages.journal.standings(State.DECIDED):
        if one.decision is not None and one.decision.by_person:
            body: dict[str, JSON] = {
                "photo": one.id,
                "visit": one.decision.visit,
                "staff": stages.settings.device.staff,
                "register_version": one.decision.register_version,
            }
            yield Draft(Kind.REVIEW_RESOLVED, body, f"{one.id}-assigned-{one.decision.visit}", stages.clock())


def _refused(stages: Stages) -> Iterator[Draft]:
    """Only of photos that are certainly of a visit: another may be private."""
    for one in _of_visits(stages, State.REFUSED):
        yield Draft(Kind.REFUSED, {"photo": one.id, "visit": _visit(one)}, f"{one.id}-refused", stages.clock())


def _overdue(stages: Stages) -> Iterator[Draft]:
    for one in _of_visits(stages, *WAITING):
        if is_overdue(stages, one) and one.reachable_at is not None:
            hours = int(age(one.reachable_at, earliest(stages)).total_seconds() // 3600)
            body: dict[str, JSON] = {
                "photo": one.id,
                "visit": _visit(one),
                "found_at": one.found_at.isoformat(),
                "reachable_at": one.reachable_at.isoformat(),
                "hours": hours,
            }
            yield Draft(Kind.OVERDUE, body, f"{one.id}-overdue", stages.clock())


def _of_visits(stages: Stages, *states: State) -> list[Standing]:
    return [one for one in stages.journal.standings(*states) if one.decision is not None and one.decision.visit]


def _visit(one: Standing) -> str | None:
    return None if one.decision is None else one.decision.visit
