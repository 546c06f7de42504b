"""The staff page put together: the application with its rooms, and what happens before and after each of them.

Rooms import `app`, and `app` imports no room. Only this module imports both.
"""

import time
from collections.abc import Callable
from pathlib import Path

from flask import Response, render_template, request
from werkzeug.exceptions import HTTPException

from agent import language
from agent.errors import AgentError
from agent.language import template_plural, template_text, text
from agent.settings import Settings
from agent.web import cards, history, now, review, visits
from agent.web.access import Access
from agent.web.app import PageApp, moment, page_app, take_saved
from agent.web.times import Times

LARGEST_FORM = 256 * 1024
"""Bytes: two thousand ticked pictures take a tenth of it."""


def create_app(settings: Settings, settings_file: Path, access: Access) -> PageApp:
    """The page for these settings, guarded by `access`."""
    app = PageApp(settings, settings_file, access)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_FORM, MAX_FORM_PARTS=5000, TRUSTED_HOSTS=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(template_text, template_plural, newstyle=True)  # type: ignore[attr-defined]
    app.before_request(_choose_language)
    access.guard(app)
    app.before_request(_note_the_request)
    for room in (now.room, cards.room, review.room, visits.room, history.room):
        app.register_blueprint(room, url_prefix=access.path)
    app.context_processor(_known_to_every_template)
    app.register_error_handler(AgentError, _show_agent_error)
    app.register_error_handler(HTTPException, _show_http_error)
    return app


def _note_the_request() -> None:
    """Every request that was let in keeps the page open. A request that asks to be let in does not."""
    if request.path == "/enter":
        return
    seen = page_app().last_seen
    seen.at = time.monotonic()
    if request.endpoint == "now.live":
        seen.by_script = True


def _choose_language() -> None:
    """Answer this request in the language of the settings, or else in the browser's."""
    accepted = request.headers.get("Accept-Language", "")
    language.use(language.chosen(page_app().settings.device.language, accepted))


def _known_to_every_template() -> dict[str, object]:
    app = page_app()
    device = app.settings.device
    take: Callable[[], str | None] = take_saved
    return {
        "form_token": app.access.form_token,
        "language": language.language(),
        "device": device.name,
        "staff": device.staff,
        "when": Times(app.settings.zone, moment()),
        "needing": now.needing(),
        "take_saved": take,
    }


def _show_agent_error(fault: AgentError) -> tuple[str, int]:
    return render_template("fault.html", text=text("Something went wrong on this page."), details=str(fault)), 500


def _show_http_error(fault: HTTPException) -> Response | tuple[str, int]:
    """A page with a sentence for a browser that was let in; nothing of the page for one that was not."""
    if fault.code in {400, 403} or request.path == "/enter":
        closed = text("This page has been closed. Open it again: choose School photos in your menu.") + "\n"
        return Response(closed, fault.code or 400, mimetype="text/plain")
    missing = fault.code in {404, 405}
    what = text("There is no such page.") if missing else text("Something went wrong on this page.")
    return render_template("fault.html", text=what), fault.code or 500
