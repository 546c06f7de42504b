"""Ten questions that people ask, each with the page of the demo's laptop and the sentence on it that answers it."""

import re
from dataclasses import dataclass

from tests.integration.page.states import STATES, PageState, Tab


@dataclass(frozen=True, slots=True)
class Asked:
    """The state of the page in which the answer stands, and what must be read there."""

    state: PageState
    answer: str


def _of_the_visit_over(tab: Tab) -> None:
    tab.get_by_role("link", name="What to do after Science Museum").click()


def _done_with_it(tab: Tab) -> None:
    _of_the_visit_over(tab)
    tab.get_by_label("I looked: none left").first.wait_for()  # `all` does not wait for the page
    for choice in tab.get_by_label("I looked: none left").all():
        choice.check()
    tab.get_by_role("button", name="Put my word on record").click()


def _what_was_sent(tab: Tab) -> None:
    tab.get_by_role("link", name=re.compile("Show the \\d+ photos that were sent")).first.click()


def _look_for(name: str) -> PageState:
    def find(tab: Tab) -> None:
        tab.locator("#q").fill(name)
        tab.get_by_role("button", name="Find").click()

    return PageState("history", then=find)


QUESTIONS = {
    "is it safe to format my card": Asked(
        PageState("visits", then=_of_the_visit_over),
        r"Is it safe to format the card\? Not yet: \d+ photos? of this visit",
    ),
    "why is this one still here": Asked(
        _look_for("IMG_0010"), r"Waits for your answer[\s\S]*We cannot tell if it is from a school visit.*Answer now"
    ),
    "which are mine": Asked(PageState("visits"), r"Your visits[\s\S]*Science Museum[\s\S]*photos are safe"),
    "what did it send": Asked(
        PageState("history", then=_what_was_sent), r"Sent from Science Museum[\s\S]*IMG_0001[\s\S]*every byte compared"
    ),
    "undo that": Asked(STATES["review, answered"], r"You can still change your mind\.\s+Undo"),
    "stop for now": Asked(PageState("now"), r"Pause for an hour"),
    "where are the photos": Asked(
        PageState("now"), r"Where the photos are\s+On the school network, in the folder of their visit"
    ),
    "what is wrong": Asked(STATES["now, stopped"], r"Stop: this is not the school’s photo server[\s\S]*What to do:"),
    "who do i ask": Asked(PageState("now"), r"Who to ask\s+A visit is missing or wrong: the visits coordinator"),
    "am i done": Asked(
        PageState("visits", then=_done_with_it),
        r"Not done yet: \d+ photos? (is|are) not safe|You are done",
    ),
}
