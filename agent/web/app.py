"""The application object of the staff page, and what its rooms ask of it. `assembly` puts the rooms into it."""

import contextlib
import time
from collections.abc import Callable, Hashable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, g, redirect, request, send_file, url_for
from jinja2 import TemplateError
from werkzeug.wrappers import Response as Redirection

from agent import language
from agent.errors import AgentError
from agent.pipeline.context import Context, open_context
from agent.pipeline.overview import overview
from agent.pipeline.questions import questions
from agent.settings import Settings
from agent.style import SHARED
from agent.web.access import Access
from agent.web.lastseen import LastSeen

Made = TypeVar("Made")


class PageApp(Flask):
    """The application, with everything that lives longer than a request, such as the opened journal and worker."""

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
        """The stages. The first request opens them, because only the thread that answers requests may use them."""
        if self._context is None:
            self._context = self._opened.enter_context(open_context(self.settings))
        return self._context

    def as_long_as_nothing_changes(self, make: Callable[[Context], Made]) -> Made:
        """The result of `make`, made again only when the journal, the register or the language has changed.

        Making it takes a second with thousands of waiting photos, and each picture on a page asks for it.
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
        """Do what the first request would otherwise wait for: open the journal, count, and read the templates."""
        # A fault here is left to the request that meets it, which can show it to the person.
        with contextlib.suppress(AgentError, OSError, TemplateError):
            for name in ("now.html", "review.html", "visits.html", "history.html"):
                self.jinja_env.get_template(name)
            self.as_long_as_nothing_changes(questions)
            self.as_long_as_nothing_changes(overview)

    def end(self) -> None:
        """Close everything that was opened."""
        self._opened.close()


def page_app() -> PageApp:
    """The application that is answering this request."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  # Flask's way to the real one
    if not isinstance(app, PageApp):
        raise TypeError("not the staff page")
    return app


def context() -> Context:
    """The opened stages."""
    return page_app().context


def moment() -> datetime:
    """When this request began; the same moment throughout the request."""
    if "moment" not in g:
        g.moment = context().clock()
    now: datetime = g.moment
    return now


def saved(text: str, endpoint: str, **values: Any) -> Redirection:
    """Redirect to a page that first shows `text`, which says what was done."""
    page_app().saved = text
    return redirect(url_for(endpoint, **values), 303)


def asked_page() -> int:
    """The number of the requested page of a list, from 0."""
    number = request.args.get("page", "1")
    return int(number) - 1 if number.isdecimal() and 1 <= int(number) <= 100_000 else 0


def take_saved() -> str | None:
    """What the request before this one did; None when it has been shown already."""
    app = page_app()
    text, app.saved = app.saved, None
    return text
