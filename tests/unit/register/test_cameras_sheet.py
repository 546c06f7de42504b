"""cameras.csv: what it says about each camera, and the faults that it may have."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.register import RegisteredCamera
from agent.register import CamerasReading, read_cameras

HEADER = "label,make,model,serial,owner,clock_ahead_seconds"


def read(*rows: str) -> CamerasReading:
    """A register of these rows."""
    return read_cameras("\n".join([HEADER, *rows, ""]).encode())


def found(reading: CamerasReading) -> list[tuple[int, str | None, str]]:
    """Faults without their words."""
    assert all(fault.register == "cameras" for fault in reading.faults)
    return [(fault.line, fault.column, fault.severity) for fault in reading.faults]


def test_every_column_is_read() -> None:
    reading = read("Camera 1,Canon,EOS R50,0320,school,-61.5", "My phone,Apple,iPhone 15,,,")
    assert reading.faults == ()
    assert reading.cameras == (
        RegisteredCamera("Camera 1", "Canon", "EOS R50", "0320", "school", timedelta(seconds=-61.5)),
        RegisteredCamera("My phone", "Apple", "iPhone 15", None, "staff", timedelta(0)),
    )


def test_a_decimal_comma_in_the_clock_error_is_read_between_semicolons() -> None:
    reading = read_cameras(b"label;make;model;clock_ahead_seconds\nA;Canon;R5;90,5\n")
    assert reading.cameras[0].clock_ahead == timedelta(seconds=90.5)


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (",Canon,R5,1,,", "label", "no label"),
        ("A;B,Canon,R5,1,,", "label", "cannot contain"),
        ("A,,,,,", "serial", "cannot be recognised"),
        ("A,Canon,,,,", "serial", "cannot be recognised"),
        ("A,Canon,R5,1.23457E+11,,", "serial", "rounded"),
        ("A,Canon,R5,=B2,,", "serial", "formula"),
        ("A,Canon,R5,1,pupil,", "owner", "neither school nor staff"),
        ("A,Canon,R5,1,,3 min", "clock_ahead_seconds", "plain decimal"),
        ("A,Canon,R5,1,,00:03:00", "clock_ahead_seconds", "plain decimal"),
        ("A,Canon,R5,1,,3.600", "clock_ahead_seconds", "may be 3600 or 3.6"),
        ("A,Canon,R5,1,,-3.600", "clock_ahead_seconds", "may be -3600 or -3.6"),
        ("A,Canon,R5,1,,99999999999", "clock_ahead_seconds", "century"),
    ],
)
def test_a_row_with_an_error_is_left_out_and_told(row: str, column: str, words: str) -> None:
    reading = read("Good,Canon,R6,2,,", row)
    assert [camera.label for camera in reading.cameras] == ["Good"]
    assert found(reading) == [(3, column, "error")]
    assert words in reading.faults[0].message


def test_both_rows_of_a_doubled_label_are_left_out() -> None:
    reading = read("Camera 1,Canon,R5,1,,", "camera  1,Canon,R5,2,,")
    assert reading.cameras == ()
    assert found(reading) == [(2, "label", "error"), (3, "label", "error")]


def test_cameras_that_files_cannot_tell_apart_are_warned_of() -> None:
    reading = read("A,Canon,R5,1,,", "B,Canon,R5,1,,", "C,Apple,iPhone 15,,,", "D,apple,iphone 15,,,")
    assert len(reading.cameras) == 4
    assert found(reading) == [(3, "serial", "warning"), (5, "model", "warning")]


def test_a_serial_alone_is_warned_of() -> None:
    assert found(read("A,,,1,,")) == [(2, "model", "warning")]


@pytest.mark.parametrize(
    ("row", "lost"),
    [
        ("A,Canon,R5,1,pupil,", ()),  # its clock is right: it may be left out
        ("A,Canon,R5,1,pupil,0", ()),
        ("A,Canon,R5,1,pupil,60", (2,)),
        ("A,Canon,R5,1,,3 min", (2,)),
        ('A,"Canon"x,R5,1,,', (2,)),
        ("A,Canon,R5,1,,60,more", (2,)),
    ],
)
def test_a_camera_left_out_with_a_clock_error_is_lost(row: str, lost: tuple[int, ...]) -> None:
    assert read(row).lost == lost


def test_a_misspelt_clock_column_loses_the_cameras_that_have_something_in_it() -> None:
    reading = read_cameras(b"label,make,model,clock_ahead\nA,Canon,R5,60\nB,Canon,R6,\n")
    assert [camera.label for camera in reading.cameras] == ["B"]
    assert reading.lost == (2,)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_make_reading_raise(raw: bytes) -> None:
    read_cameras(raw)
    read_cameras(HEADER.encode() + b"\n" + raw)
