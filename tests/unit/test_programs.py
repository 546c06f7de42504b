"""The tests' own way to run photo-agent: a fork behaves as the program that Python was started for."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.capture import PhotoReader
from agent.pipeline.jobs import JOBS
from agent.worker import Worker
from tests import forks, programs
from tests.laptop import ON_VISIT, jpeg

NOW = datetime(2026, 6, 1, tzinfo=UTC)

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
    assert forks.can_stand_for_a_new_process(os.environ)
    assert not forks.can_stand_for_a_new_process({**os.environ, name: "x"})


def test_a_worker_that_is_a_fork_is_as_one_that_python_was_started_for(tmp_path: Path) -> None:
    photo = tmp_path / "a photo.jpg"
    photo.write_bytes(jpeg(ON_VISIT))
    with Worker(JOBS) as forked:
        by_fork = asked_everything(forked, photo)
    with forks.started_afresh(), Worker(JOBS) as started:
        assert asked_everything(started, photo) == by_fork


def test_a_worker_of_the_tests_own_process_is_a_fork(tmp_path: Path) -> None:
    with Worker(JOBS) as worker:
        worker.imposed()
        (process,) = worker.process_ids
        parent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1]
        assert "tests.programstarter" in Path(f"/proc/{parent}/cmdline").read_text()


@pytest.mark.parametrize("name", ["SIGKILL", "SIGXCPU"])
def test_a_worker_that_is_a_fork_is_seen_to_end_by_a_signal(name: str) -> None:
    how = signal.Signals[name]  # Windows, which reads this file too, has neither
    process, questions, answers = forks.forked_child(None, "agent.worker.serve", ["1000000", "1", "1"])
    with questions, answers:
        answers.readline()
        os.kill(process.pid, how)
        assert process.wait(10) == -how
        process.kill()
        assert process.returncode == -how


def test_a_worker_that_is_a_fork_ends_with_its_pipe() -> None:
    process, questions, answers = forks.forked_child(None, "agent.worker.serve", ["1000000", "1", "1"])
    with answers:
        questions.close()
        assert process.wait(10) == 0


def asked_everything(worker: Worker, photo: Path) -> list[object]:
    """What a worker says of its limits and of a photo, and what the system says of it."""
    said: list[object] = [worker.imposed()]
    (process,) = worker.process_ids
    table = Path("/proc") / str(process)
    said.append(PhotoReader(worker).read(photo, now=NOW))
    status = dict(line.split(":\t", 1) for line in (table / "status").read_text().splitlines())
    said += [status[name] for name in ("SigIgn", "SigBlk", "SigCgt", "Threads", "Uid", "Umask")]
    limits = [line for line in (table / "limits").read_text().splitlines() if not line.startswith("Max address")]
    descriptors = sorted(int(found.name) for found in (table / "fd").iterdir())
    return [*said, limits, descriptors, os.getpgid(process) == process, (table / "cwd").readlink()]
