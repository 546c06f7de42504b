"""What a report says about a visit, a laptop and the school, for records whose story is known."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.audit.report import Asked, Keeping, Made, VisitWords
from agent.record import Draft, EntryKind
from tests.schoolrecords import School
from tests.unit.report.conftest import NOW


def facts(school: School, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((school.home / "out" / f"{name}.json").read_bytes())
    return read


def needs(school: School) -> list[str]:
    return [one["about"] for one in facts(school, "index")["needs"]]


def listed(school: School, visit: str, *, days_ago: int = 3) -> dict[str, VisitWords]:
    ends = school.day(days_ago, 16)
    return {
        visit: VisitWords("Science Museum", ends - timedelta(hours=7), ends, "Europe/London", frozenset({"j.smith"}))
    }


def test_a_visit_whose_photos_are_all_done_is_complete(school: School, report: Callable[..., Made]) -> None:
    drafts = [*school.photo("a1", "museum", school.day(3)), *school.photo("a2", "museum", school.day(3), delay=80)]
    school.laptop("laptop-17", [*drafts, *school.heartbeats(5)])
    report(visits=listed(school, "museum"))
    visit = facts(school, "visits/museum")
    assert (visit["found"], visit["sent"], visit["checked"], visit["removed"]) == (2, 2, 2, 2)
    assert (visit["complete"], visit["sentence"]) == (True, "Complete on the laptop that took part.")
    assert visit["delays"]["reachable_to_checked"] == {"photos": 2, "half": 40, "most": 80, "longest": 80}
    assert visit["files_on_share"] == 2
    assert visit["cameras"] == ["eos-r6"]
    assert visit["staff_without_entries"] == []
    assert needs(school) == []


def test_a_visit_is_not_complete_before_its_laptop_is_heard_from(school: School, report: Callable[..., Made]) -> None:
    school.laptop("laptop-17", school.photo("a1", "museum", school.day(3, 12)))
    report(visits=listed(school, "museum"))
    visit = facts(school, "visits/museum")
    assert not visit["complete"]
    assert "laptop-17 has not been heard from since the visit ended" in visit["explanation"]


def test_a_visit_is_not_complete_while_photos_wait_on_its_laptop(school: School, report: Callable[..., Made]) -> None:
    drafts = [*school.photo("a1", "museum", school.day(3)), *school.heartbeats(5, waiting=2)]
    school.laptop("laptop-17", drafts)
    report(visits=listed(school, "museum"))
    assert "photos are waiting on a laptop" in facts(school, "visits/museum")["explanation"]


def test_photos_that_were_not_removed_are_named_with_their_reason(school: School, report: Callable[..., Made]) -> None:
    drafts = [*school.photo("a1", "museum", school.day(3), removed=False), *school.heartbeats(5)]
    for number, outcome in enumerate(("away", "gone")):
        body = {**drafts[0].body, "outcome": outcome}
        body = {key: body[key] for key in ("photo", "transfer", "visit", "outcome")}
        at = school.day(2) + timedelta(hours=number)
        drafts.append(Draft(EntryKind.NOT_REMOVED, body, f"a1-{outcome}", at))
    school.laptop("laptop-17", drafts)
    report(visits=listed(school, "museum"))
    visit = facts(school, "visits/museum")
    assert visit["removed"] == 0
    assert [one["what"] for one in visit["unresolved"]] == [
        "was not removed by photo-agent: somebody else moved or deleted it"
    ]


def test_copies_seen_elsewhere_are_counted_by_place(school: School, report: Callable[..., Made]) -> None:
    drafts = [*school.photo("a1", "museum", school.day(3)), *school.photo("a2", "museum", school.day(3))]
    left = {"photo": "a1", "visit": "museum", "leftovers": [{"kind": "trash", "found": "yes"}]}
    drafts.append(Draft(EntryKind.LEFTOVER_REPORTED, left, "a1-left", school.day(2)))
    school.laptop("laptop-17", [*drafts, *school.heartbeats(3)])
    report()
    copies = {one.pop("place"): one for one in facts(school, "visits/museum")["copies"]}
    assert copies["The laptop’s bin"] == {"not_known": 0, "found": 1, "not_found": 2}
    assert copies["Snapshots and back-ups"] == {"not_known": 2, "found": 0, "not_found": 0}


def test_overdue_photos_count_until_they_are_sent(school: School, report: Callable[..., Made]) -> None:
    late = [
        Draft(EntryKind.OVERDUE, {"photo": photo, "visit": "museum"}, f"{photo}-overdue", school.day(2))
        for photo in ("a1", "a2")
    ]
    school.laptop("laptop-17", [*late, *school.photo("a1", "museum", school.day(1)), *school.heartbeats(1)])
    report()
    assert (facts(school, "devices/laptop-17")["overdue"], facts(school, "visits/museum")["found"]) == (1, 2)
    assert "laptop-17: 1 photo is overdue" in needs(school)
    told = facts(school, "headteacher")["contraventions"]
    assert [(one["kind"], one["count"]) for one in told] == [("overdue", 2)]
    assert told[0]["entries"] == [1, 2]


def test_one_photo_and_several_are_named_in_whole_sentences(school: School, report: Callable[..., Made]) -> None:
    refused = [
        Draft(EntryKind.REFUSED, {"photo": photo, "visit": visit}, f"{photo}-refused", school.day(2))
        for photo, visit in (("a1", "museum"), ("b1", "walk"), ("b2", "walk"))
    ]
    school.laptop("laptop-17", [*refused, *school.heartbeats(1)])
    report()
    open_photos = {visit: facts(school, f"visits/{visit}")["unresolved"] for visit in ("museum", "walk")}
    assert [one["what"] for one in open_photos["museum"]] == ["cannot be sent as it is"]
    assert [one["what"] for one in open_photos["walk"]] == ["cannot be sent as they are"]
    assert {one["what"] for one in facts(school, "headteacher")["contraventions"]} == {
        "1 photo of museum could not be sent from laptop-17, and stayed on it.",
        "2 photos of walk could not be sent from laptop-17, and stayed on it.",
    }


def test_a_removal_under_a_new_name_belongs_to_the_old_ones_photo(school: School, report: Callable[..., Made]) -> None:
    sent, gone = school.photo("a1", "museum", school.day(3))
    renamed = {"old_name": "laptop-17", "new_name": "art-room"}
    end = Draft(EntryKind.RENAMED, renamed, "renamed", school.day(2))
    school.laptop("laptop-17", [sent, end])
    begin = Draft(EntryKind.RENAMED, renamed, "renamed", school.day(2))
    school.laptop("art-room", [begin, replace(gone, at=school.day(1))])
    report()
    assert facts(school, "visits/museum")["removed"] == 1
    assert facts(school, "devices/laptop-17")["word"] == "Renamed"


def test_no_laptop_can_take_anothers_earlier_name_away(school: School, report: Callable[..., Made]) -> None:
    sent, gone = school.photo("a1", "museum", school.day(3))
    now_called = {"old_name": "laptop-17", "new_name": "laptop-18"}
    school.laptop("laptop-17", [sent, Draft(EntryKind.RENAMED, now_called, "renamed", school.day(2))])
    school.laptop("laptop-18", [gone, *school.heartbeats(1)])
    claim = {"old_name": "laptop-66", "new_name": "laptop-18"}
    school.laptop("laptop-66", [*school.heartbeats(2), Draft(EntryKind.RENAMED, claim, "renamed", school.day(1))])
    report()
    visit = facts(school, "visits/museum")
    assert (visit["sent"], visit["removed"]) == (1, 1)


def test_silence_and_a_refusing_server_need_a_person(school: School, report: Callable[..., Made]) -> None:
    school.laptop("laptop-17", school.heartbeats(9, 5))
    refused = Draft(EntryKind.SHARE_REFUSED, {"reason": "host key"}, "refused", school.day(1))
    school.laptop("laptop-18", [*school.heartbeats(9), refused])
    report()
    assert needs(school) == ["laptop-18: the server showed another identity", "laptop-17 is silent"]
    assert facts(school, "devices/laptop-17")["state"] == "stop"
    days = {one["day"]: one["state"] for one in facts(school, "devices/laptop-18")["days"]}
    assert days["2026-03-18"] == "trouble"


def test_a_weekend_is_quiet_and_a_long_gap_is_silent(school: School, report: Callable[..., Made]) -> None:
    beats = [
        one for one in school.heartbeats(20) if one.event not in {f"heartbeat-{back}" for back in (*range(9, 14), 5)}
    ]
    school.laptop("laptop-17", [one for one in beats if one.event != "heartbeat-0"])
    report()
    days = [one["state"] for one in facts(school, "devices/laptop-17")["days"]]
    assert days[-21:] == ["heard"] * 7 + ["silent"] * 5 + ["heard"] * 3 + ["quiet"] + ["heard"] * 4 + ["quiet"]
    assert set(days[:-21]) == {"new"}


def test_a_record_that_is_not_whole_comes_first(school: School, report: Callable[..., Made]) -> None:
    school.laptop("laptop-17", [*school.photo("a1", "museum", school.day(3)), *school.heartbeats(3)])
    school.laptop("laptop-18", school.heartbeats(3))
    (published,) = (school.share / "record" / "laptop-17").iterdir()
    published.write_bytes(published.read_bytes()[:-50])
    made = report()
    assert [one.exit_code for one in made.reports] == [11, 0]
    assert needs(school)[0] == "laptop-17: the record is damaged"
    assert facts(school, "visits/index")["visits"] == []  # nothing of it is proven
    assert facts(school, "headteacher")["contraventions"][0]["kind"] == "record"


def test_nothing_of_a_laptop_that_signed_two_histories_is_counted(school: School, report: Callable[..., Made]) -> None:
    school.laptop("laptop-17", [*school.photo("a1", "museum", school.day(3)), *school.heartbeats(3)])
    first = school.home / "state"
    first.rename(school.home / "first")
    school.laptop("laptop-17", [*school.photo("a2", "museum", school.day(3)), *school.heartbeats(3)])
    made = report()
    assert [one.exit_code for one in made.reports] == [13]
    index = facts(school, "index")
    assert (index["photos"], index["visits"], sum(one["photos"] for one in index["months"])) == (0, 0, 0)
    assert needs(school) == ["laptop-17: the record is damaged"]


def test_months_and_statements_are_shown(school: School, report: Callable[..., Made]) -> None:
    places = dict.fromkeys(("phone", "bin", "cloud", "messages", "card"), "none left")
    said = Draft(EntryKind.ATTESTED, {"visit": "museum", "staff": "j.smith", **places}, "attested", school.day(1))
    old = school.photo("a1", "museum", NOW - timedelta(days=40))
    school.laptop("laptop-17", [*old, *school.photo("a2", "museum", school.day(3)), said, *school.heartbeats(1)])
    report()
    months = {one["month"]: one["photos"] for one in facts(school, "index")["months"]}
    assert (months["2026-02"], months["2026-03"]) == (1, 1)
    visit = facts(school, "visits/museum")
    assert visit["statements"][0]["places"]["phone"] == "none left"
    assert visit["without_statement"] == []


@pytest.fixture
def kept(school: School) -> School:
    """A visit of 40 days ago."""
    school.laptop("laptop-17", [*school.photo("a1", "museum", NOW - timedelta(days=40)), *school.heartbeats(3)])
    return school


def test_a_visit_past_its_keeping_time_is_to_be_deleted(kept: School, report: Callable[..., Made]) -> None:
    report(keeping=Keeping(30))
    assert "museum: the keeping time is over" in needs(kept)
    report(keeping=Keeping(30, {"museum": 365}))
    assert needs(kept) == []
    assert facts(kept, "visits/museum")["retention"]["until"] == "2027-02-07"


def test_a_hold_stops_the_keeping_time(kept: School, report: Callable[..., Made]) -> None:
    report(keeping=Keeping(30, held=frozenset({"museum"})))
    assert needs(kept) == []
    assert "On hold: no photo of this visit may be deleted" in (kept.home / "out/visits/museum.html").read_text("utf-8")


def test_deleted_after_its_time_gets_a_certificate_that_stays(
    kept: School, report: Callable[..., Made], asked: Asked
) -> None:
    for file in (kept.share / "visits" / "museum").iterdir():
        file.unlink()
    report(keeping=Keeping(30))
    assert needs(kept) == []
    report(keeping=Keeping(30), now=asked.now + timedelta(days=5), silence=timedelta(days=30))
    visit = facts(kept, "visits/museum")
    assert visit["retention"]["deleted_seen_at"] == NOW.isoformat()
    assert visit["sentence"] == "Deleted from the share by IT."
    assert "Certificate of deletion" in (kept.home / "out/visits/museum.html").read_text("utf-8")


def test_files_that_are_gone_before_their_time_are_missed(kept: School, report: Callable[..., Made]) -> None:
    for file in (kept.share / "visits" / "museum").iterdir():
        file.unlink()
    report(keeping=Keeping(365))
    assert needs(kept) == ["museum: 1 file missing on the share"]


def test_a_certificates_data_has_the_hash_that_is_signed(
    kept: School, report: Callable[..., Made], tmp_path: Path
) -> None:
    import hashlib

    from agent.audit.report import ReviewerKey
    from agent.record.note import open_note
    from agent.share import make_key

    file = tmp_path / "brandt"
    make_key(file, "brandt")
    key = ReviewerKey.read(file)
    report(signer=key)
    content = (kept.home / "out/visits/museum.json").read_bytes()
    opened = open_note((kept.home / "out/visits/museum.txt").read_bytes(), [key.key])
    assert opened.signed_by == (key.key,)
    digest = hashlib.sha256(content).hexdigest()
    assert opened.text == f"visit-photo-agent certificate\nvisits/museum.json\nsha256 {digest}\n"
    page = (kept.home / "out/visits/museum.html").read_text("utf-8")
    assert digest in page
    assert "reviewer/brandt" in page
    report()
    assert "Not signed." in (kept.home / "out/visits/museum.html").read_text("utf-8")
    assert not (kept.home / "out/visits/museum.txt").exists()
