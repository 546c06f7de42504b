"""Review: one question for all photos of a kind, no answer preselected, and ten minutes to change one's mind."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from agent.errors import LocalFault, UsageError
from agent.language import plural, text
from agent.model.ids import PhotoId, VisitId
from agent.model.register import Visit
from agent.model.times import Level
from agent.pipeline import answers
from agent.pipeline.answers import UNDO_FOR
from agent.pipeline.jobs import thumbnail_of
from agent.pipeline.proposals import Proposal
from agent.pipeline.questions import Question
from agent.pipeline.review import ReviewItem
from agent.pipeline.undo import ask_again
from agent.web.app import asked_page, context, moment, saved
from agent.web.now import answers_given, asked_now
from agent.web.times import Times
from agent.web.words import heading, why_asked

room = Blueprint("review", __name__)

PICTURES = 24
"""Pictures of a question that has a page to itself."""

PICTURES_IN_LIST = 12
"""Pictures of a question on a page with others."""

VISITS_IN_LIST = 20
"""Visits to choose from on a page with several questions. A question on a page to itself offers all visits."""

QUESTIONS = 8
"""Questions on one page."""

NOT_SCHOOL = "not-school"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is shown: its text, the likely visits and why, the other visits, one page of its pictures."""

    question: Question
    heading: str
    why: str
    likely: tuple[Proposal, ...]
    others: tuple[Visit, ...]
    pictures: tuple[ReviewItem, ...]
    first: int
    page: int
    pages: int
    more_visits: bool

    @property
    def id(self) -> str:
        """The question's id."""
        return self.question.id

    @property
    def count(self) -> int:
        """The number of photos that it is about."""
        return len(self.question.photos)

    @property
    def sure(self) -> bool:
        """Whether the likeliest visit is likely rather than only possible, because of the time."""
        decision = self.question.photos[0].tracked.decision
        return decision is not None and decision.level in {Level.CONFIRMED, Level.OWN_OFFSET, Level.ASSUMED_ZONE}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A fault in an answer: the question, what to say about it, and what had been ticked and chosen."""

    question: str
    text: str
    ticked: tuple[str, ...] = ()
    to: str = ""
    visit: str = ""


@room.get("/review")
def show() -> str:
    """The questions, one page of them at a time."""
    return _questions()


@room.get("/review/<question>")
def one_question(question: str) -> str:
    """One question, with its pictures, one page of them at a time."""
    found = _question(question)
    return render_template("question.html", asked=_asked(found, asked_page()), given=())


@room.get("/review/<question>/<int:number>")
def look_closer(question: str, number: int) -> str:
    """One picture of a question, large, with what is known about it."""
    found = _question(question)
    if not 1 <= number <= len(found.photos):
        abort(404)
    return render_template("picture.html", asked=_asked(found, 0), number=number, one=found.photos[number - 1])


@room.get("/picture/<photo>.jpg")
def picture(photo: str) -> Response:
    """A photo that is asked about, small, upright and without metadata; a placeholder if it cannot be shown."""
    held = next((one for found in asked_now() for one in found.photos if one.tracked.id == photo), None)
    if held is None:
        abort(404)
    try:
        made = thumbnail_of(context().worker, held.tracked.photo.main.path)
    except LocalFault:
        made = None
    if made is None:
        return Response(render_template("no-preview.svg"), mimetype="image/svg+xml")
    return Response(made, mimetype="image/jpeg")


@room.post("/review/<question>")
def answer(question: str) -> AnyResponse | tuple[str, int]:
    """Save the answer. It takes effect in ten minutes."""
    found = _question(question)
    ticked = tuple(photo for photo in request.form.getlist("photo") if PhotoId(photo) in found.ids)
    to, visit, scope = (request.form.get(name, "") for name in ("to", "visit", "scope"))
    wrong = _what_is_wrong(found, ticked, to, visit, scope)
    if wrong is not None:
        return _questions(wrong), 400
    if ticked and scope == "all":
        # The Enter key presses the first button of a form. A person who ticked pictures may have meant only these.
        return render_template("which.html", asked=_asked(found, 0), ticked=ticked, to=to, visit=visit), 200
    photos = found.ids if scope in {"all", "really-all"} else tuple(PhotoId(photo) for photo in ticked)
    return _noted(found, photos, None if to == NOT_SCHOOL else VisitId(visit if to == OTHER else to))


@room.post("/ask-again")
def ask_about_it_again() -> AnyResponse:
    """Ask again about a photo, given by its file's name, that a person once said is not a school photo."""
    name = request.form.get("name", "").strip()
    if name:
        ask_again(context(), name)
    # The answer is the same whether such a photo exists or not: the page says nothing about private photos.
    return saved(text("If you have answered for a photo with that name, we will look at it again."), "review.show")


def _noted(found: Question, photos: Sequence[PhotoId], visit: VisitId | None) -> AnyResponse | tuple[str, int]:
    here = context()
    try:
        given = answers.give(here, photos, visit)
    except UsageError:
        changed = text("This was not saved: the photos or the visits list have changed since. Answer again.")
        return _questions(Wrong(found.id, changed)), 400
    until = f"{(given.given_at + UNDO_FOR).astimezone(here.zone):%H:%M}"
    if visit is None:
        done = plural(
            "Saved: 1 picture stays on this laptop. Until %(until)s you can undo.",
            "Saved: %(count)s pictures stay on this laptop. Until %(until)s you can undo.",
            len(photos),
            until=until,
        )
        return saved(done, "review.show")
    register = here.registers.current()
    title = next((one.title for one in register.visits if one.id == visit), visit) if register else visit
    done = plural(
        "Saved: 1 picture goes to %(title)s. It leaves at %(until)s. Until then you can undo.",
        "Saved: %(count)s pictures go to %(title)s. They leave at %(until)s. Until then you can undo.",
        len(photos),
        title=title,
        until=until,
    )
    return saved(done, "review.show")


def _what_is_wrong(found: Question, ticked: tuple[str, ...], to: str, visit: str, scope: str) -> Wrong | None:
    def wrong(what: str) -> Wrong:
        return Wrong(found.id, what, ticked, to, visit)

    count = len(found.photos)
    if to not in {NOT_SCHOOL, OTHER, *(proposal.visit.id for proposal in found.proposals)}:
        return wrong(
            plural("Choose where this picture belongs.", "Choose where these %(count)s pictures belong.", count)
        )
    if to == OTHER and not any(visit == one.id for one in _others(found)):
        return wrong(
            plural(
                "Choose the visit to which this picture belongs.",
                "Choose the visit to which these %(count)s pictures belong.",
                count,
            )
        )
    if to != NOT_SCHOOL and found.cannot_be_sent:
        return wrong(text("This cannot be sent as it is."))
    if scope == "ticked" and not ticked:
        return wrong(text("Tick the pictures that you answer for, or answer for all."))
    return None


def _questions(wrong: Wrong | None = None) -> str:
    asked = asked_now()
    pages = max(1, -(-len(asked) // QUESTIONS))
    page = min(asked_page(), pages - 1)
    if wrong is not None:
        place = next((number for number, one in enumerate(asked) if one.id == wrong.question), 0)
        page = place // QUESTIONS
    shown = asked[page * QUESTIONS : (page + 1) * QUESTIONS]
    return render_template(
        "review.html",
        asked=[_asked(one) for one in shown],
        count=sum(len(one.photos) for one in asked),
        wrong=wrong,
        given=answers_given(context()),
        page=page,
        pages=pages,
    )


def _question(identity: str) -> Question:
    found = next((one for one in asked_now() if one.id == identity), None)
    if found is None:
        abort(404)
    return found


def _asked(found: Question, page: int | None = None) -> Asked:
    """The question with one page of its pictures and all visits; in a list (`page` is None), the first of each."""
    others = _others(found)
    size = PICTURES if page is not None else PICTURES_IN_LIST
    pages = max(1, -(-len(found.photos) // size))
    shown = min(page or 0, pages - 1)
    return Asked(
        question=found,
        heading=heading(found),
        why=why_asked(found, Times(context().zone, moment())),
        likely=found.proposals[:2],
        others=tuple(others if page is not None else others[:VISITS_IN_LIST]),
        pictures=found.photos[shown * size : (shown + 1) * size],
        first=shown * size,
        page=shown,
        pages=pages,
        more_visits=page is None and len(others) > VISITS_IN_LIST,
    )


def _others(found: Question) -> list[Visit]:
    """Visits of the register that were not offered already, the latest first; none if the photos cannot be sent."""
    register = context().registers.current()
    if register is None or found.cannot_be_sent:
        return []
    offered = {proposal.visit.id for proposal in found.proposals[:2]}
    now = moment()
    visits = [one for one in register.visits if not one.cancelled and one.id not in offered]
    return sorted((one for one in visits if one.span.earliest <= now), key=lambda one: one.span.earliest, reverse=True)
