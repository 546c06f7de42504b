"""Calendars as Outlook, Google and others write them: their zones, their marks, and their unneeded lines."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.register import Visit
from agent.register import Rules, VisitsReading, read_visits

RULES = (
    "BEGIN:STANDARD\nDTSTART:16011028T020000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZOFFSETFROM:{summer}\n"
    "TZOFFSETTO:{winter}\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010325T010000\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nTZOFFSETFROM:{winter}\nTZOFFSETTO:{summer}\nEND:DAYLIGHT\n"
)
LONDON = RULES.format(winter="-0000", summer="+0100")
BERLIN = RULES.format(winter="+0100", summer="+0200").replace("T020000", "T030000").replace("T010000", "T020000")
INDIA = "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\n"
NEW_YORK = (
    "BEGIN:STANDARD\nDTSTART:20071104T020000\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\nTZOFFSETFROM:-0400\n"
    "TZOFFSETTO:-0500\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:20070311T020000\n"
    "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nEND:DAYLIGHT\n"
)


def event(more: str = "", zone: str = "", *, uid: str = "zoo", title: str = "Zoo") -> str:
    """A day in July, in a zone's local time; `more` are additional lines."""
    times = f"DTSTART{zone}:20260714T083000\nDTEND{zone}:20260714T163000\n"
    return f"BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{title}\n{times}{more}END:VEVENT\n"


def calendar(*parts: str) -> str:
    return "BEGIN:VCALENDAR\nVERSION:2.0\n" + "".join(parts) + "END:VCALENDAR\n"


def defined(name: str, rules: str) -> str:
    """A zone that the calendar defines."""
    return f"BEGIN:VTIMEZONE\nTZID:{name}\n{rules}END:VTIMEZONE\n"


def read(text: str, *, end: str = "\r\n") -> VisitsReading:
    """Read on a laptop in London."""
    return read_visits(text.replace("\n", end).encode(), kind="ics", rules=Rules("Europe/London"))


def only(reading: VisitsReading) -> Visit:
    assert reading.faults == ()
    (visit,) = reading.visits
    return visit


def starts(visit: Visit) -> str:
    """In UTC."""
    return f"{visit.span.earliest.astimezone(UTC):%H:%M}"


# --- Zones ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rules", "zone", "utc"),
    [
        ("tzone://Microsoft/Custom", LONDON, "Europe/London", "07:30"),
        ("Customized Time Zone", BERLIN, "Europe/Berlin", "06:30"),
        ("GMT Standard Time 1", LONDON, "Europe/London", "07:30"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", BERLIN, "Europe/Amsterdam", "06:30"),
        ("Eastern Time (US & Canada)", NEW_YORK, "America/New_York", "12:30"),
        ("School's own", INDIA, "Asia/Kolkata", "03:00"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("quote", ['"', ""])
def test_outlooks_zones_are_read_by_the_calendars_own_definition(
    name: str, rules: str, zone: str, utc: str, quote: str
) -> None:
    visit = only(read(calendar(defined(name, rules), event(zone=f";TZID={quote}{name}{quote}"))))
    assert starts(visit) == utc
    offset = datetime(2026, 7, 14, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert datetime(2026, 7, 14, tzinfo=UTC).astimezone(ZoneInfo(visit.zone)).utcoffset() == offset


@pytest.mark.parametrize(
    ("name", "utc"),
    [
        ("GMT Standard Time 1", "07:30"),
        ("(UTC+00:00) Dublin, Edinburgh, Lisbon, London", "07:30"),
        ("(GMT+01.00) Nowhere", None),
        ("(UTC+09:00) Dublin, London", None),
        ("(UTC+01:00) London, Tokyo", None),
        ("tzone://Microsoft/Utc", "08:30"),
        ("tzone://Microsoft/Custom", None),
    ],
)
def test_a_zone_without_a_definition_is_known_by_its_name_or_not_at_all(name: str, utc: str | None) -> None:
    reading = read(calendar(event(zone=f';TZID="{name}"')))
    assert [starts(visit) for visit in reading.visits] == ([utc] if utc else [])
    assert utc or "unknown zone" in reading.faults[0].message
    assert utc or reading.doubtful[0].span is not None


@pytest.mark.parametrize(
    "rules",
    [
        LONDON.replace("YEARLY", "SECONDLY"),
        LONDON.replace("-1SU", "9XX"),
        LONDON.replace("+0100", "one"),
        LONDON.replace("TZOFFSETTO:-0000\n", ""),
        LONDON.replace("BYMONTH=10", "BYMONTH=13"),
        "",
    ],
)
def test_a_definition_that_is_not_understood_is_not_guessed(rules: str) -> None:
    reading = read(calendar(defined("Ours", rules), event(zone=";TZID=Ours")))
    assert reading.visits == ()
    assert "unknown zone “Ours”" in reading.faults[0].message


@pytest.mark.parametrize(
    ("head", "utc", "zone"),
    [
        ("X-WR-TIMEZONE:Europe/Paris\n", "06:30", "Europe/Paris"),
        ("X-WR-TIMEZONE:Romance Standard Time\n", "06:30", "Europe/Paris"),
        ("", "07:30", "Europe/London"),
    ],
)
def test_times_without_a_zone_are_of_the_calendars(head: str, utc: str, zone: str) -> None:
    visit = only(read(calendar(head, event())))
    assert (starts(visit), visit.zone) == (utc, zone)


def test_an_unknown_zone_of_the_calendar_is_reported_and_not_replaced() -> None:
    reading = read(calendar("X-WR-TIMEZONE:Nowhere/Land\n", event()))
    assert reading.visits == ()
    assert "Nowhere/Land" in reading.faults[0].message


# --- No visit ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "title", "why"),
    [
        ("", "Canceled: Zoo", ""),
        ("", "Abgesagt: Zoo", ""),
        ("STATUS:CANCELLED\n", "Zoo", ""),
        ("STATUS:TENTATIVE\n", "Zoo", "which is only tentative"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\n", "Zoo", "which is only tentative"),
        ("X-MICROSOFT-CDO-INTENDEDSTATUS:TENTATIVE\n", "Zoo", "which is only tentative"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE\nTRANSP:TRANSPARENT\n", "Zoo", "which the calendar marks as free time"),
        ("TRANSP:TRANSPARENT\n", "Zoo", "which the calendar marks as free time"),
        ("ATTENDEE;CN=Jane;PARTSTAT=DECLINED:mailto:j\n", "Zoo", "which nobody has accepted yet"),
        ('ATTENDEE;CN="Jane";PARTSTAT=NEEDS-ACTION:mailto:j\n', "Zoo", "which nobody has accepted yet"),
    ],
)
def test_cancelled_tentative_free_and_declined_events_are_not_visits(more: str, title: str, why: str) -> None:
    reading = read(calendar(event(more, title=title)))
    assert [(visit.cancelled, visit.why_not) for visit in reading.visits] == [(True, why)]
    assert reading.doubtful == ()
    assert bool(reading.faults) is bool(why)
    assert {fault.severity for fault in reading.faults} <= {"warning"}


def test_a_free_whole_day_warns_of_outlooks_default() -> None:
    days = "DTSTART;VALUE=DATE:20260714\nDTEND;VALUE=DATE:20260715\nTRANSP:TRANSPARENT\n"
    reading = read(calendar(f"BEGIN:VEVENT\nUID:a\nSUMMARY:Ypres\n{days}END:VEVENT\n"))
    assert reading.visits[0].cancelled
    assert "all-day" in reading.faults[0].message
    assert "Busy" in reading.faults[0].message


@pytest.mark.parametrize(
    "more",
    [
        "X-MICROSOFT-CDO-BUSYSTATUS:OOF\n",
        "TRANSP:OPAQUE\n",
        "ATTENDEE:mailto:j\n",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a\nATTENDEE;PARTSTAT=DECLINED:mailto:b\n",
    ],
)
def test_busy_events_that_somebody_goes_to_are_visits(more: str) -> None:
    assert not only(read(calendar(event(more)))).cancelled


# --- Parts nobody needs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        "BEGIN:VALARM\nTRIGGER:-PT0DT0H10M0S\nACTION:DISPLAY\nEND:VALARM\n",
        "BEGIN:VALARM\nTRIGGER:\nDURATION:soon\nDTSTART:never\nEND:VALARM\n",
        "DESCRIPTION:Start: 8:30\nEND: 16:30 at school\n",
        "DESCRIPTION:Bring\nEND:lunch\nBring a coat\n<HTML>\n</HTML>\n",
        'ORGANIZER;CN="Jane "JJ" Smith":mailto:j\nLOCATION:Say "hi\n',
        "GEO:\n",
        "GEO:;\n",
        "ATTACH;VALUE=BINARY;ENCODING=BASE64:====\n",
        "CLASS\nPRIORITY;;=:x\n",
        "X-ALT-DESC;FMTTYPE=text/html:<!DOCTYPE HTML>\n<HTML>\n<BODY>End: 16:30</BODY>\n</HTML>\n",
        "LAST-MODIFIED:yesterday\nDTSTAMP:x\nSEQUENCE:first\nCATEGORIES:\n",
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_unneeded_lines_are_skipped_in_any_form(more: str, end: str) -> None:
    assert starts(only(read(calendar(event(more)), end=end))) == "07:30"


def test_a_broken_place_without_a_radius_is_a_warning() -> None:
    reading = read(calendar(event("GEO:north\n")))
    assert [visit.place for visit in reading.visits] == [None]
    assert [fault.severity for fault in reading.faults] == ["warning"]


@pytest.mark.parametrize(
    "more",
    [
        "STATUS CANCELLED\n",
        "BEGIN:VALARM\nTRIGGER:x\n",
        "RRULE:FREQ=DAILY\n",
        "DTEND:20260715T163000\n",
        "X-VISIT-STAFF:;\n",
    ],
)
def test_a_broken_needed_line_names_its_event(more: str) -> None:
    reading = read(calendar(event(more, uid="bad", title="The bad one"), event(uid="good")))
    assert [visit.id for visit in reading.visits] == ["good"]
    assert reading.faults[0].line == 3
    assert len(reading.doubtful) == 1


PARTS = st.sampled_from(
    [*event().splitlines(), *defined("Z", LONDON).splitlines(), "DTSTART;TZID=Z:20260714T083000", 'TZID:"', "RRULE:",
     "BEGIN:VEVENT", "END:VEVENT", "BEGIN:X", "END:X", " folded", "\ttab", 'SUMMARY;X="', "X-WR-TIMEZONE:Z",
     "METHOD:CANCEL", "RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=5MO", "RRULE:FREQ=YEARLY;UNTIL=1",
     "DTSTART:00010101T000000", ":", ";", ""]
)  # fmt: skip


@given(st.lists(PARTS, max_size=30))
def test_no_lines_at_all_make_reading_a_calendar_raise(lines: list[str]) -> None:
    reading = read("BEGIN:VCALENDAR\n" + "\n".join(lines) + "\nEND:VCALENDAR\n")
    assert reading.visits or reading.faults
