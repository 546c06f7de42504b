"""History: the photos that were sent, visit by visit, and where one photo is. This never leaves the laptop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, abort, render_template, request

from agent.journal import State, TrackedPhoto
from agent.pipeline.attest import statements
from agent.pipeline.overview import ON_THE_WAY, SAFE, overview
from agent.pipeline.unconfirmed import unconfirmed_ids
from agent.register.dates import Order, read_written
from agent.web.app import asked_page, context, page_app
from agent.web.visits import my_visits

room = Blueprint("history", __name__)

MOST = 50
"""The most photos shown for one search."""

IN_A_LIST = 100
"""Photos on one page of the list of sent photos."""

SHORTEST = 2
"""The fewest letters of a name that a search needs."""


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A photo of a visit, and how far it has come; `confirmed` is False if it may not be on the server's disk."""

    tracked: TrackedPhoto
    title: str
    confirmed: bool = True

    @property
    def name(self) -> str:
        """Its file's name here."""
        return self.tracked.photo.main.path.name

    @property
    def folder(self) -> str:
        """The folder that the photo is or was in."""
        return self.tracked.photo.main.path.parent.name

    @property
    def safe(self) -> bool:
        """Whether it is on the share, was read back, and is on the server's disk."""
        return self.confirmed and self.tracked.state in {State.PROVEN, State.RECORDED, State.REMOVED}

    @property
    def asked(self) -> bool:
        """Whether it waits for the person's answer."""
        return self.tracked.state is State.REVIEW

    @property
    def refused(self) -> bool:
        """Whether it cannot be sent as it is."""
        return self.tracked.state is State.REFUSED

    @property
    def removed(self) -> bool:
        """Whether it was removed from its folder."""
        return self.tracked.state is State.REMOVED

    @property
    def remote(self) -> tuple[str, str] | None:
        """Its folder and name on the share."""
        if not self.tracked.proofs:
            return None
        folder, _, name = self.tracked.proofs[0].name.rpartition("/")
        return folder, name

    @property
    def taken(self) -> datetime | None:
        """When it was taken."""
        decision = self.tracked.decision
        return None if decision is None or decision.taken is None else decision.taken.earliest


@room.get("/history")
def show() -> str:
    """The photos that were sent, by visit."""
    return _page(None, ())


@room.get("/history/<int:number>")
def sent(number: int) -> str:
    """The photos of one visit that are on the share. The address has the visit's place in the list, not its name."""
    visits = page_app().as_long_as_nothing_changes(overview).visits
    if not 1 <= number <= len(visits):
        abort(404)
    tally = visits[number - 1]
    page = asked_page()
    first = page * IN_A_LIST
    safe, not_safe = context().journal.tracked_photos(*SAFE), unconfirmed_ids(context())
    of_visit = [
        one for one in safe if one.decision is not None and one.decision.visit == tally.id and one.id not in not_safe
    ]
    found = [FoundPhoto(one, tally.title) for one in of_visit[first : first + IN_A_LIST]]
    more = len(of_visit) > first + IN_A_LIST
    return render_template("sent.html", tally=tally, number=number, found=found, page=page, more=more)


@room.post("/history")
def find() -> str:
    """Find a photo by its name or by the day it was taken. This is a POST, so that no name gets into an address."""
    wanted = request.form.get("q", "").strip()[:100]
    return _page(wanted, _found(wanted))


def _page(wanted: str | None, found: Sequence[FoundPhoto]) -> str:
    return render_template(
        "history.html",
        overview=page_app().as_long_as_nothing_changes(overview),
        said=statements(context()),
        unanswered={one.visit.id for one in my_visits() if one.needing},  # a visit with questions is not finished
        wanted=wanted,
        found=found[:MOST],
        more=max(0, len(found) - MOST),
    )


def _found(wanted: str) -> list[FoundPhoto]:
    if len(wanted) < SHORTEST:
        return []
    here = context()
    register = here.registers.current()
    titles = {} if register is None else {visit.id: visit.title for visit in register.visits}
    day, not_safe = _day(wanted), unconfirmed_ids(here)
    found = []
    # Only photos of visits and those that the person is asked about. The page says nothing about private photos.
    for tracked in here.journal.tracked_photos(*ON_THE_WAY, *SAFE, State.REVIEW, State.REFUSED):
        visit = None if tracked.decision is None else tracked.decision.visit
        if visit is None and tracked.state not in {State.REVIEW, State.REFUSED}:
            continue
        one = FoundPhoto(tracked, "" if visit is None else titles.get(visit, visit), tracked.id not in not_safe)
        local = None if one.taken is None else one.taken.astimezone(here.zone).date()
        if wanted.casefold() in one.name.casefold() or (day is not None and day == local):
            found.append(one)
    return found


def _day(wanted: str) -> date | None:
    try:
        return read_written(wanted).moment(Order.DAY_FIRST).wall.date()
    except ValueError:
        return None
