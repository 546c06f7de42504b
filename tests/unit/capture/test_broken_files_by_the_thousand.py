"""Some thousands of broken files through the worker; `python -m tests.fuzz.capture` is the long version."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.model.times import Interval
from tests.fuzz.capture import run
from tests.fuzz.outside import inside, times_of
from tests.unit.capture.photobuilding import OFFSET, ORIGINAL, TAKEN, app1, exif_block, jpeg


@pytest.fixture(autouse=True)
def exiftool() -> None:
    """The outside judge."""
    if shutil.which("exiftool") is None:
        pytest.skip("ExifTool is not on this machine")


def test_broken_files_end_no_worker_and_none_is_taken_for_a_visits(corpus: Path, tmp_path: Path) -> None:
    tally = run(corpus, 4_000, seed=20260314, keep=tmp_path)
    assert tally.ended == []
    assert tally.wrong == []
    assert tally.visits > 10, "the check has teeth: many a broken date lies in one of the visits, and ExifTool agrees"
    assert tally.verdicts["private"] > 200, "many of them still say when they were taken"
    assert tally.largest < 256 * 1024 * 1024


@pytest.mark.parametrize(
    ("exif", "taken"),
    [
        ({ORIGINAL: TAKEN}, datetime(2026, 3, 14, 15, 11, 12, tzinfo=UTC)),
        ({ORIGINAL: TAKEN, OFFSET: b"+02:00"}, datetime(2026, 3, 14, 8, 11, 12, tzinfo=UTC)),
        ({}, None),
    ],
)
def test_the_outside_judge_reads_a_time_by_its_offset_else_in_the_home_zone(
    tmp_path: Path, exif: dict[int, bytes], taken: datetime | None
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(app1(exif_block(exif=exif))))
    times = times_of([path], ZoneInfo("America/Bogota"))[path]
    assert times == ({taken} if taken else set())
    hour = Interval(datetime(2026, 3, 14, 8, tzinfo=UTC), datetime(2026, 3, 14, 9, tzinfo=UTC))
    assert inside(times, hour) is (taken is not None and taken.hour == 8)
