"""A visit through two time zones, from the coordinator's spreadsheet to the name on the share."""

import json
from datetime import datetime
from pathlib import Path

from tests.laptop import Laptop

JOURNEY = """id,title,starts,ends,timezone
paris,Paris by train,2026-03-14 06:00,2026-03-14 20:00,Europe/London; Europe/Paris; Europe/London
"""


def taken(hour: int, minute: int) -> datetime:
    """The time that a camera's clock shows on the day."""
    return datetime(2026, 3, 14, hour, minute)  # noqa: DTZ001  # a wall clock


def test_a_photo_on_the_way_is_named_by_its_own_clock_and_one_at_the_edge_waits(laptop: Laptop) -> None:
    laptop.register(JOURNEY)
    by_day = laptop.photo("IMG_1.jpg", taken(11, 0), seed=1)
    late = laptop.photo("IMG_2.jpg", taken(20, 30), seed=2)
    private = laptop.photo("IMG_3.jpg", taken(22, 0), seed=3)

    summary = laptop.run()

    assert (summary.removed, summary.review, summary.private, summary.exit_code) == (1, 1, 1, 4)
    assert not by_day.exists()
    assert late.exists()
    assert private.exists()
    (name,) = map(Path, laptop.on_share())
    assert name.name.startswith("20260314-110000_eos-r6_")


def test_the_register_is_listed_with_the_journey(laptop: Laptop) -> None:
    laptop.register(JOURNEY)
    laptop.run()
    (line,) = laptop.command("visits", "list", "--json").stdout.splitlines()
    told = json.loads(line)
    assert told["timezone"] == "Europe/London"
    assert told["timezones"] == ["Europe/London", "Europe/Paris", "Europe/London"]
    assert "Europe/London → Europe/Paris → Europe/London" in laptop.command("visits", "list").stdout
