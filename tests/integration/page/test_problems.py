"""Obstacles are described in a teacher's words: the worst first, and what to do about it."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.pipeline.journal_keys import DAMAGED, SHARE_TROUBLE, UNPUBLISHED
from agent.pipeline.problems import Problem, problems, worst
from tests.laptop import VISITS, Laptop


def _said(laptop: Laptop) -> list[str]:
    found: list[Problem] = laptop.look(lambda context: list(problems(context)))
    assert all(one.what and one.stays and one.do for one in found)
    return [one.what for one in found]


@pytest.fixture
def read(laptop: Laptop, tmp_path: Path) -> Laptop:
    """A laptop that has read the visits list, and then an empty list of troubles."""
    laptop.run()
    laptop.look(lambda context: context.journal.set_fact(SHARE_TROUBLE, None))
    return laptop


def test_a_line_that_is_not_understood_is_the_coordinators(read: Laptop, tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(VISITS + "zoo,Zoo,the 3rd,2026-05-01 15:00,,,,,,,\n", encoding="utf-8")
    read.run()
    assert "A part of the visits list cannot be read." in _said(read)


def test_a_name_that_is_not_in_the_list_is_said(read: Laptop, tmp_path: Path) -> None:
    rows = VISITS.replace(",Europe/London,,", ",Europe/London,a.jones,").replace("j.smith", "b.brown")
    (tmp_path / "visits.csv").write_text(rows, encoding="utf-8")
    read.run()
    assert "Your name is not in the visits list." in _said(read)


def test_damaged_photos_are_spoken_of_for_a_fortnight(read: Laptop) -> None:
    def sent(days: float) -> None:
        last = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        read.look(lambda context: context.journal.set_fact(DAMAGED, json.dumps([2, last])))

    sent(days=1)
    assert "2 photos were sent, but they are damaged." in _said(read)
    sent(days=15)
    assert not any("damaged" in what for what in _said(read))


def test_a_record_that_was_not_published_is_no_alarm(read: Laptop) -> None:
    read.look(lambda context: context.journal.set_fact(UNPUBLISHED, "no space"))
    assert any("record" in what for what in _said(read))


def test_a_full_disk_is_said(read: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1)
    monkeypatch.setattr("agent.pipeline.problems.shutil.disk_usage", lambda _: usage)
    assert "This laptop’s disk is nearly full." in _said(read)


def test_the_worst_is_said_first(read: Laptop) -> None:
    why = json.dumps([6, "another host key", datetime.now(UTC).isoformat(), True])
    read.look(lambda context: context.journal.set_fact(SHARE_TROUBLE, why))
    first: Problem = read.look(worst)
    assert first.what.startswith("Stop:")
