"""A school's server with two enrolled laptops, each with a user of its own: a hostile one and an honest one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.devices.attacking import clear, laptop_of
from tests.laptop import Laptop
from tests.servers.school import Account, School, school  # noqa: F401  # the fixture that tests ask for by name


@pytest.fixture(scope="module")
def hostile(school: School) -> Account:  # noqa: F811  # the fixture imported above
    return school.add("Laptop-A")


@pytest.fixture(scope="module")
def honest(school: School) -> Account:  # noqa: F811
    return school.add("Laptop-B")


@pytest.fixture
def visit(school: School) -> Iterator[str]:  # noqa: F811
    """A visit for which nobody has sent anything yet."""
    name = f"visit-{os.urandom(4).hex()}"
    yield name
    shutil.rmtree(school.visits / name, ignore_errors=True)


@pytest.fixture
def laptop(school: School, honest: Account, tmp_path: Path) -> Iterator[Laptop]:  # noqa: F811
    """The honest laptop with the whole program."""
    yield laptop_of(honest, tmp_path / "b")
    clear(school)
