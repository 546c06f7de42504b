"""One process that starts runs, for all tests of a worker; a real server for each test; what passed before is left
out of a long run that goes on.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.resuming import Passed
from tests.faults.starting import Starter, why_not
from tests.servers.fixtures import sshd  # noqa: F401  # the fixture that tests ask for by name

PASSED = os.environ.get("PHOTO_AGENT_FAULTS_PASSED")


def pytest_configure(config: pytest.Config) -> None:
    """Note what passes, in the one process that hears of every test."""
    if PASSED is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Noting(Passed.from_text(PASSED)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what has passed before."""
    if PASSED is not None:
        names = Passed.from_text(PASSED).names()
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in names])
        items[:] = [item for item in items if item.nodeid not in names]


class Noting:
    """A test has passed if all three of its parts have: what it needs was made, it ran, and all was cleared up."""

    def __init__(self, passed: Passed) -> None:
        self.passed = passed
        self.ran: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One part of one test is over."""
        if report.when == "call" and report.passed:
            self.ran.add(report.nodeid)
        elif report.when == "teardown" and report.passed and report.nodeid in self.ran:
            self.passed.add([report.nodeid])


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    """Starts photo-agent with faults in it."""
    if reason := why_not():
        pytest.skip(reason)
    with Starter() as running:
        yield running


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Path]:
    """New homes for laptops, one after the other."""

    def make() -> Iterator[Path]:
        number = 0
        while True:
            number += 1
            yield tmp_path / f"home-{number}"

    return make()
