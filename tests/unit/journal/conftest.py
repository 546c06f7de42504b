"""A journal in a folder, whose photos are numbered from 00000001."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    numbers = itertools.count(1)
    with Journal.open(path, token=lambda: f"{next(numbers):08x}") as opened:
        yield opened
