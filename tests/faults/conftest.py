"""One process that starts runs, for all tests of a worker; a real server for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.starting import Starter, why_not
from tests.servers.fixtures import sshd  # noqa: F401  # the fixture that tests ask for by name


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
