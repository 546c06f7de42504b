"""The tests' own way to run photo-agent: a fork behaves as the program that Python was started for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import programs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Python is started for each run")


@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], ["staus"], ["sync", "--nonsense"], ["config", "show"], ["config", "schema"]]
)
def test_a_fork_says_and_returns_what_the_program_does(words: list[str], tmp_path: Path) -> None:
    home = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "none")}
    forked, started = (programs.photo_agent(words, home, afresh=afresh) for afresh in (False, True))
    assert (forked.returncode, forked.stdout, forked.stderr) == (started.returncode, started.stdout, started.stderr)


def test_each_run_has_its_own_folder_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "agent.toml").write_text(f"[unknown-{name}]\n")
        monkeypatch.chdir(tmp_path / name)
        assert f"unknown-{name}" in programs.photo_agent(["--config", "agent.toml", "status"], os.environ).stderr
        named = {**os.environ, "PHOTO_AGENT_CONFIG": str(tmp_path / name / "agent.toml")}
        monkeypatch.chdir(tmp_path)
        assert f"unknown-{name}" in programs.photo_agent(["status"], named).stderr


def test_a_run_that_takes_too_long_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        programs.photo_agent(["demo"], os.environ, timeout=0.01)
    assert programs.photo_agent(["--version"], os.environ).returncode == 0, "the next one starts"


@pytest.mark.parametrize("name", ["PYTHONWARNINGS", "LC_ALL", "LD_PRELOAD"])
def test_python_is_started_where_it_would_read_something_else(name: str) -> None:
    assert programs._can_fork(dict(programs._starter().environment))
    assert not programs._can_fork({**programs._starter().environment, name: "x"})
