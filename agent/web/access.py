"""Who is let in. Any program and any user of this laptop can reach a port on loopback, and any web page can try to.

- A token, good for once and for a minute, in the address that the browser is started with; it is exchanged for a
  cookie, by a program of this very user (`callers`).
- The cookie is HttpOnly and SameSite=Strict, and is sent to one path alone: cookies do not know ports, and a page of
  another program on this laptop would get it otherwise. That path is random too.
- Host must be the very address that is listened on, so that a name that was pointed at loopback (DNS rebinding) is
  refused; Origin and Sec-Fetch-Site must be this page's own wherever something is changed; each form carries a token.
- Nothing from elsewhere is loaded, framed or sent to (Content-Security-Policy), and nothing is stored in a cache.
"""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, Response, abort, redirect, request
from werkzeug.wrappers import Response as Redirection

from agent.web.callers import is_this_user

COOKIE = "school-photos"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # "no-referrer" would have browsers send forms with "Origin: null"
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(slots=True)
class Access:
    """The secrets of one page. `take` exchanges the token that a caller shows for entry; it must not match twice."""

    host: str
    take: "TakeToken"
    path: str = field(default_factory=lambda: f"/{secrets.token_urlsafe(16)}")
    session: str = field(default_factory=_secret)
    form_token: str = field(default_factory=_secret)

    def guard(self, app: Flask) -> None:
        """Have every request to `app` checked before it is answered, and every answer sent with the headers."""
        app.before_request(self._check)
        app.after_request(_with_headers)
        app.add_url_rule("/enter", view_func=self._enter)

    def _check(self) -> None:
        if request.host != self.host:
            abort(400)
        if request.path == "/enter" and request.method == "GET":
            return
        if not hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self.session.encode()):
            abort(403)
        if request.method in {"GET", "HEAD"}:
            return
        if request.headers.get("Origin") != f"http://{self.host}" or not self._same_site():
            abort(403)
        if not hmac.compare_digest(request.form.get("form_token", "").encode(), self.form_token.encode()):
            abort(403)

    def _is_this_user(self) -> bool:
        caller = str(request.remote_addr), int(request.environ.get("REMOTE_PORT", 0))
        address, _, port = self.host.partition(":")
        return is_this_user(caller, (address, int(port)))

    @staticmethod
    def _same_site() -> bool:
        """Browsers that say where a request comes from must say: from this page. Old ones say nothing."""
        return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"

    def _enter(self) -> Redirection:
        # The user first: a stranger who read the token in the list of programs must not use it up.
        if not self._is_this_user() or not self.take(request.args.get("token", "")):
            abort(403)
        answer = redirect(f"{self.path}/now", 303)
        answer.set_cookie(COOKIE, self.session, httponly=True, samesite="Strict", path=self.path)
        return answer


GOOD_FOR = 60.0
"""Seconds in which a token lets in: a browser that has yet to start takes some of them."""


class TakeToken:
    """Tokens that let in once each, within a minute: `add` one, and the first call that shows it is let in."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def add(self) -> str:
        """A new one."""
        token = _secret()
        self._until[token] = self._clock() + GOOD_FOR
        return token

    def __call__(self, shown: str) -> bool:
        now = self._clock()
        self._until = {token: until for token, until in self._until.items() if now <= until}
        found = next((one for one in self._until if hmac.compare_digest(one.encode(), shown.encode())), None)
        if found is not None:
            del self._until[found]
        return found is not None


def _with_headers(answer: Response) -> Response:
    answer.headers.update(HEADERS)
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer
