"""A page with very many photos in review is small, and what it costs does not grow with each picture it shows."""

import http.client
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agent.web import now
from tests.laptop import Laptop

MANY = 200
"""Photos. What is asserted holds for any number of them: a page shows a part, and gathers the questions once."""


@pytest.fixture
def many(laptop: Laptop, tmp_path: Path) -> Laptop:
    """Photos at the end of twelve visits and without a date, and a list of 150 visits, one for certain cameras."""
    rows = ["id,title,starts,ends,timezone,staff,cameras,latitude,longitude,radius_km,status"]
    for number in range(150):
        day = datetime(2025, 10, 1) + timedelta(days=number)  # noqa: DTZ001
        cameras = "School Nikon" if number == 3 else ""
        rows.append(f"v{number},Visit {number},{day:%Y-%m-%d} 09:00,{day:%Y-%m-%d} 16:30,Europe/London,,{cameras},,,,")
    (tmp_path / "visits.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for number in range(MANY):
        end = datetime(2025, 10, 10, 16, 30) + timedelta(days=number % 12)  # noqa: DTZ001
        laptop.photo(f"IMG_{number:04}.JPG", end if number % 13 else None, seed=number)
    laptop.run()
    return laptop


def test_every_page_is_under_100_kb_and_reads_no_photo(
    many: Laptop, page: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    monkeypatch.setattr("agent.capture.reader.PhotoReader.read_all", lambda *asked, **_: read.append(asked))
    made: list[float] = []
    questions = now.questions

    def counted(context: object) -> object:
        made.append(time.monotonic())
        return questions(context)  # type: ignore[arg-type]

    monkeypatch.setattr(now, "questions", counted)
    url = urlsplit(page())
    connection = http.client.HTTPConnection(url.netloc, timeout=30)
    try:
        connection.request("GET", f"{url.path}?{url.query}")
        answer = connection.getresponse()
        answer.read()
        cookie, root = answer.headers["Set-Cookie"].partition(";")[0], answer.headers["Location"].rpartition("/")[0]

        def get(path: str) -> bytes:
            connection.request("GET", path, headers={"Cookie": cookie})
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read()

        review = get(f"{root}/review")
        assert len(review) < 100_000
        for name in ("now", "visits", "history"):
            assert len(get(f"{root}/{name}")) < 100_000
        one = re.search(rb'action="([^"]*/review/[0-9a-f]{12})"', review)
        assert one is not None
        assert len(get(one[1].decode())) < 100_000
        for picture in re.findall(rb'src="([^"]*/picture/[^"]*)"', review)[:10]:
            get(picture.decode())
        get(f"{root}/live")
    finally:
        connection.close()
    assert read == []
    assert len(made) == 1  # nothing changed, so the questions were gathered once for all of these
