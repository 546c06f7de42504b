"""One trip, and the laptop after it, for tests that only read the result."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.laptop import ON_VISIT, PRIVATE, VISITS, Laptop, minutes
from tests.servers.openssh import OpenSSH, why_not

FORMULA = "-2026-museum"
"""A visit's id that a spreadsheet would take for a formula."""


@dataclass
class Trip:
    """The laptop after `sync`, which answered `sync`: three sent, one private, two held, one empty file."""

    laptop: Laptop
    sync: subprocess.CompletedProcess[str]

    def lines(self, *words: str | Path, code: int = 0) -> list[dict[str, Any]]:
        """What the command prints with --json: one object per line, and nothing else."""
        done = self.laptop.command(*words, "--json")
        assert done.returncode == code, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trip]:
    if reason := why_not():
        pytest.skip(reason)
    with OpenSSH() as server:
        laptop = Laptop(tmp_path_factory.mktemp("trip") / "laptop", server)
        laptop.register(VISITS.replace("museum,", f"{FORMULA},"))
        for n in range(3):
            laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n)
        laptop.photo("home.jpg", PRIVATE)
        laptop.photo("undated.jpg", None, seed=5)
        laptop.photo("edge.jpg", ON_VISIT.replace(hour=16, minute=30, second=0), seed=6)
        laptop.file("empty.jpg", b"")
        yield Trip(laptop, laptop.command("sync", "--json", afresh=True))
