"""Now: one sentence first, then what waits and why, and what a person can do about it."""

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
"""Seconds after which "overdue" or "today" may have become true by itself."""


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """An answer that has not taken effect, and what its visit is called (None: not school photos)."""

    answer: Answer
    title: str | None

    @property
    def count(self) -> int:
        """Photos it is about."""
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
    """A number that changes when the page may look otherwise: the page asks for it every few seconds."""
    return jsonify(version=_version())


@room.post("/send")
def send() -> Response:
    """Send now: what waits is tried at once, and answers about visit photos need not wait."""
    here = context()
    resume(here)
    if is_running(here.settings):
        here.journal.ask((), moment())
    else:
        start_sync()
    return saved(text("We are sending now."), _back())


@room.post("/start")
def start() -> Response:
    """Start the service; where it is not set up, do its work once."""
    from agent.service import for_this_system
    from agent.service.launch import Launch, this_program

    here = context()
    launch = Launch(this_program(), page_app().settings_file, here.settings.state_dir)
    try:
        for_this_system(launch).start()
    except AgentError:
        start_sync()
        return saved(text("We are sending now. It does not work by itself on this laptop yet: tell IT."), "now.show")
    return saved(text("School photos works again."), "now.show")


@room.post("/pause")
def pause_for_an_hour() -> Response:
    """Nothing is sent or removed for an hour."""
    until = pause(context())
    at = until.astimezone(context().zone).strftime("%H:%M")
    return saved(text("Paused until %(at)s.", at=at), "now.show")


@room.post("/take-back")
def take_back() -> Response:
    """Undo an answer that has not taken effect."""
    taken = answers.take_back(context(), request.form.get("answer", ""))
    if taken is None:
        return saved(
            text("Too late to undo: the photos have left. If they are not school photos, tell IT today."), _back()
        )
    count = len(taken.photos)
    return saved(plural("Undone: we ask you again.", "Undone: we ask you again about %(count)s.", count), _back())


def asked_now() -> list[Question]:
    """The questions."""
    return page_app().as_long_as_nothing_changes(questions)


def needing() -> int:
    """Photos that need the person; 0 where that cannot be said, for the page that says so needs it too."""
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
    """`sync`, for a laptop whose service does not run; it ends by itself."""
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
    """By what the page is made from, not by how it looks: to ask costs next to nothing however many photos wait."""
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
