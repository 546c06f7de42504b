"""A record that is signed and lies: nothing of it becomes code, a path, or too much to bear."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from agent.audit.report import Made
from agent.audit.report.mhl import Recorded
from agent.audit.report.shown import NOT_SHOWN, FileNames, shown
from agent.audit.report.tally import Tally
from agent.model.ids import Sha256
from agent.record import EntryKind
from agent.record import record as recording
from agent.record.entry import Draft, Entry
from tests.platforms import WINDOWS, WINE, posix_names
from tests.schoolrecords import School

SCRIPT = '<script>alert("1")</script>'


@pytest.fixture
def liar(school: School, monkeypatch: pytest.MonkeyPatch) -> School:
    """Its laptops write what they like: the check of what an entry may say is theirs."""
    monkeypatch.setattr(recording, "check", lambda *_: None)
    return school


def pages(school: School) -> list[Path]:
    return sorted((school.home / "out").rglob("*.html"))


class Tags(HTMLParser):
    """All tags, and addresses that a page leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.links |= {value or "" for name, value in attrs if name in {"href", "src"}}


@posix_names
def test_markup_in_a_record_stays_text_on_every_page(liar: School, report: Callable[..., Made]) -> None:
    drafts = liar.photo("a1", SCRIPT, liar.day(3), staff=SCRIPT, register_version=SCRIPT, damage=SCRIPT)
    drafts += [
        Draft(EntryKind.ATTESTED, {"visit": SCRIPT, "staff": SCRIPT, "phone": SCRIPT}, "x1", liar.day(2)),
        Draft(EntryKind.INSPECTED, {"by": SCRIPT, SCRIPT: 3}, "x2", liar.day(2)),
        Draft(EntryKind.HEARTBEAT, {"version": SCRIPT, "review": 3}, "x3", liar.day(1)),
        Draft(EntryKind.OVERDUE, {"photo": SCRIPT, "visit": SCRIPT}, "x4", liar.day(1)),
        Draft(EntryKind.RENAMED, {"old_name": "laptop-17", "new_name": SCRIPT}, "x5", liar.day(0, 2)),
    ]
    liar.laptop("laptop-17", drafts)
    liar.spot_check(liar.home / "audit", reviewer=SCRIPT, statement=SCRIPT, confidence=SCRIPT, wrong=1)
    from agent.audit.report import read_checks

    checks, _ = read_checks(liar.home / "audit")
    report(spot_checks=checks)
    assert len(pages(liar)) == 8
    for page in pages(liar):
        read = Tags()
        read.feed(page.read_text("utf-8"))
        assert "script" not in read.tags, page
        for link in read.links - {"#main"}:
            assert (page.parent / link).resolve().is_relative_to((liar.home / "out").resolve()), link
            assert (page.parent / link).exists(), link


STRANGE: list[dict[str, Any]] = [
    {},
    {"visit": None},
    {"visit": 7, "photo": []},
    {"visit": "v", "photo": {"a": 1}, "files": [1, None, {"name": 5, "original_size": -3}], "proven_at": 17},
    {"visit": "v", "photo": "p", "proven_at": "9999-12-31T23:59:59+00:00", "found_at": "0001-01-01T00:00:00+00:00"},
    {"visit": "v", "photo": "q", "outcome": "x" * 10_000, "leftovers": {"kind": 3}, "hours": True, "version": []},
    {
        "visit": "\ud800\u202e" * 3,
        "photo": "\x00",
        "staff": "\ud800",
        "leftovers": [{"kind": "\ud800", "found": 1}],
    },
]


def strange_entries(device: str, now: datetime) -> list[Entry]:
    bodies = [(kind, body) for kind in EntryKind for body in STRANGE]
    return [Entry(index, now, device, kind, "e", body, Sha256("")) for index, (kind, body) in enumerate(bodies)]


def test_strange_bodies_are_counted_as_not_said(liar: School) -> None:
    tally = Tally(liar.now, UTC)
    for entry in strange_entries("laptop-17", liar.now):
        tally.entry(entry)
    for year in (1, 9999):
        at = liar.now.replace(year=year)
        tally.entry(Entry(0, at, "laptop-17", EntryKind.HEARTBEAT, "e", {}, Sha256("")))
    tally.settle()
    assert sum(cell.photos for cell in tally.cells.values()) == 3


def test_a_laptop_that_is_forgotten_leaves_nothing_in_the_sums(liar: School) -> None:
    tally, alone = Tally(liar.now, UTC), Tally(liar.now, UTC)
    recorded, recorded_alone = Recorded(), Recorded()
    drafts = liar.photo("a1", "museum", liar.day(3))
    sent = [Entry(n, one.at, "laptop-17", one.kind, "e", one.body, Sha256("")) for n, one in enumerate(drafts)]
    others = [replace(one, device="laptop-66") for one in sent]
    for entry in (*strange_entries("laptop-17", liar.now), *sent):
        for sink in (tally, alone, recorded, recorded_alone):
            sink.entry(entry)
    for entry in (*strange_entries("laptop-66", liar.now), *others, *liar_files("laptop-66", liar.now)):
        tally.entry(entry)
        recorded.entry(entry)
    assert sums(tally) != sums(alone)
    tally.forget("laptop-66")
    recorded.forget("laptop-66")
    assert sums(tally) == sums(alone)
    assert (recorded.digests, recorded.count) == (recorded_alone.digests, recorded_alone.count)


def liar_files(device: str, now: datetime) -> list[Entry]:
    """Transfers of another's file with other bytes, and of one in a visit's folder that nobody else names."""
    names = ("visits/museum/a.jpg", "visits/elsewhere/b.jpg")
    files = [{"name": name, "held_sha256": digit * 64} for name in names for digit in "01"]
    return [Entry(0, now, device, EntryKind.TRANSFERRED, "e", {"visit": "museum", "files": files}, Sha256(""))]


def sums(tally: Tally) -> list[object]:
    """Which sums there are; each is one laptop's alone, as its key says."""
    tables = ("cells", "laptops", "breaches", "_months", "left_out", "_visits", "_became", "_open")
    return [*(list(getattr(tally, name)) for name in tables), tally.statements, tally.inspections]


def test_half_characters_huge_numbers_and_the_ends_of_time_end_no_report(
    liar: School, report: Callable[..., Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    import rfc8785

    with monkeypatch.context() as writing:
        writing.setattr(rfc8785, "dumps", lambda said: json.dumps(said, sort_keys=True).encode())
        (sent, gone) = liar.photo("a1", "museum", liar.day(3), staff="\ud800")
        drafts = [Draft(sent.kind, {**sent.body, "visit": "\ud800\udfff"}, sent.event, sent.at), gone]
        files = [{"name": "visits/x/y", "original_size": 2**53 - 1, "held_sha256": "0" * 64} for _ in range(9)]
        drafts += liar.photo("a2", "museum", liar.day(3), files=files)
        for number, year in enumerate((1, 9999)):
            at = liar.now.replace(year=year)
            body = {"photo": f"b{number}", "visit": "museum", "reachable_at": at.isoformat()}
            drafts.append(Draft(EntryKind.OVERDUE, body, f"x{number}", at))
            drafts.append(Draft(EntryKind.SHARE_REFUSED, {"reason": "host key"}, f"y{number}", at))
            drafts.append(Draft(EntryKind.ATTESTED, {"visit": "museum", "staff": "x"}, f"z{number}", at))
        writing.setattr("tests.schoolrecords.timedelta", lambda **_: timedelta(0))
        liar.laptop("laptop-17", drafts)
    # Under Wine a name that is not Unicode cannot exist: another strange one stands for it.
    (liar.share / "record" / ("lap\ufffftop" if WINE else "lap\udcfftop")).mkdir()
    (liar.share / "record" / "..x; rm").mkdir()
    report(mhl=True)
    said = json.loads((liar.home / "out" / "index.json").read_bytes())
    assert (said["devices"], said["visits"]) == (3, 2)
    assert said["photos"] == 2


def test_names_of_files_lead_nowhere_else_and_do_not_collide() -> None:
    names = FileNames()
    wild = [
        "../../etc/passwd",
        "..",
        ".",
        "",
        "CON",
        "nul.txt",
        "index",
        "Ski",
        "ski",
        "a/b",
        "a\\b",
        "x" * 500,
        "é",
        ".",
    ]
    given = [names.of(one) for one in wild]
    assert len({one.casefold() for one in given}) == len(set(wild))
    assert not [one for one in given if set(one) & set('/\\:*?"<>|') or one.startswith(".") or len(one) > 80]
    assert "index" not in given
    assert names.of("2026-science-museum") == "2026-science-museum"


@pytest.mark.parametrize("text", ["/home/me/x", "IMG_0001.JPG", r"C:\Users", "51.49781, -0.17452"])
def test_what_looks_private_is_not_shown(text: str) -> None:
    assert shown(text) == NOT_SHOWN


def test_a_laptop_with_endless_visits_is_bounded_and_said(
    liar: School, report: Callable[..., Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    from agent.audit.report import tally

    monkeypatch.setattr(tally, "MOST_VISITS", 3)
    drafts = [one for n in range(6) for one in liar.photo(f"a{n}", f"visit-{n}", liar.day(3) + timedelta(minutes=n))]
    liar.laptop("laptop-17", drafts)
    report()
    said = json.loads((liar.home / "out" / "index.json").read_bytes())
    assert said["visits"] == 3
    assert any("could not be counted" in one["about"] for one in said["needs"])


def test_only_a_signed_result_of_a_spot_check_counts(school: School) -> None:
    from agent.audit.report import read_checks

    audit = school.home / "audit"
    mine, forged = school.spot_check(audit, "mine"), school.spot_check(audit, "forged")
    forged.write_text(forged.read_text("utf-8").replace('"wrong": 0', '"wrong": 1'), encoding="utf-8")
    strange = school.spot_check(school.home / "elsewhere", "strange", findings=[{"kind": "record damaged"}])
    strange.rename(mine.with_name("strange.json"))
    school.spot_check(audit, id="../../index")

    checks, unread = read_checks(audit)

    assert {one.id: (one.trusted, one.troubles) for one in checks} == {"mine": (True, 0), "strange": (False, 1)}
    assert unread == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"kind":"spot-check"}',
        b'{"kind":"spot-check","findings":[{"index":true},3],"right":-1}',
        b"[" * 99_999,
    ],
)
def test_a_strange_result_of_a_spot_check_stops_nothing(
    school: School, report: Callable[..., Made], content: bytes
) -> None:
    from agent.audit.report import read_checks

    school.laptop("laptop-17", school.heartbeats(2))
    school.spot_check(school.home / "audit", "good")
    (school.home / "audit" / "spot-checks" / "bad.json").write_bytes(content)
    if not WINDOWS:  # where making links needs a right
        (school.home / "audit" / "spot-checks" / "link.json").symlink_to("/etc/passwd")
    checks, unread = read_checks(school.home / "audit")
    assert ([one.id for one in checks], unread) == (["good"], 1 if WINDOWS else 2)
    report(spot_checks=checks, unread_checks=unread)
    assert (school.home / "out" / "spot-checks" / "good.html").exists()
