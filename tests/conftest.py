"""What tests of all packages share: where the corpus is, and that it may be missing."""

import gc
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import forks

# How long one example takes says how busy the machine is, and fsync with it: no test is about that. What hangs is ended
# by pytest's own timeout.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

HERE = Path(__file__).resolve()
SHARED = Path(
    os.environ.get("PHOTO_AGENT_SHARED")
    or next((up / "shared" for up in HERE.parents[2:4] if (up / "shared").is_dir()), HERE.parents[2] / "shared")
)
"""Inputs that no test changes: `../shared` beside the project (or beside a folder of its worktrees), or as said."""


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So a shell starts what is to run in the background, and every program that a test starts would not hear Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.umask(0o022)  # tests become other users, who are to be able to read what was made for them

forks.use_for_workers()

gc.disable()  # until all tests are collected: their objects stay to the end, and looking through them takes long


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Where the tests run in several processes, one starter serves all."""
    if sys.platform == "linux":
        node.workerinput["starter"] = forks.address()


def pytest_configure(config: pytest.Config) -> None:
    """Such a process is given its address."""
    if at := getattr(config, "workerinput", {}).get("starter"):
        forks.use(at)


WAITING = 0.85
"""In which part of a run in several processes the tests that start servers are spread. Then come only unit tests."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In several processes, mix the tests that wait with those that compute, file by file: so no processor is idle."""
    if not hasattr(config, "workerinput"):
        return
    files: dict[str, dict[Path, list[pytest.Item]]] = {}
    for item in items:
        tier = "/".join(item.nodeid.split("/")[:2])
        files.setdefault(tier, {}).setdefault(item.path, []).append(item)
    placed: list[tuple[float, list[pytest.Item]]] = []
    for tier, its in files.items():
        count, before = sum(map(len, its.values())), 0
        for tests in its.values():
            placed.append((before / count * (1 if tier == "tests/unit" else WAITING), tests))
            before += len(tests)
    items[:] = [item for _, tests in sorted(placed, key=lambda one: one[0]) for item in tests]


def pytest_collection_finish() -> None:
    """From here on there is garbage to collect; the tests themselves are none, and are not looked through for it."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """Of `--dist loadgroup`: one that goes on if a process dies."""
    if config.getoption("dist") != "loadgroup":
        return None
    from tests.dead_workers import Rest

    return Rest(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Short names for long parameters, and the same in every process: bytes made for a test may hold the time."""
    if isinstance(val, bytes):
        return argname
    if isinstance(val, str) and len(val) > 60:
        return f"{argname}: {val[:60]}"
    return None


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of photos that no one here made."""
    folder = SHARED / "corpus"
    if not (folder / "truth.jsonl").is_file():
        pytest.skip("the corpus of other people's photos (../shared/corpus) is not on this machine")
    return folder


@pytest.fixture(scope="session")
def truth(corpus: Path) -> list[dict[str, Any]]:
    """What ExifTool reads from each file of the corpus: dicts with `path`, `type`, `date_time_original`, …"""
    return [json.loads(line) for line in (corpus / "truth.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of photos that other importers are known to judge wrongly, with a README of the right answers."""
    folder = SHARED / "cases" / "photos"
    if not (folder / "README.md").is_file():
        pytest.skip("the cases of photos (../shared/cases/photos) are not on this machine")
    return folder


@pytest.fixture
def workers_afresh() -> Iterator[None]:
    """For tests of the worker itself: Python is started for each, as the program does it."""
    with forks.started_afresh():
        yield
