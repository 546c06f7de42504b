"""`visits check`: which register a file is, in any encoding, and what does not fit between the two."""

import pytest

from agent.register import Rules, check, which_register

VISITS = "id,title,starts,ends,cameras\nm,Museum,2026-03-14 09:00,2026-03-14 16:00,School camera 1;School camera 9\n"
CAMERAS = "label,make,model,serial,owner,clock_ahead_seconds\nSchool camera 1,Canon,EOS R50,1234,school,x\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_sheet_is_known_by_its_header_in_any_encoding(encoding: str, separator: str) -> None:
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    for text, register in ((VISITS, "visits"), (CAMERAS, "cameras")):
        sheet = mark + text.replace(",", separator).encode(encoding)
        assert which_register(sheet, "export.csv") == register
        assert check(sheet, "export.csv", rules=Rules("Europe/London")).register == register


def test_a_visits_register_that_speaks_of_clocks_is_one_of_visits() -> None:
    assert which_register((VISITS + "n,clock_ahead,,,\n").encode(), "visits.csv") == "visits"


def test_a_header_that_says_neither_leaves_it_to_the_name() -> None:
    assert which_register(b"a,b\n", "Cameras 2026.csv") == "cameras"
    assert which_register(b"a,b\n", "x.csv") == "visits"
    assert which_register(b"", "x.csv") == "visits"


def test_faults_of_a_utf_16_cameras_register_are_those_of_a_cameras_register() -> None:
    found = check(CAMERAS.encode("utf-16"), "export.csv", rules=Rules("Europe/London"))
    assert [(fault.register, fault.line, fault.column) for fault in found.faults] == [
        ("cameras", 2, "clock_ahead_seconds")
    ]
    assert found.good == 0


def test_labels_that_no_registered_camera_has_are_reported_with_their_line() -> None:
    good = CAMERAS.replace(",x\n", ",0\n").encode("utf-16")
    found = check(VISITS.encode(), "visits.csv", rules=Rules("Europe/London"), cameras=good)
    (fault,) = found.faults
    assert (fault.line, fault.column, fault.severity) == (2, "cameras", "warning")
    assert "School camera 9" in fault.message
    assert not check(VISITS.encode(), "visits.csv", rules=Rules("Europe/London")).faults


def test_a_calendar_is_known_by_its_ending() -> None:
    assert check(b"no calendar", "visits.ICS", rules=Rules("Europe/London")).register == "visits"
