"""An overview for the person whose photos they are, visit by visit: only counts, from the journal. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agent.journal import State
from agent.model.ids import VisitId
from agent.model.register import Visit
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import LAST_REACHED
from agent.pipeline.unconfirmed import by_visit

SAFE = (State.PROVEN, State.RECORDED, State.REMOVED)
ON_THE_WAY = (State.DECIDED, State.SENT)


@dataclass(frozen=True, slots=True)
class VisitTally:
    """One visit's photos that passed through this laptop; `visit` is None if it is no longer in the register.

    A photo that the server has not confirmed to be on its disk is still `on_the_way`.
    """

    id: VisitId
    visit: Visit | None
    safe: int
    removed: int
    on_the_way: int
    last_removed: datetime | None

    @property
    def title(self) -> str:
        """The visit's title, or its id."""
        return self.id if self.visit is None else self.visit.title


@dataclass(frozen=True, slots=True)
class Overview:
    """All visits with photos here, the latest first, and the photos not decided yet."""

    visits: tuple[VisitTally, ...]
    being_copied: int
    share_last_reached: datetime | None

    @property
    def safe(self) -> int:
        """Photos that are on the share, and were read back."""
        return sum(one.safe for one in self.visits)

    @property
    def on_the_way(self) -> int:
        """Photos that are still to be sent."""
        return sum(one.on_the_way for one in self.visits)


def overview(context: Context) -> Overview:
    """Make the overview, with a few queries whatever the number of photos."""
    register = context.registers.current()
    known = {} if register is None else {visit.id: visit for visit in register.visits}
    counted, not_safe = context.journal.tally(), by_visit(context)
    visits = [
        _tally(visit, known.get(visit), states, not_safe[visit])
        for visit, states in counted.items()
        if visit is not None
    ]
    not_decided = counted.get(None, {})
    reached = context.journal.fact(LAST_REACHED)
    return Overview(
        visits=tuple(sorted(visits, key=_latest_first)),
        being_copied=sum(count for state, (count, _) in not_decided.items() if state in {State.FOUND, State.SETTLED}),
        share_last_reached=None if reached is None else datetime.fromisoformat(reached),
    )


def _tally(
    identity: VisitId, visit: Visit | None, states: Mapping[State, tuple[int, datetime | None]], not_safe: int
) -> VisitTally:
    def count(*wanted: State) -> int:
        return sum(states[state][0] for state in wanted if state in states)

    _, last = states.get(State.REMOVED, (0, None))
    safe, on_the_way = count(*SAFE) - not_safe, count(*ON_THE_WAY) + not_safe
    return VisitTally(identity, visit, safe, count(State.REMOVED), on_the_way, last)


def _latest_first(one: VisitTally) -> tuple[bool, float, str]:
    starts = 0.0 if one.visit is None else -one.visit.span.earliest.timestamp()
    return one.visit is None, starts, one.id
