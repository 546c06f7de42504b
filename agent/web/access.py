"""Who may use the page. Every program and user of this laptop can reach a port on loopback, and any web page can try.

- The browser is started with a token in the address. The token works once, within a minute, and only for a program of
  the same user (`callers`). It is exchanged for a cookie.
- The cookie is HttpOnly and SameSite=Strict, and is sent to one random path only. Cookies ignore ports, so without that
  path a page of another program on this laptop would receive it.
- Host must be exactly the address on which the page listens, so that a name pointed at loopback (DNS rebinding) is
  refused. For every change, Origin and Sec-Fetch-Site must be the page's own, and the form must carry a token.
- The page loads nothing from elsewhere, sends nothing elsewhere and cannot be framed (Content-Security-Policy), and
  nothing is stored in a cache.
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
    "Referrer-Policy": "same-origin",  # with "no-referrer", browsers would send forms with "Origin: null"
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(slots=True)
class Access:
    """The secrets of one page. `take` says whether a caller's token is valid, and must accept each token only once."""

    host: str
    take: "TakeToken"
    path: str = field(default_factory=lambda: f"/{secrets.token_urlsafe(16)}")
    session: str = field(default_factory=_secret)
    form_token: str = field(default_factory=_secret)

    def guard(self, app: Flask) -> None:
        """Check every request to `app` before it is answered, and send every answer with the headers."""
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
        """Whether the request comes from this page. Old browsers do not say where it comes from, and are believed."""
        return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"

    def _enter(self) -> Redirection:
        # Check the user first, so that a stranger who saw the token in the list of programs cannot use it up.
        if not self._is_this_user() or not self.take(request.args.get("token", "")):
            abort(403)
        answer = redirect(f"{self.path}/now", 303)
        answer.set_cookie(COOKIE, self.session, httponly=True, samesite="Strict", path=self.path)
        return answer


GOOD_FOR = 60.0
"""Seconds for which a token is valid. A browser that has yet to start needs some of them."""


class TakeToken:
    """Tokens that are valid once each, for a minute. After `add`, the first call with the new token returns True."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def add(self) -> str:
        """Make a new token."""
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
