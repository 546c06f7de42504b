"""A school with two laptops, four photos each, on a machine of IT's that has no settings."""

from datetime import datetime
from pathlib import Path

import pytest

from tests.unit.spotcheck.school import School

AT_THE_FARM = datetime(2026, 3, 20, 10, 0)  # noqa: DTZ001  # what a camera's clock shows


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> School:
    monkeypatch.setattr("agent.cli.spotcheck.LOOK_AGAIN", 0)  # nobody publishes meanwhile
    monkeypatch.delenv("PHOTO_AGENT_CONFIG", raising=False)
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    made = School(tmp_path)
    made.device("laptop-1")
    made.device("laptop-2", "a.jones")
    for number in range(4):
        made.send("laptop-1", number)
        made.send("laptop-2", 10 + number, **({} if number else {"taken": AT_THE_FARM, "visit": "farm"}))  # type: ignore[arg-type]
    made.publish()
    return made
