"""A home folder of the test's own, and agent.toml files in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.settings import new_file


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home folder, away from the real one; the configuration folders go with it."""
    folder = tmp_path / "home"
    folder.mkdir()
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(folder))
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "PHOTO_AGENT_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "machine"))
    # platformdirs' own way to move Windows' folders, which no variable of Windows itself moves.
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(folder / "AppData" / "Local"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_COMMON_APPDATA", str(tmp_path / "machine"))
    return folder


@pytest.fixture
def good() -> str:
    """An agent.toml with only what must be given."""
    return new_file(
        staff="j.smith",
        watch=("~/Pictures/Camera Imports",),
        host="photos.school.example",
        user="laptop-17",
        timezone="Europe/London",
    )


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Writes an agent.toml and says where."""

    def _write(content: str | bytes) -> Path:
        path = tmp_path / "agent.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write
