"""The visits register as a calendar: what Outlook, Google and scripts write, and what is never guessed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.capture import Place
from agent.model.ids import VisitId
from agent.model.register import Visit
from agent.model.times import Interval
from agent.register import Rules, VisitsReading, read_visits

GOOD = """\
UID:museum
SUMMARY:Science Museum
DTSTART:20260314T090000Z
DTEND:20260314T163000Z
"""


def at(text: str) -> datetime:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def calendar(*events: str, head: str = "") -> str:
    """A calendar of these events; the first BEGIN:VEVENT stands on line 4, or after `head`."""
    body = "".join(f"BEGIN:VEVENT\n{event}END:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//x//\n{head}{body}END:VCALENDAR\n".replace("\n", "\r\n")


def read(text: str | bytes) -> VisitsReading:
    """Read a calendar on a laptop in London."""
    return read_visits(text if isinstance(text, bytes) else text.encode(), kind="ics", rules=Rules("Europe/London"))


def timed(*lines: str, rest: str = "UID:museum\nSUMMARY:Science Museum\n") -> VisitsReading:
    """A calendar of one event with these lines."""
    return read(calendar(rest + "".join(line + "\n" for line in lines)))


def only(reading: VisitsReading) -> Visit:
    """The one visit, taken without a fault."""
    assert reading.faults == ()
    (visit,) = reading.visits
    return visit


def found(reading: VisitsReading) -> list[tuple[int, str | None, str]]:
    """Faults without their words."""
    return [(fault.line, fault.column, fault.severity) for fault in reading.faults]


def test_an_event_is_a_visit() -> None:
    assert only(read(calendar(GOOD))) == Visit(
        VisitId("museum"),
        "Science Museum",
        Interval(at("2026-03-14 09:00"), at("2026-03-14 16:30")),
        "Europe/London",
    )


@pytest.mark.parametrize("raw", [calendar(GOOD).encode("utf-8-sig"), calendar(GOOD).replace("\r\n", "\n").encode()])
def test_a_byte_order_mark_and_plain_line_ends_do_no_harm(raw: bytes) -> None:
    assert only(read(raw)).title == "Science Museum"


@pytest.mark.parametrize(
    ("lines", "first", "last", "zone"),
    [
        (["DTSTART:20260614T090000", "DTEND:20260614T163000"], "06-14 08:00", "06-14 15:30", "Europe/London"),
        (
            ["DTSTART;TZID=Europe/Paris:20260614T090000", "DTEND;TZID=Europe/Paris:20260614T163000"],
            "06-14 07:00", "06-14 14:30", "Europe/Paris",
        ),
        (
            ["DTSTART;TZID=GMT Standard Time:20260614T090000", "DTEND;TZID=GMT Standard Time:20260614T163000"],
            "06-14 08:00", "06-14 15:30", "Europe/London",
        ),
        (
            ['DTSTART;TZID="/maker.example/2026/Asia/Tokyo":20260614T090000', "DTEND:20260614T040000Z"],
            "06-14 00:00", "06-14 04:00", "Asia/Tokyo",
        ),
        (["DTSTART;VALUE=DATE:20260314", "DTEND;VALUE=DATE:20260315"], "03-14 00:00", "03-15 00:00", "Europe/London"),
        (["DTSTART;VALUE=DATE:20260314", "DTEND;VALUE=DATE:20260317"], "03-14 00:00", "03-17 00:00", "Europe/London"),
        (["DTSTART;VALUE=DATE:20260329"], "03-29 00:00", "03-29 23:00", "Europe/London"),
        (["DTSTART;VALUE=DATE:20260314", "DURATION:P3D"], "03-14 00:00", "03-17 00:00", "Europe/London"),
        (["DTSTART:20260314T090000Z", "DURATION:PT7H30M"], "03-14 09:00", "03-14 16:30", "Europe/London"),
        (["DTSTART:20260328T220000", "DURATION:PT10H"], "03-28 22:00", "03-29 08:00", "Europe/London"),
        (["DTSTART:20260328T220000", "DURATION:P1D"], "03-28 22:00", "03-29 21:00", "Europe/London"),
    ],
)  # fmt: skip
def test_times_with_a_zone_in_utc_floating_whole_days_and_durations(
    lines: list[str], first: str, last: str, zone: str
) -> None:
    visit = only(timed(*lines))
    assert visit.span == Interval(at(f"2026-{first}"), at(f"2026-{last}"))
    assert visit.zone == zone


def test_a_zone_that_the_calendar_defines_for_itself_is_read_by_its_definition() -> None:
    own = (
        "BEGIN:VTIMEZONE\nTZID:Our Zone\nBEGIN:STANDARD\nDTSTART:16010101T000000\n"
        "TZOFFSETFROM:+0500\nTZOFFSETTO:+0500\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    event = "UID:a\nSUMMARY:A\nDTSTART;TZID=Our Zone:20260314T090000\nDTEND;TZID=Our Zone:20260314T100000\n"
    visit = only(read(calendar(event, head=own)))
    assert visit.span == Interval(at("2026-03-14 04:00"), at("2026-03-14 05:00"))
    reading = read(calendar(event, head=own.replace("+0500", "+0517")))
    assert reading.visits == ()
    assert found(reading) == [(12, "DTSTART", "error")]
    assert "Our Zone" in reading.faults[0].message


@pytest.mark.parametrize(("status", "cancelled"), [("CONFIRMED", False), ("CANCELLED", True)])
def test_a_cancelled_event_is_a_cancelled_visit(status: str, cancelled: bool) -> None:
    assert only(read(calendar(f"{GOOD}STATUS:{status}\n"))).cancelled is cancelled


def test_a_calendar_that_cancels_cancels_all_of_it() -> None:
    assert only(read(calendar(GOOD, head="METHOD:CANCEL\n"))).cancelled
    assert not only(read(calendar(GOOD, head="METHOD:PUBLISH\n"))).cancelled


def test_the_id_is_the_property_for_it_else_made_from_the_uid_always_alike() -> None:
    assert only(read(calendar(f"{GOOD}X-VISIT-ID:2026-museum\n"))).id == "2026-museum"
    odd = GOOD.replace("UID:museum", "UID:040000008200E00074C5B7101A82E008/Ü@school.example")
    made = only(read(calendar(odd))).id
    assert made == only(read(calendar(odd + "DESCRIPTION:changed\n"))).id
    assert made == "040000008200E00074C5B7101A82E008-school-example-d0164dbc"
    assert made != only(read(calendar(odd.replace("/Ü", "/Ö")))).id


@pytest.mark.parametrize("uid", ["CON", "..", "a" * 200, "a@b", "/", "ends."])
def test_whatever_the_uid_the_id_is_a_safe_folder_name(uid: str) -> None:
    made = only(read(calendar(GOOD.replace("UID:museum", f"UID:{uid}")))).id
    assert len(made) <= 64
    assert made != uid
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


def test_place_radius_staff_and_cameras() -> None:
    visit = only(
        read(
            calendar(
                f"{GOOD}GEO:51.4978;-0.1745\nX-VISIT-RADIUS-KM:2.5\nX-VISIT-STAFF:j.smith|a.okafor\n"
                "X-VISIT-CAMERAS:Camera 1;Camera 2\n"
            )
        )
    )
    assert (visit.place, visit.radius_km) == (Place(51.4978, -0.1745), 2.5)
    assert visit.staff == {"j.smith", "a.okafor"}
    assert visit.cameras == {"Camera 1", "Camera 2"}


def test_a_place_without_a_radius_is_usual_in_a_calendar() -> None:
    assert only(read(calendar(f"{GOOD}GEO:51.4978;-0.1745\n"))).radius_km is None


def test_invited_people_are_not_a_list_of_staff() -> None:
    assert (
        only(read(calendar(f"{GOOD}ORGANIZER:mailto:a@b.example\nATTENDEE:mailto:c@d.example\n"))).staff == frozenset()
    )


def test_folded_and_escaped_titles_are_read_whole() -> None:
    reading = read(calendar(GOOD.replace("Science Museum", "Science Mu\n seum\\, Year 5")))
    assert only(reading).title == "Science Museum, Year 5"


@pytest.mark.parametrize(
    ("event", "column", "words"),
    [
        (GOOD + "RRULE:FREQ=WEEKLY;COUNT=3\n", "RRULE", "recurring"),
        (GOOD + "RDATE:20260315T090000Z\n", "RDATE", "recurring"),
        (GOOD + "RECURRENCE-ID:20260314T090000Z\n", "RECURRENCE-ID", "recurring"),
        (GOOD + "STATUS:PERHAPS\n", "STATUS", "is not a known status"),
        (GOOD + "X-VISIT-ID:a/b\n", "X-VISIT-ID", "name of a folder"),
        (GOOD + "DURATION:PT1H\n", "DURATION", "not both"),
        (GOOD + "DTSTART:20260313T090000Z\n", "DTSTART", "more than once"),
        (GOOD + "STATUS:CONFIRMED\nSTATUS:CANCELLED\n", "STATUS", "more than once"),
        (GOOD + "GEO:north\nX-VISIT-RADIUS-KM:2\n", "GEO", ""),
        (GOOD + "GEO:95;0\nX-VISIT-RADIUS-KM:2\n", "GEO", "between -90 and 90"),
        (GOOD + "GEO:nan;0\nX-VISIT-RADIUS-KM:2\n", "GEO", ""),
        (GOOD + "X-VISIT-RADIUS-KM:2\n", "X-VISIT-RADIUS-KM", "radius without a place"),
        (GOOD + "X-VISIT-STAFF:|\n", "X-VISIT-STAFF", "the list is empty"),
        (GOOD + "STATUS CANCELLED\n", None, ""),
        (GOOD.replace("UID:museum\n", ""), "UID", "no UID"),
        (GOOD.replace("DTSTART:20260314T090000Z\n", ""), "DTSTART", "missing"),
        (GOOD.replace("DTEND:20260314T163000Z\n", ""), "DTEND", "no end"),
        (GOOD.replace("20260314T163000Z", "20260314T080000Z"), "DTEND", "before it starts"),
        (GOOD.replace("20260314T090000Z", "20260230T090000Z"), "DTSTART", ""),
        (GOOD.replace("20260314T090000Z", "00010101T090000Z"), "DTSTART", "year 1 "),
        (
            GOOD.replace("DTSTART:2026", "DTSTART;TZID=Nowhere/Land:2026").replace("0Z\nDTEND", "0\nDTEND"),
            "DTSTART",
            "zone",
        ),
        (GOOD.replace("DTEND:20260314T163000Z", "DTEND;VALUE=DATE:20260315"), "DTEND", "a day, the other a time"),
        (GOOD.replace("DTEND:20260314T163000Z", "DURATION:-PT1H"), "DURATION", "how long a visit lasts"),
        (GOOD.replace("DTEND:20260314T163000Z", "DURATION:soon"), "DURATION", ""),
        ("UID:a\nSUMMARY:A\nDTSTART:20260329T013000\nDTEND:20260329T160000\n", "DTSTART", "does not exist"),
        ("UID:a\nSUMMARY:A\nDTSTART:20260314T090000\nDTEND:20260314T090000\n", "DTEND", "ends when it starts"),
    ],
)
def test_an_event_with_an_error_is_left_out_and_reported_with_its_line(
    event: str, column: str | None, words: str
) -> None:
    reading = read(calendar(GOOD.replace("museum", "good"), event))
    assert [visit.id for visit in reading.visits] == ["good"]
    assert {(fault.line, fault.severity) for fault in reading.faults} == {(10, "error")}
    assert column in {fault.column for fault in reading.faults}
    assert any(words in fault.message for fault in reading.faults)


def test_an_event_without_a_title_is_taken_by_its_id() -> None:
    reading = read(calendar(GOOD.replace("SUMMARY:Science Museum\n", "")))
    assert reading.visits[0].title == "museum"
    assert found(reading) == [(4, "SUMMARY", "warning")]


def test_a_repeated_hour_is_read_so_that_the_visit_is_longer() -> None:
    reading = timed("DTSTART:20261025T013000", "DTEND:20261025T014500")
    assert reading.visits[0].span == Interval(at("2026-10-25 00:30"), at("2026-10-25 01:45"))
    assert found(reading) == [(4, "DTSTART", "warning"), (4, "DTEND", "warning")]


def test_both_events_of_a_doubled_id_are_left_out() -> None:
    reading = read(calendar(GOOD, GOOD.replace("museum", "MUSEUM"), GOOD.replace("museum", "other")))
    assert [visit.id for visit in reading.visits] == ["other"]
    assert [line for line, _, _ in found(reading)] == [4, 10]


def test_alarms_tasks_and_notes_are_not_visits() -> None:
    alarm = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nDURATION:PT5M\nREPEAT:1\nEND:VALARM\n"
    assert only(read(calendar(GOOD + alarm, head="BEGIN:VTODO\nUID:t\nEND:VTODO\n"))).id == "museum"


def test_several_calendars_in_one_file_are_all_read() -> None:
    reading = read(calendar(GOOD) + calendar(GOOD.replace("museum", "other")))
    assert [visit.id for visit in reading.visits] == ["museum", "other"]
    assert reading.lines == (4, 14)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"hello", "not a calendar"),
        (b"id,title,starts,ends\n", "not a calendar"),
        (calendar(GOOD).replace("END:VCALENDAR\r\n", "").encode(), "cut off"),
        (calendar(GOOD).replace("END:VEVENT\r\nEND:VCALENDAR\r\n", "").encode(), "cut off"),
        (calendar().encode(), "contains no visits"),
        (b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "without its BEGIN"),
        (b"PK\x03\x04", "workbook"),
    ],
)
def test_a_file_that_is_not_a_calendar_has_one_clear_error(raw: bytes, words: str) -> None:
    reading = read(raw)
    assert reading.visits == ()
    assert any(words in fault.message and fault.severity == "error" for fault in reading.faults)


LINES = st.sampled_from(
    [
        *GOOD.splitlines(),
        "DTSTART:",
        "DTSTART;TZID=:20260314T090000",
        "DTSTART;VALUE=PERIOD:20260314T090000Z/PT1H",
        "DTEND:20260314T250000Z",
        "DTEND;VALUE=DATE-TIME:20260314",
        "DURATION:P1W",
        "DURATION:P9999999D",
        "GEO:;",
        "GEO:1",
        "UID:",
        'SUMMARY;X="',
        "BEGIN:VALARM",
        "END:VALARM",
        "BEGIN:VEVENT",
        "END:VEVENT",
        " folded",
        ":",
        ";",
        "STATUS:",
        "RRULE:X",
        "RDATE:soon",
        "X-VISIT-RADIUS-KM:1e999",
        "DTSTART:00000000T000000",
        "DTEND:99991231T235959Z",
    ]
)


@given(st.lists(LINES, max_size=12))
def test_no_lines_at_all_make_reading_raise(lines: list[str]) -> None:
    reading = read(calendar("".join(line + "\n" for line in lines)))
    assert reading.visits or any(fault.severity == "error" for fault in reading.faults)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_reading_raise(raw: bytes) -> None:
    assert read(raw).faults
    read(calendar(GOOD).encode().replace(b"Science", raw))
