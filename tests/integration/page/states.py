"""The page in all its states, on the demo's laptop: brought about by what its journal holds and what a person does."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.pipeline.context import open_context
from agent.pipeline.journal_keys import PAUSED_UNTIL, REGISTER_REFUSAL, SHARE_TROUBLE
from agent.pipeline.lock import only_writer
from agent.settings import Settings

Tab = Any


def _ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


@dataclass(frozen=True, slots=True)
class PageState:
    """A page to look at: its address, the facts in the journal, and what is done in the browser first."""

    place: str
    facts: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    running: bool = True
    then: Callable[[Tab], object] = lambda _: None
    says: str = ""

    @contextlib.contextmanager
    def brought_about(self, settings: Settings) -> Iterator[None]:
        """The laptop in this state, and as it was afterwards."""
        with contextlib.ExitStack() as until:
            _put(settings, {name: fact() for name, fact in self.facts.items()})
            until.callback(_put, settings, dict.fromkeys(self.facts))
            if self.running:
                until.enter_context(only_writer(settings))
            yield


def _put(settings: Settings, facts: Mapping[str, str | None]) -> None:
    with open_context(settings) as context:
        for name, text in facts.items():
            context.journal.set_fact(name, text)


def _away() -> str:
    return json.dumps([5, "The school's photo server does not answer: connection refused.", _ago(50), False])


def _other_identity() -> str:
    return json.dumps([6, "The server shows another host key, SHA256:abc, than the one known.", _ago(5), True])


def _first_question(tab: Tab, name: str = "Answer for all|Save my answer") -> None:
    import re

    tab.get_by_role("button", name=re.compile(name)).first.click()


def _answer(tab: Tab) -> None:
    form = tab.locator("form.card").first
    form.get_by_label("Not a school photo").or_(form.get_by_label("Not school photos")).check()
    _first_question(tab)


def _find(what: str) -> Callable[[Tab], None]:
    def find(tab: Tab) -> None:
        tab.locator("#q").fill(what)
        tab.get_by_role("button", name="Find").click()

    return find


def _put_word(tab: Tab, *, everywhere: bool) -> None:
    _follow("What to do after")(tab)
    if everywhere:
        tab.get_by_label("I looked: none left").first.wait_for()  # `all` does not wait for the page
        for choice in tab.get_by_label("I looked: none left").all():
            choice.check()
    tab.get_by_role("button", name="Put my word on record").click()


def _follow(name: str) -> Callable[[Tab], None]:
    return lambda tab: tab.get_by_role("link", name=name).first.click()


STATES = {
    "now": PageState("now", says="safe on the school network"),
    "now, paused": PageState(
        "now",
        {PAUSED_UNTIL: lambda: _ago(-50)},
        says="Paused until",
    ),
    "now, away": PageState("now", {SHARE_TROUBLE: _away}, says="cannot reach the school network"),
    "now, stopped": PageState("now", {SHARE_TROUBLE: _other_identity}, says="Stop:"),
    "now, not running": PageState("now", running=False, says="not running"),
    "now, a doubtful list": PageState("now", {REGISTER_REFUSAL: lambda: "it has half its visits"}, says="visits list"),
    "review": PageState("review", says="need you"),
    "review, one question": PageState("review", then=_follow("Look closer"), says="What we know"),
    "review, no choice made": PageState("review", then=_first_question, says="There is a problem"),
    "review, answered": PageState("review", then=_answer, says="you can undo"),
    "visits": PageState("visits", says="Your visits"),
    "after a visit": PageState("visits", then=_follow("What to do after"), says="no copies are left"),
    "after a visit, places left out": PageState(
        "visits", then=lambda tab: _put_word(tab, everywhere=False), says="There is a problem"
    ),
    "after a visit, a word given": PageState(
        "visits", then=lambda tab: _put_word(tab, everywhere=True), says="Your word is saved"
    ),
    "history": PageState("history", says="Where is my photo?"),
    "history, found": PageState("history", then=_find("IMG_0001"), says="found for"),
    "history, one that is asked about": PageState("history", then=_find("IMG_0010"), says="Waits for your answer"),
    "history, what was sent": PageState("history", then=_follow("photos that were sent"), says="Sent from"),
    "history, not found": PageState("history", then=_find("IMG_9999"), says="No photo found"),
    "no such page": PageState("nowhere", says="no such page"),
}
