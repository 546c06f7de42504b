"""Now: first one sentence, then which photos wait and why, and what a person can do about it."""

import subprocess
import sys
from dataclasses import dataclass

from flask import Blueprint, jsonify, render_template, request
from werkzeug.wrappers import Response

from agent.errors import AgentError, JournalError
from agent.language import plural, text
from agent.pipeline import answers
from agent.pipeline.answers import Answer
from agent.pipeline.context import Context
from agent.pipeline.headline import headline, offered_cards
from agent.pipeline.overview import overview
from agent.pipeline.pausing import pause, paused_until, resume
from agent.pipeline.problems import worst
from agent.pipeline.questions import Question, questions
from agent.pipeline.renew import no_register
from agent.pipeline.status import is_running
from agent.web.app import context, moment, page_app, saved

room = Blueprint("now", __name__)

LOOKS_OTHERWISE_AFTER = 300.0
"""Seconds after which the page is renewed, because "overdue" or "today" depends on the time."""


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """An answer that has not taken effect yet, and the title of its visit (None: not school photos)."""

    answer: Answer
    title: str | None

    @property
    def count(self) -> int:
        """The number of photos that it is about."""
        return len(self.answer.photos)


@room.get("/now")
def show() -> str:
    """The page."""
    here = context()
    tally = page_app().as_long_as_nothing_changes(overview)
    asked = asked_now()
    register = here.registers.current()
    problem, paused, offered = worst(here), paused_until(here), offered_cards(here)
    return render_template(
        "now.html",
        overview=tally,
        headline=headline(
            tally, needing(), problem, None if paused is None else f"{paused.astimezone(here.zone):%H:%M}", offered
        ),
        offered=offered,
        questions=asked,
        problem=problem,
        paused_until=paused,
        given=answers_given(here),
        running=is_running(here.settings),
        no_register=no_register(here, register),
        register_read_at=None if register is None else register.read_at,
        folders=[folder.name for folder in here.settings.watch],
        rescan=here.settings.folders.rescan_minutes,
        version=_version(),
    )


@room.get("/live")
def live() -> Response:
    """A number that changes whenever the page may look different. The page asks for it every few seconds."""
    return jsonify(version=_version())


@room.post("/send")
def send() -> Response:
    """Send now: try all waiting photos at once, and let answers about visit photos take effect."""
    here = context()
    resume(here)
    if is_running(here.settings):
        here.journal.ask((), moment())
    else:
        start_sync()
    return saved(text("We are sending now."), _back())


@room.post("/start")
def start() -> Response:
    """Start the service, or send once if no service is set up."""
    from agent.service import for_this_system
    from agent.service.launch import Launch, this_program

    here = context()
    launch = Launch(this_program(), page_app().settings_file, here.settings.state_dir)
    try:
        for_this_system(launch).start()
    except AgentError:
        start_sync()
        return saved(
            text("We are sending now. School photos does not start by itself on this laptop yet: tell IT."), "now.show"
        )
    return saved(text("School photos is working again."), "now.show")


@room.post("/pause")
def pause_for_an_hour() -> Response:
    """Send and remove nothing for an hour."""
    until = pause(context())
    at = until.astimezone(context().zone).strftime("%H:%M")
    return saved(text("Paused until %(at)s.", at=at), "now.show")


@room.post("/take-back")
def take_back() -> Response:
    """Undo an answer that has not taken effect yet."""
    taken = answers.take_back(context(), request.form.get("answer", ""))
    if taken is None:
        return saved(
            text(
                "Too late to undo: the photos are already on their way. If they are not school photos, tell IT today."
            ),
            _back(),
        )
    count = len(taken.photos)
    return saved(
        plural("Undone: we will ask you again.", "Undone: we will ask you again about %(count)s photos.", count),
        _back(),
    )


def asked_now() -> list[Question]:
    """The questions."""
    return page_app().as_long_as_nothing_changes(questions)


def needing() -> int:
    """The number of photos that need the person; 0 if the journal cannot be read, as the page that says so asks too."""
    try:
        return sum(len(question.photos) for question in asked_now())
    except JournalError:
        return 0


def answers_given(here: Context) -> list[AnswerGiven]:
    """Answers that can still be taken back."""
    register = here.registers.current()
    titles = {} if register is None else {visit.id: visit.title for visit in register.visits}
    return [
        AnswerGiven(one, None if one.visit is None else titles.get(one.visit, one.visit))
        for one in answers.pending(here)
    ]


def start_sync() -> None:
    """Start `sync`, for a laptop whose service is not running. It ends by itself."""
    flags: dict[str, object] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = {"creationflags": subprocess.CREATE_NO_WINDOW}
    subprocess.Popen(  # noqa: S603  # this Python, this program
        [sys.executable, "-P", "-m", "agent.cli", "--config", str(page_app().settings_file), "sync"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **flags,  # type: ignore[call-overload]  # each system takes its own
    )


def _version() -> str:
    """Made from what the page depends on, not from the page itself, so it costs little however many photos wait."""
    here = context()
    register = here.registers.current()
    parts = (
        here.journal.version(),
        None if register is None else (register.version, register.read_at),
        is_running(here.settings),
        paused_until(here),
        moment().timestamp() // LOOKS_OTHERWISE_AFTER,
    )
    return str(hash(parts) & 0xFFFFFFFF)


def _back() -> str:
    return "review.show" if request.form.get("from") == "review" else "now.show"
