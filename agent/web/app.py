"""The page as a Flask application: its rooms, what every template knows, and what an answer that fails looks like."""

import contextlib
import time
from collections.abc import Callable, Hashable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, g, redirect, render_template, request, send_file, url_for
from jinja2 import TemplateError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Redirection

from agent import language
from agent.errors import AgentError
from agent.language import template_plural, template_text, text
from agent.pipeline.context import Context, open_context
from agent.pipeline.overview import overview
from agent.pipeline.questions import questions
from agent.settings import Settings
from agent.style import SHARED
from agent.web.access import Access
from agent.web.server import LastSeen
from agent.web.times import Times

Made = TypeVar("Made")

LARGEST_FORM = 256 * 1024
"""Bytes: two thousand ticked pictures take a tenth of it."""


class PageApp(Flask):
    """The application, with the one thing that lives longer than a request: the opened journal and worker."""

    def __init__(self, settings: Settings, settings_file: Path, access: Access) -> None:
        super().__init__("agent.web", static_url_path=f"{access.path}/static")
        self.settings = settings
        self.settings_file = settings_file
        self.access = access
        self.last_seen = LastSeen(time.monotonic())
        self.saved: str | None = None
        self._made: dict[str, tuple[Hashable, object]] = {}
        self._opened = contextlib.ExitStack()
        self._context: Context | None = None

    def send_static_file(self, filename: str) -> Response:
        """A file of this room, or the style sheet that it shares with IT's report."""
        if filename == SHARED.name:
            return send_file(SHARED, max_age=self.get_send_file_max_age(filename))
        return super().send_static_file(filename)

    @property
    def context(self) -> Context:
        """The stages, opened by the first request: the thread that answers is the only one to use them."""
        if self._context is None:
            self._context = self._opened.enter_context(open_context(self.settings))
        return self._context

    def as_long_as_nothing_changes(self, make: Callable[[Context], Made]) -> Made:
        """What `make` makes of the journal and the register, made again only when one of them is another.

        It costs a second where thousands of photos wait, and each picture of a page asks for it.
        """
        here = self.context
        register = here.registers.current()
        read = None if register is None else (register.version, register.read_at)
        state = here.journal.version(), read, language.language()
        known = self._made.get(make.__qualname__)
        if known is None or known[0] != state:
            known = self._made[make.__qualname__] = state, make(here)
        return cast("Made", known[1])

    def warm_up(self) -> None:
        """Do what the first request would have to wait for: open the journal, count, and read the templates."""
        # Whatever is in the way is said to the person by the request that meets it.
        with contextlib.suppress(AgentError, OSError, TemplateError):
            for name in ("now.html", "review.html", "visits.html", "history.html"):
                self.jinja_env.get_template(name)
            self.as_long_as_nothing_changes(questions)
            self.as_long_as_nothing_changes(overview)

    def end(self) -> None:
        """Close what was opened."""
        self._opened.close()


def create_app(settings: Settings, settings_file: Path, access: Access) -> PageApp:
    """The page for these settings, guarded by `access`."""
    from agent.web import cards, history, now, review, visits

    app = PageApp(settings, settings_file, access)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_FORM, MAX_FORM_PARTS=5000, TRUSTED_HOSTS=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(template_text, template_plural, newstyle=True)  # type: ignore[attr-defined]
    app.before_request(_speak)
    access.guard(app)
    app.before_request(_seen)
    for room in (now.room, cards.room, review.room, visits.room, history.room):
        app.register_blueprint(room, url_prefix=access.path)
    app.context_processor(_known_to_every_template)
    app.register_error_handler(AgentError, _explained)
    app.register_error_handler(HTTPException, _not_answered)
    return app


def page_app() -> PageApp:
    """The application that answers now."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  # Flask's way to the real one
    if not isinstance(app, PageApp):
        raise TypeError("not the staff page")
    return app


def context() -> Context:
    """The opened stages."""
    return page_app().context


def moment() -> datetime:
    """When this request came, the same throughout it."""
    if "moment" not in g:
        g.moment = context().clock()
    now: datetime = g.moment
    return now


def saved(text: str, endpoint: str, **values: Any) -> Redirection:
    """Go on to a page, which says first what was done."""
    page_app().saved = text
    return redirect(url_for(endpoint, **values), 303)


def asked_page() -> int:
    """Which page of a list is asked for, from 0."""
    number = request.args.get("page", "1")
    return int(number) - 1 if number.isdecimal() and 1 <= int(number) <= 100_000 else 0


def take_saved() -> str | None:
    """What was done by the request before, said once."""
    app = page_app()
    text, app.saved = app.saved, None
    return text


def _seen() -> None:
    """Whoever was let in keeps the page open; knocking does not."""
    if request.path == "/enter":
        return
    seen = page_app().last_seen
    seen.at = time.monotonic()
    if request.endpoint == "now.live":
        seen.by_script = True


def _speak() -> None:
    """In the language that is set, else the browser's, for this request and what it says."""
    accepted = request.headers.get("Accept-Language", "")
    language.use(language.chosen(page_app().settings.device.language, accepted))


def _known_to_every_template() -> dict[str, object]:
    from agent.web.now import needing

    app = page_app()
    device = app.settings.device
    take: Callable[[], str | None] = take_saved
    return {
        "form_token": app.access.form_token,
        "language": language.language(),
        "device": device.name,
        "staff": device.staff,
        "when": Times(app.settings.zone, moment()),
        "needing": needing(),
        "take_saved": take,
    }


def _explained(fault: AgentError) -> tuple[str, int]:
    return render_template("fault.html", text=text("Something went wrong on this page."), details=str(fault)), 500


def _not_answered(fault: HTTPException) -> Response | tuple[str, int]:
    """Nothing of this page for whoever was not let in; a sentence for whoever was."""
    if fault.code in {400, 403} or request.path == "/enter":
        closed = text("This page has been closed. Open it again: choose School photos in your menu.") + "\n"
        return Response(closed, fault.code or 400, mimetype="text/plain")
    missing = fault.code in {404, 405}
    what = text("There is no such page.") if missing else text("Something went wrong on this page.")
    return render_template("fault.html", text=what), fault.code or 500
