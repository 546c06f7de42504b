"""What a report says about inspections: where they looked, what they found, and what is not known, in words."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from agent.audit.report import Made
from agent.record import Draft, EntryKind
from tests.schoolrecords import School
from tests.unit.record.bodies import sha


def inspected(school: School, back: int, **more: Any) -> Draft:
    at = school.day(back)
    body = {
        "inspection": f"{back:08x}",
        "by": "j.smith",
        "began_at": at.isoformat(),
        "seconds": 250,
        "cut_short": False,
        "register_version": sha("register"),
        "files": 1240,
        "findings": 3,
        "unsure": 1,
        "on_their_way": 0,
        "places": [{"place": "downloads", "files": 1200}, {"place": "desktop", "files": 40}],
        "found": [{"visit": "museum", "place": "downloads", "copies": 2, "photos": 1}],
        "not_known": [{"place": "cloud folders", "why": "in the cloud only", "count": 12}],
    }
    return Draft(EntryKind.INSPECTED, body | more, f"inspected-{back}", at)


CLEAN: dict[str, Any] = {"findings": 0, "unsure": 0, "found": []}


def page(school: School, name: str) -> str:
    return (school.home / "out" / name).read_text("utf-8")


def needs(school: School) -> list[str]:
    return [one["about"] for one in json.loads(page(school, "index.json"))["needs"]]


def test_an_inspection_says_where_it_looked_what_it_found_and_what_not(
    school: School, report: Callable[..., Made]
) -> None:
    school.laptop("laptop-17", [inspected(school, 1), *school.heartbeats(1)])
    report()
    shown = page(school, "spot-checks/index.html")
    assert "3 photos of visits found. 1 photo may be of a visit." in shown
    assert "museum, downloads: 2 copies of what was sent, 1 other photo" in shown
    assert "Looked in 4 min through downloads (1,200 files), desktop (40 files)." in shown
    assert "Not known: cloud folders: 12 only in the cloud." in shown
    assert "Not known: cloud folders: 12 only in the cloud." in page(school, "devices/laptop-17.html")
    table = page(school, "spot-checks/inspections.csv").splitlines()
    assert [line.split(",")[-6:] for line in table[1:]] == [
        ["downloads", "museum", "2", "1", "", ""],
        ["cloud folders", "", "", "", "12", "in the cloud only"],
    ]


def test_what_an_inspection_found_needs_a_person_until_a_clean_one(school: School, report: Callable[..., Made]) -> None:
    school.laptop("laptop-17", [inspected(school, 2), *school.heartbeats(1)])
    school.laptop("laptop-18", [inspected(school, 2), inspected(school, 1, **CLEAN), *school.heartbeats(1)])
    stopped = inspected(school, 1, **CLEAN, cut_short=True)
    school.laptop("laptop-19", [inspected(school, 2), stopped, *school.heartbeats(1)])
    report()
    assert needs(school) == [f"laptop-{n}: an inspection found 3 photos of visits" for n in (17, 19)]
    assert "No photo of a visit was found before it was stopped." in page(school, "devices/laptop-19.html")


@pytest.mark.parametrize(
    "strange",
    [
        {"places": "x", "found": 3, "not_known": {}},
        {"places": [3, {"place": ["x"]}], "found": [{"visit": ["x"], "place": "downloads"}], "not_known": [None]},
        {"places": [{"place": "<script>", "files": 1}], "found": [{"visit": "<b>museum", "place": "desktop"}]},
        {"not_known": [{"place": "C:\\Users\\pupil\\IMG_1.jpg", "why": "no permission", "count": 1}]},
        {"seconds": -1, "findings": True, "unsure": 2**53 - 1, "by": ["x"], "cut_short": "yes"},
    ],
)
def test_a_strange_inspection_ends_no_report(
    school: School, report: Callable[..., Made], monkeypatch: pytest.MonkeyPatch, strange: dict[str, Any]
) -> None:
    monkeypatch.setattr("agent.record.record.check", lambda *_: None)
    school.laptop("laptop-17", [inspected(school, 1, **strange), *school.heartbeats(1)])
    report()
    for name in ("spot-checks/index.html", "devices/laptop-17.html", "spot-checks/inspections.csv", "index.json"):
        text = page(school, name)
        assert "IMG_1" not in text
        assert "<script" not in text
        assert "<b>" not in text or not name.endswith("html")
