"""A laptop and a real OpenSSH server for each test."""

from pathlib import Path

import pytest

from tests.e2e.trip import trip  # noqa: F401  # a fixture, for the modules beside this one
from tests.laptop import Laptop
from tests.servers.fixtures import sshd  # noqa: F401  # the fixture behind `laptop`
from tests.servers.openssh import OpenSSH


@pytest.hookimpl(tryfirst=True)  # before xdist asks for the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that look at the one trip run in one process: to make it takes seconds."""
    for item in items:
        if item.nodeid.startswith("tests/e2e/") and "trip" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("the trip"))


@pytest.fixture
def laptop(sshd: OpenSSH, tmp_path: Path) -> Laptop:  # noqa: F811  # the fixture imported above
    """Set up, its register on the share, its import folder empty."""
    return Laptop(tmp_path / "laptop", sshd)
