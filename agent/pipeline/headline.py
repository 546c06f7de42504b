"""The state of things in one sentence or two, with which the staff page and `status` begin.

The worst comes first, and a stop stands alone; counts of 0 are left out. A card that waits for an answer comes last,
because its panel follows below.
"""

from collections.abc import Callable, Sequence

from agent.journal import State
from agent.language import plural, text
from agent.pipeline.cards import Phase, cards
from agent.pipeline.context import Context
from agent.pipeline.overview import Overview, VisitTally, overview
from agent.pipeline.pausing import paused_until
from agent.pipeline.problems import Grade, Problem, problems
from agent.pipeline.status import is_running


def headline(tally: Overview, need: int, problem: Problem | None, paused: str | None, offered: int = 0) -> str:
    """For example "42 photos from Science Museum are safe on the school network. 3 need you."

    `need` counts photos that need a person; `paused` is the end of a pause, as text; `offered` counts cards that wait
    for an answer.
    """
    way, safe = tally.on_the_way, tally.safe
    coming = _of(tally, lambda one: one.on_the_way)
    if problem is not None and problem.grade is Grade.STOP:
        return problem.what
    if paused is not None:
        waits = plural("1 photo from %(visits)s waits.", "%(count)s photos from %(visits)s wait.", way, visits=coming)
        return _joined(text("Paused until %(at)s.", at=paused), waits if way else "", _offered(offered))
    if problem is not None and problem.away and way:
        waits = plural(
            "1 photo from %(visits)s waits for the school network.",
            "%(count)s photos from %(visits)s wait for the school network.",
            way,
            visits=coming,
        )
        return _joined(waits, _need(need), _offered(offered))
    if problem is not None and problem.grade is Grade.ASK:
        return problem.what
    arrived = _of(tally, lambda one: one.safe)
    if not way and not need and not offered:
        return _all_is_well(safe, arrived)
    return _joined(
        _safe(safe, arrived),
        _on_the_way(way, coming, alone=not safe),
        _need(need, alone=not safe and not way),
        _offered(offered),
    )


def headline_of(context: Context) -> str:
    """The sentence as it is now, for the command line, which says separately if the service is not running."""
    paused, tally = paused_until(context), overview(context)
    at = None if paused is None else paused.astimezone(context.zone).strftime("%H:%M")
    counts = context.journal.counts()
    others = (one for one in problems(context) if not one.start)
    problem = max(others, key=lambda one: one.grade, default=None)
    return headline(tally, counts[State.REVIEW] + counts[State.REFUSED], problem, at, offered_cards(context))


def offered_cards(context: Context) -> int:
    """The number of cards that wait for an answer; 0 while no service is running that could act on one."""
    offered = sum(card.phase is Phase.OFFERED for card in cards(context))
    return offered if offered and is_running(context.settings) else 0


def _all_is_well(safe: int, visits: str) -> str:
    if not safe:
        return text("All is well. There is nothing to send.")
    return plural(
        "All is well. The photo from %(visits)s is safe on the school network.",
        "All is well. All %(count)s photos from %(visits)s are safe on the school network.",
        safe,
        visits=visits,
    )


def _safe(count: int, visits: str) -> str:
    if not count:
        return ""
    return plural(
        "1 photo from %(visits)s is safe on the school network.",
        "%(count)s photos from %(visits)s are safe on the school network.",
        count,
        visits=visits,
    )


def _on_the_way(count: int, visits: str, *, alone: bool) -> str:
    if not count:
        return ""
    if not alone:
        return plural("1 is on its way.", "%(count)s are on their way.", count)
    return plural(
        "1 photo from %(visits)s is on its way.",
        "%(count)s photos from %(visits)s are on their way.",
        count,
        visits=visits,
    )


def _need(count: int, *, alone: bool = False) -> str:
    if not count:
        return ""
    if alone:
        return plural("1 photo needs you.", "%(count)s photos need you.", count)
    return plural("1 needs you.", "%(count)s need you.", count)


def _offered(count: int) -> str:
    if not count:
        return ""
    return plural(
        "The card that was put in waits for your answer.",
        "The %(count)s cards that were put in wait for your answer.",
        count,
    )


def _of(tally: Overview, number: Callable[[VisitTally], int]) -> str:
    """The title of the one visit with such photos, or the number of such visits."""
    visits: Sequence[VisitTally] = [one for one in tally.visits if number(one)]
    return visits[0].title if len(visits) == 1 else plural("1 visit", "%(count)s visits", len(visits))


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
