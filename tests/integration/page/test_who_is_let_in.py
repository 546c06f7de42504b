"""Another program, another user or another web page gets nothing from the staff page."""

import http.client
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import pytest

from tests.laptop import Laptop

Page = Callable[[], str]


class Visitor:
    """A browser as far as cookies and headers go, which may lie about both."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.cookie: str | None = None

    def ask(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self.host, timeout=10)
        sent = {} if self.cookie is None else {"Cookie": self.cookie}
        if body is not None:
            sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}"}
        connection.request(method, path, body, {**sent, **(headers or {})})
        answer = connection.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def enter(self, url: str) -> str:
        """Exchange the token for the cookie; the path that the page lies under."""
        parts = urlsplit(url)
        answer = self.ask("GET", f"{parts.path}?{parts.query}")
        assert answer.status == 303
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return answer.headers["Location"].rpartition("/")[0]


@pytest.fixture
def url(page: Page, laptop: Laptop) -> str:
    laptop.photo("IMG_0001.JPG", None)
    laptop.run()
    return page()


def _form_token(text: str) -> str:
    return text.partition('name="form_token" value="')[2].partition('"')[0]


def test_the_token_lets_in_once(url: str) -> None:
    Visitor(url).enter(url)
    parts = urlsplit(url)
    assert Visitor(url).ask("GET", f"{parts.path}?{parts.query}").status == 403


def test_nothing_is_shown_without_the_cookie(url: str) -> None:
    path = Visitor(url).enter(url)
    sheets = ("/static/style.css", "/static/shared.css")
    for place in ("/now", "/review", "/history", "/live", *sheets, "/picture/00000000.jpg"):
        answer = Visitor(url).ask("GET", path + place)
        assert answer.status == 403
        assert "IMG" not in answer.text  # type: ignore[attr-defined]


def test_the_cookie_is_for_this_page_alone(url: str) -> None:
    visitor = Visitor(url)
    parts = urlsplit(url)
    cookie = visitor.ask("GET", f"{parts.path}?{parts.query}").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/;" not in cookie + ";"  # a random path: other programs on this laptop never get it


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1"])
def test_another_name_for_this_laptop_is_refused(url: str, host: str) -> None:
    visitor = Visitor(url)
    path = visitor.enter(url)
    assert visitor.ask("GET", f"{path}/now", headers={"Host": host}).status == 400


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_another_page_can_change_nothing(url: str, headers: dict[str, str], laptop: Laptop) -> None:
    visitor = Visitor(url)
    path = visitor.enter(url)
    token = _form_token(visitor.ask("GET", f"{path}/review").text)  # type: ignore[attr-defined]
    assert visitor.ask("POST", f"{path}/pause", f"form_token={token}", headers).status == 403
    assert "Paused" not in visitor.ask("GET", f"{path}/now").text  # type: ignore[attr-defined]


def test_a_form_without_its_token_changes_nothing(url: str) -> None:
    visitor = Visitor(url)
    path = visitor.enter(url)
    assert visitor.ask("POST", f"{path}/pause", "form_token=guess").status == 403
    assert visitor.ask("POST", f"{path}/pause", "").status == 403


def test_every_answer_forbids_framing_caching_and_strangers(url: str) -> None:
    visitor = Visitor(url)
    path = visitor.enter(url)
    for place in ("/now", "/review", "/nowhere", "/live"):
        answer = visitor.ask("GET", path + place)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_only_loopback_is_listened_on(url: str) -> None:
    assert urlsplit(url).hostname == "127.0.0.1"


def test_a_form_too_large_is_refused(url: str) -> None:
    visitor = Visitor(url)
    path = visitor.enter(url)
    token = _form_token(visitor.ask("GET", f"{path}/review").text)  # type: ignore[attr-defined]
    assert visitor.ask("POST", f"{path}/history", f"form_token={token}&q={'x' * 400_000}").status in {400, 403, 413}
