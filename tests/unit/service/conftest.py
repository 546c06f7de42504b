"""A launch to write down, paths that are hard to write down, and stand-ins for other systems' tools.

launchctl and schtasks exist on one system each. What stands in for them here is a program that keeps note of what it
was asked and answers as a small state machine: it shows that the right questions come in the right order, no more.
"""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.service import Launch

AWKWARD = (
    "/home/a b/agent.toml",
    "/home/50%/%h/agent.toml",
    '/home/"quoted"/agent.toml',
    "/home/it's/agent.toml",
    "/home/back\\slash/agent.toml",
    "/home/$HOME/${x}/agent.toml",
    "/home/zoë/писмо/📷/agent.toml",
    "/home/a;b/&<>]]>/agent.toml",
    "/home/#x/agent.toml ",
)


@pytest.fixture(params=AWKWARD)
def awkward(request: pytest.FixtureRequest) -> Launch:
    """A launch with a path that some format must escape."""
    drive = "C:" if sys.platform == "win32" else ""
    return Launch((sys.executable, "-P", "-m", "agent.cli"), Path(drive + request.param))


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """A launch as usual."""
    return Launch((sys.executable, "-P", "-m", "agent.cli"), tmp_path / "agent.toml", tmp_path / "log")


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts a shell script on the PATH under a tool's name; returns where its calls are noted, one a line."""
    if sys.platform == "win32":
        pytest.skip("the stand-ins are shell scripts")
    folder, notes = tmp_path / "tools", tmp_path / "calls"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def _stand_in(name: str, script: str) -> Path:
        tool = folder / name
        tool.write_text(f'#!/bin/sh\ncd "{tmp_path}"\necho "$@" >> "{notes}"\n{script}\n')
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        return notes

    return _stand_in
