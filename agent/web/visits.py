"""Visits: the visits of this person, and what is left to do after a visit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from agent.errors import UsageError
from agent.language import text
from agent.model.ids import VisitId
from agent.model.register import Visit
from agent.pipeline.attest import attest, attested, statements, take_back
from agent.pipeline.overview import VisitTally, overview
from agent.record.words import Place, Word
from agent.register.uncertain import is_on, staff_of
from agent.web.app import context, moment, page_app, saved
from agent.web.now import asked_now

room = Blueprint("visits", __name__)


COMING, EARLIER = 10, 30
"""The most coming visits and past visits that are shown. A visit with waiting photos is always shown."""


@dataclass(frozen=True, slots=True)
class MyVisit:
    """A visit that concerns this person, with the progress of its photos here and the number that need an answer."""

    visit: Visit
    tally: VisitTally | None
    needing: int

    @property
    def safe(self) -> int:
        """The number of photos on the share."""
        return 0 if self.tally is None else self.tally.safe

    @property
    def on_the_way(self) -> int:
        """The number of photos still to be sent."""
        return 0 if self.tally is None else self.tally.on_the_way

    @property
    def done(self) -> bool:
        """Whether no photos of the visit wait here."""
        return not self.on_the_way and not self.needing


@room.get("/visits")
def show() -> str:
    """My visits: running, just finished, coming up, earlier."""
    here, now = context(), moment()
    register = here.registers.current()
    mine = my_visits()
    earlier = sorted((one for one in mine if one.visit.span.latest < now), key=_latest_first)
    return render_template(
        "visits.html",
        read_at=None if register is None else register.read_at,
        running=[one for one in mine if one.visit.span.earliest <= now <= one.visit.span.latest],
        coming=sorted((one for one in mine if one.visit.span.earliest > now), key=_soonest_first)[:COMING],
        earlier=earlier[:EARLIER],
        more=max(0, len(earlier) - EARLIER),
        said=statements(here),
    )


@room.get("/visits/<visit>")
def after(visit: str) -> str:
    """What is left to do after a visit."""
    return _after(_mine(visit))


@room.post("/visits/<visit>")
def state(visit: str) -> Response | tuple[str, int]:
    """Save a person's word on where copies are. It goes on record with the next run."""
    one = _mine(visit)
    words = {place: Word(said) for place in Place if (said := request.form.get(place, "")) in set(Word)}
    try:
        attest(context(), one.visit.id, words)
    except UsageError:
        missing = tuple(place for place in Place if place not in words)
        return _after(one, words, missing), 400
    done = text("Your word is saved. It goes on the school’s record the next time School photos runs.")
    return saved(done, "visits.after", visit=visit)


@room.post("/visits/<visit>/take-back")
def take_back_word(visit: str) -> Response:
    """Forget a person's word that is not on record yet."""
    if take_back(context(), _mine(visit).visit.id):
        return saved(text("Undone: your word was not put on record."), "visits.after", visit=visit)
    return saved(
        text("Too late to undo: your word is on record. If it is no longer true, answer again."),
        "visits.after",
        visit=visit,
    )


def _mine(visit: str) -> MyVisit:
    one = next((one for one in my_visits() if one.visit.id == visit), None)
    if one is None:
        abort(404)
    return one


def _after(one: MyVisit, words: Mapping[Place, Word] | None = None, missing: tuple[Place, ...] = ()) -> str:
    said = attested(context(), one.visit.id)
    return render_template(
        "after.html",
        one=one,
        folders=[folder.name for folder in context().settings.watch],
        cards=context().settings.cards,
        over=one.visit.span.latest < moment(),
        said=said,
        words=words if words is not None else ({} if said is None else said.words),
        missing=missing,
    )


@room.post("/visits/<visit>/refresh")
def look(visit: str) -> Response:
    """Ask for a run, which also reads the visits list again."""
    here = context()
    here.journal.ask((), moment())
    return saved(text("We are looking for new photos now."), "visits.after", visit=visit)


def my_visits() -> list[MyVisit]:
    """All visits of the list that this person may be on, and all visits with photos on this laptop."""
    here = context()
    register = here.registers.current()
    if register is None:
        return []
    tallies: Mapping[VisitId, VisitTally] = {
        one.id: one for one in page_app().as_long_as_nothing_changes(overview).visits
    }
    needing: dict[VisitId, int] = {}
    for question in asked_now():
        if question.proposals:
            likeliest = question.proposals[0].visit.id
            needing[likeliest] = needing.get(likeliest, 0) + len(question.photos)
    people = staff_of(register, here.settings.device.staff)
    return [
        MyVisit(visit, tallies.get(visit.id), needing.get(visit.id, 0))
        for visit in register.visits
        if visit.id in tallies or is_on(people, visit)
    ]


def _latest_first(one: MyVisit) -> tuple[bool, float]:
    return one.done, -one.visit.span.latest.timestamp()


def _soonest_first(one: MyVisit) -> datetime:
    return one.visit.span.earliest
