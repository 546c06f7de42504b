"""From what the clock showed and what the camera wrote to an error that holds the true one."""

# ruff: noqa: DTZ001  # what a camera's clock shows has no zone

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import read
from agent.clockcheck import ClockOffset, Measured, ShownTime, agree, measure, shown_in, zone_part
from agent.errors import LocalFault
from agent.model.capture import Camera, Capture
from agent.model.times import Interval, Level, WallClock

LONDON = ZoneInfo("Europe/London")
SECOND = timedelta(seconds=1)
FIFTH = timedelta(seconds=0.2)
SUMMER = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)
CAMERA = Camera("Canon", "EOS R50", "0123")


def wall(moment: datetime) -> Capture:
    start = moment.replace(tzinfo=None, microsecond=0)
    return Capture(
        "jpeg", start.isoformat(), None, WallClock(start, start + SECOND), Level.ASSUMED_ZONE,
        ("EXIF DateTimeOriginal",), camera=CAMERA,
    )  # fmt: skip


def seconds(low: float, high: float) -> ClockOffset:
    return ClockOffset(timedelta(seconds=low), timedelta(seconds=high))


@given(
    ahead=st.floats(-1e7, 1e7),
    at=st.datetimes(datetime(2022, 1, 1), datetime(2030, 1, 1)),
    off=st.floats(-0.2, 0.2),
    lag=st.floats(0, 1.29),
)
def test_the_true_error_is_always_within_the_interval(ahead: float, at: datetime, off: float, lag: float) -> None:
    """The display is up to 0.2 s off and stands for 1.3 s; the camera's clock is right but for `ahead`."""
    true = at.replace(tzinfo=UTC)
    said = (true + timedelta(seconds=off) - timedelta(seconds=lag)).replace(microsecond=0)
    begun = true + timedelta(seconds=off) - timedelta(seconds=lag) - said
    shown = ShownTime(said, FIFTH)
    photographed = true - begun if begun + timedelta(seconds=lag) > timedelta(seconds=1.3) else true
    there = photographed + (said.astimezone(LONDON).utcoffset() or timedelta(0)) + timedelta(seconds=ahead)
    found = measure(wall(there), shown, LONDON)
    assert found.ahead.least <= timedelta(seconds=ahead) <= found.ahead.most
    assert found.ahead.most - found.ahead.least == timedelta(seconds=2.7)


@pytest.mark.parametrize(
    ("written", "seconds_ahead"),
    [("13:00:00", 0), ("13:00:42", 42), ("12:58:00", -120), ("14:00:00", 3600), ("12:00:00", -3600)],
)
def test_a_wall_clock_is_compared_in_the_zone(photographer: Any, written: str, seconds_ahead: int) -> None:
    path = photographer.of(
        ShownTime(SUMMER, FIFTH), taken=datetime.fromisoformat(f"2026-07-01T{written}"), turned=5, blurred=1.5
    )
    found = measure(read(path, now=SUMMER + timedelta(days=1)), shown_in(path), LONDON)
    assert not found.own_offset
    assert found.camera == Camera("Canon", "Canon EOS R50", "032024001234")
    assert abs(found.ahead.seconds - seconds_ahead) <= 1
    assert found.ahead.within <= 1.9


def test_a_camera_with_its_own_offset_is_compared_by_it_wherever_the_laptop_is(photographer: Any) -> None:
    path = photographer.of(ShownTime(SUMMER, FIFTH), taken=datetime(2026, 7, 1, 14, 0, 7), offset="+02:00")
    found = measure(read(path, now=SUMMER + timedelta(days=1)), shown_in(path), LONDON)
    assert found.own_offset
    assert abs(found.ahead.seconds - 7) <= 1


def test_a_camera_that_writes_fractions_is_measured_closer(photographer: Any) -> None:
    path = photographer.of(ShownTime(SUMMER, FIFTH), taken=datetime(2026, 7, 1, 13, 0, 7), subsec="50")
    found = measure(read(path, now=SUMMER + timedelta(days=1)), shown_in(path), LONDON)
    assert found.ahead.most - found.ahead.least < timedelta(seconds=1.75)


@pytest.mark.parametrize("year", [1970, 2000, 2031])
def test_a_clock_that_was_reset_or_is_years_ahead_is_measured_all_the_same(photographer: Any, year: int) -> None:
    path = photographer.of(ShownTime(SUMMER, FIFTH), taken=datetime(year, 1, 1, 0, 5, 0))
    capture = read(path, now=SUMMER + timedelta(days=1))
    assert capture.level is Level.IMPOSSIBLE
    found = measure(capture, shown_in(path), LONDON)
    assert abs(found.ahead.seconds - (datetime(year, 1, 1, 0, 5) - datetime(2026, 7, 1, 13)).total_seconds()) <= 1


def test_the_second_showing_of_autumns_hour_is_not_an_error() -> None:
    for utc, local in ((0, 1), (1, 1)):
        shown = ShownTime(datetime(2026, 10, 25, utc, 30, 0, tzinfo=UTC), FIFTH)
        assert measure(wall(datetime(2026, 10, 25, local, 30, 0)), shown, LONDON).ahead.seconds == 0


@pytest.mark.parametrize("camera", [None, ("", "", None)])
def test_a_photo_that_names_no_camera_is_refused(photographer: Any, camera: Any) -> None:
    path = photographer.of(ShownTime(SUMMER, FIFTH), taken=datetime(2026, 7, 1, 13), camera=camera)
    with pytest.raises(LocalFault, match="which camera"):
        measure(read(path, now=SUMMER), shown_in(path), LONDON)


def test_a_photo_without_the_cameras_own_time_is_refused_whatever_its_name_says(
    photographer: Any, tmp_path: Any
) -> None:
    path = photographer.of(ShownTime(SUMMER, FIFTH)).rename(tmp_path / "IMG_20260701_130000.jpg")
    capture = read(path, now=SUMMER)
    assert capture.taken is not None
    with pytest.raises(LocalFault, match="own file"):
        measure(capture, shown_in(path), LONDON)


# --- Several photos --------------------------------------------------------------------------------------------------


def photos(*aheads: ClockOffset, camera: Camera = CAMERA) -> list[Measured]:
    return [Measured(camera, ShownTime(SUMMER, FIFTH), ahead, own_offset=False) for ahead in aheads]


def test_several_photos_narrow_the_answer() -> None:
    assert agree(photos(seconds(40, 43), seconds(41.5, 44), seconds(39, 42.5))) == seconds(41.5, 42.5)


def test_photos_that_do_not_agree_give_no_answer() -> None:
    with pytest.raises(LocalFault, match="disagree"):
        agree(photos(seconds(40, 43), seconds(3640, 3643)))


def test_photos_of_two_cameras_are_not_mixed() -> None:
    other = photos(seconds(40, 43), camera=replace(CAMERA, serial="999"))
    with pytest.raises(LocalFault, match="more than one camera"):
        agree([*photos(seconds(40, 43)), *other])


def test_photos_with_and_without_an_offset_are_not_mixed() -> None:
    one = photos(seconds(40, 43))[0]
    with pytest.raises(LocalFault, match="time zone"):
        agree([one, replace(one, own_offset=True)])


# --- What is told ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "answer", "within"),
    [
        (seconds(-1.2, 0.9), 0, 1.2),
        (seconds(0.1, 2.3), 1, 1.3),
        (seconds(-43.4, -40.8), -42, 1.4),
        (seconds(3598.9, 3601.3), 3600, 1.3),
    ],
)
def test_the_answer_is_zero_if_the_clock_may_be_right(ahead: ClockOffset, answer: int, within: float) -> None:
    assert ahead.seconds == answer
    assert ahead.within == pytest.approx(within)


@pytest.mark.parametrize(
    ("error", "hours"),
    [(3600, 1), (-3600, -1), (3642, 1), (-19800 - 30, -5.5), (20700, 5.75), (86400, 24), (0, None), (42, None),
     (1700, None), (3600 + 91, None), (900 * 105, None), (-63072000, None)],
)  # fmt: skip
def test_a_multiple_of_a_quarter_of_an_hour_is_a_zone(error: int, hours: float | None) -> None:
    part = zone_part(seconds(error - 1, error + 1))
    assert part == (None if hours is None else timedelta(hours=hours))


def test_an_interval_capture_needs_no_zone() -> None:
    taken = Interval(SUMMER, SUMMER + SECOND)
    capture = replace(wall(SUMMER), taken=taken, level=Level.OWN_OFFSET)
    assert measure(capture, ShownTime(SUMMER, FIFTH), ZoneInfo("Asia/Kathmandu")).ahead.seconds == 0
