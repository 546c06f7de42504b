"""A report made of small records."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.audit import read_keys
from agent.audit.report import Asked, Clock, Made, make_report
from tests.schoolrecords import School

NOW = datetime(2026, 3, 19, 7, 30, tzinfo=UTC)


@pytest.fixture
def school(tmp_path: Path) -> School:
    """A share without records yet."""
    made = School(tmp_path, NOW)
    (made.share / "visits").mkdir(parents=True)
    return made


@pytest.fixture
def asked() -> Asked:
    return Asked(NOW, Clock(UTC, "UTC"), silence=timedelta(days=3))


@pytest.fixture
def report(school: School, asked: Asked) -> Callable[..., Made]:
    """Make the report in `out`, next to the share."""

    def make(*, mhl: bool = False, **more: Any) -> Made:
        keys = read_keys(school.keys.read_text("utf-8"))
        return make_report(school.share, keys, school.home / "out", replace(asked, **more), mhl=mhl)

    return make
