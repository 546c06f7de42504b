"""A camera's line for cameras.csv: what the coordinator puts in is read as it was meant."""

from datetime import timedelta

import pytest

from agent.model.capture import Camera
from agent.register import clock_line, named, read_cameras

HEADER = "label,make,model,serial,owner,clock_ahead_seconds\n"
MINUTE = timedelta(seconds=60)


@pytest.mark.parametrize("ahead", [MINUTE, -MINUTE, timedelta(0)])
def test_the_line_for_the_coordinator_is_read_as_it_is_meant(ahead: timedelta) -> None:
    camera = named(Camera("Apple", 'iPhone "15", red', "X;1"), ahead)
    (read,) = read_cameras((HEADER + clock_line(camera)).encode()).cameras
    assert read == camera


def test_a_camera_without_a_label_is_called_by_make_model_and_serial() -> None:
    hero = Camera("GoPro", "HERO11 Black", "C3471325208812")
    assert clock_line(named(hero, MINUTE)) == "GoPro HERO11 Black 8812,GoPro,HERO11 Black,C3471325208812,staff,60"
    assert named(Camera("Canon", "Canon EOS R50", None), MINUTE).label == "Canon EOS R50"
