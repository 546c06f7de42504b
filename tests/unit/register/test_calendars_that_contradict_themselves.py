"""Calendars whose zones, lengths or marks leave more than one reading; and files that would take too long."""

import time

import pytest

from agent.register import Rules, VisitsReading, read_visits
from tests.unit.register.workbooks import packed

LONDON = ("+0100", "+0000", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"), ("+0000", "+0100", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU")
PARIS = ("+0200", "+0100", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"), ("+0100", "+0200", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU")
NO_SUMMER = (("+0000", "+0000", ""),)
OTHER = "BEGIN:VEVENT\nUID:b\nSUMMARY:B\nDTSTART:20260715T083000Z\nDTEND:20260715T163000Z\nEND:VEVENT"


def event(*lines: str, tzid: str = "Europe/London", day: str = "20260714", title: str = "Zoo") -> str:
    """An event from 08:30 to 16:30 in that zone."""
    times = (f"DTSTART;TZID={tzid}:{day}T083000", f"DTEND;TZID={tzid}:{day}T163000")
    own = () if any(line.startswith("DTSTART") for line in lines) else times
    return "\n".join(["BEGIN:VEVENT", "UID:a", f"SUMMARY:{title}", *own, *lines, "END:VEVENT"])


def zone(tzid: str, rules: tuple[tuple[str, str, str], ...], first: str = "19700101T010000") -> str:
    """A definition of a time zone."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{tzid}"]
    for number, (before, after, rule) in enumerate(rules):
        kind = "DAYLIGHT" if number else "STANDARD"
        lines += [f"BEGIN:{kind}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", f"DTSTART:{first}"]
        lines += [f"RRULE:{rule}"] * bool(rule) + [f"END:{kind}"]
    return "\n".join([*lines, "END:VTIMEZONE"])


def read(*parts: str, version: str = "2.0") -> VisitsReading:
    """The calendar of these parts, as a laptop in London reads it."""
    text = "\n".join(["BEGIN:VCALENDAR", f"VERSION:{version}", *parts, "END:VCALENDAR", ""])
    return read_visits(text.encode(), kind="ics", rules=Rules("Europe/London"))


def hours(reading: VisitsReading) -> list[str]:
    return [f"{visit.span.earliest:%H:%M}–{visit.span.latest:%H:%M}" for visit in reading.visits if not visit.cancelled]


@pytest.mark.parametrize(
    ("zones", "tzid"),
    [
        ([zone("Europe/London", NO_SUMMER)], "Europe/London"),
        ([zone("Europe/London", PARIS)], "Europe/London"),
        ([zone("Mine", LONDON), zone("Mine", PARIS)], "Mine"),
        ([zone("Mine", PARIS), zone("Mine", LONDON)], "Mine"),
    ],
)
def test_a_zone_that_is_defined_otherwise_than_it_is_called_waits(zones: list[str], tzid: str) -> None:
    reading = read(*zones, event(tzid=tzid), OTHER)
    assert hours(reading) == ["08:30–16:30"]  # the other event
    assert [doubt.span is not None for doubt in reading.doubtful] == [True]
    assert "define" in str(reading.faults[0]) or "definition" in str(reading.faults[0])


@pytest.mark.parametrize(
    "zones",
    [
        [zone("Europe/London", LONDON)],
        [zone("Europe/London", LONDON), zone("Europe/London", LONDON)],
        [zone("Europe/London", NO_SUMMER, first="20271001T000000")],  # not in force yet
        ["BEGIN:VTIMEZONE\nTZID:Europe/London\nEND:VTIMEZONE"],
    ],
)
def test_a_definition_that_agrees_or_says_nothing_does_no_harm(zones: list[str]) -> None:
    assert hours(read(*zones, event())) == ["07:30–15:30"]
    assert hours(read(zone("Europe/London", NO_SUMMER), event(day="20260114"))) == ["08:30–16:30"]


def test_two_zones_for_floating_times_are_one_too_many() -> None:
    lines = ("DTSTART:20260714T083000", "DTEND:20260714T163000")
    assert read("X-WR-TIMEZONE:Europe/Paris", "X-WR-TIMEZONE:Europe/London", event(*lines)).visits == ()


def test_a_whole_day_of_a_calendar_in_utc_is_the_schools_day() -> None:
    reading = read("X-WR-TIMEZONE:UTC", event("DTSTART;VALUE=DATE:20260714", "DTEND;VALUE=DATE:20260715"))
    assert hours(reading) == ["23:00–23:00"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("DTSTART;VALUE=DATE:20260714", "DURATION:PT8H"), "hours for its length"),
        (("X-VISIT-STAFF;ENCODING=QUOTED-PRINTABLE:J. M=C3=BCller",), "vCalendar 1.0"),
        (("DTSTART:20260714T083000", "DTEND:20260714T163000"), "vCalendar 1.0"),
    ],
)
def test_half_an_old_calendar_is_not_guessed(lines: tuple[str, ...], words: str) -> None:
    reading = read("TZ:-05", event(*lines), OTHER, version="1.0")
    assert hours(reading) == ["08:30–16:30"]
    assert words in str(reading.faults)


@pytest.mark.parametrize("mark", ["CLASS:PRIVATE", "CLASS:CONFIDENTIAL"])
def test_an_event_marked_private_is_not_a_visit(mark: str) -> None:
    reading = read(event(mark))
    assert hours(reading) == []
    assert "marked as private" in str(reading.faults)


@pytest.mark.parametrize("method", ["COUNTER", "DECLINECOUNTER"])
def test_a_proposal_of_another_time_is_not_a_visit(method: str) -> None:
    assert hours(read(f"METHOD:{method}", event())) == []


def test_a_title_that_leaves_it_open_waits() -> None:
    assert hours(read(event(title="Zoo TBC"), OTHER)) == ["08:30–16:30"]


def test_a_line_folded_inside_a_letter_is_read() -> None:
    text = "\r\n".join(["BEGIN:VCALENDAR", event("X-VISIT-STAFF:J. Müller"), "END:VCALENDAR", ""])
    raw = text.encode().replace(b"M\xc3\xbc", b"M\xc3\r\n \xbc")
    (visit,) = read_visits(raw, kind="ics", rules=Rules("Europe/London")).visits
    assert visit.staff == {"J. Müller"}


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN:VCALENDAR\n" + "BEGIN:A\n" * 100_000 + "END:B\n" * 100_000,
        "\n".join(["BEGIN:VCALENDAR", *[event().replace("UID:a", f"UID:{n}") for n in range(2000)], "END:VCALENDAR"]),
        "\n".join(["BEGIN:VCALENDAR", event(title="(tbc " * 50_000), "END:VCALENDAR"]),
        "\n".join(
            ["BEGIN:VCALENDAR"]
            + [zone(f"Z{n}", (("+0033", "+0017", ""),)) for n in range(500)]
            + [event(tzid=f"Z{n}").replace("UID:a", f"UID:{n}") for n in range(500)]
            + ["END:VCALENDAR"]
        ),
    ],
    ids=["nested", "events", "brackets", "zones"],
)
def test_no_calendar_takes_long(text: str) -> None:
    before = time.process_time()
    read_visits(text.encode(), kind="ics", rules=Rules("Europe/London"))
    assert time.process_time() - before < 2


FLOATING = ("DTSTART:20260714T083000", "DTEND:20260714T163000")


def test_a_time_without_a_zone_beside_an_unused_one_waits() -> None:
    reading = read(zone("Europe/Paris", PARIS), event(*FLOATING), OTHER)
    assert hours(reading) == ["08:30–16:30"]  # the other event
    assert "Europe/Paris" in str(reading.faults[0])


@pytest.mark.parametrize(
    "parts",
    [
        (zone("Europe/London", LONDON), event(*FLOATING)),
        ("X-WR-TIMEZONE:Europe/London", zone("Europe/Paris", PARIS), event(*FLOATING)),
        (zone("Europe/Paris", PARIS), event(tzid="Europe/Paris").replace("UID:a", "UID:p"), event(*FLOATING)),
    ],
)
def test_a_time_without_a_zone_is_the_schools_where_no_other_can_be_meant(parts: tuple[str, ...]) -> None:
    assert hours(read(*parts))[-1] == "07:30–15:30"


def test_gmt_in_a_calendar_is_not_an_hour_later_in_silence() -> None:
    assert hours(read(event(tzid="GMT"), OTHER)) == ["08:30–16:30"]
    assert "Europe/London" in str(read(event(tzid="GMT")).faults)
    assert len(read(event(tzid="GMT", day="20260114")).visits) == 1
    assert "Reykjavik" in str(read(event(tzid="Greenwich Standard Time")).faults)


def test_an_offset_is_never_answered_with_a_zone_whose_sign_is_turned_round() -> None:
    assert "Etc" not in str(read(event(tzid="GMT+0100")).faults)


def test_a_day_that_ends_on_itself_is_one_day() -> None:
    reading = read(event("DTSTART;VALUE=DATE:20260714", "DTEND;VALUE=DATE:20260714", "TRANSP:OPAQUE"))
    (visit,) = reading.visits
    assert (visit.span.latest - visit.span.earliest).days == 1
    assert [fault.severity for fault in reading.faults] == ["warning"]


def test_a_description_that_begins_by_calling_it_off_waits() -> None:
    assert read(event("DESCRIPTION:This trip has been CANCELLED\\n\\nSorry")).visits == ()
    assert len(read(event("DESCRIPTION:Cancellation policy: see the letter")).visits) == 1


def test_a_packed_calendar_is_called_one() -> None:
    reading = read_visits(packed({"school.ics": "BEGIN:VCALENDAR"}), kind="ics", rules=Rules("Europe/London"))
    assert "unpack" in str(reading.faults)
