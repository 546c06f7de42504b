"""Commands start at once: what a command does not need is not imported for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.laptop import Laptop

HEAVY = {"paramiko", "cryptography", "asyncssh", "asyncio", "PIL", "piexif", "watchdog", "icalendar", "defusedxml"}
SHOWN = """
import json, sys
from agent.cli import main
try:
    main(json.loads(sys.argv[1]))
finally:
    names = {name.partition(".")[0] for name in sys.modules} | {name for name in sys.modules if name[:6] == "agent."}
    print(json.dumps(sorted(names)), file=sys.stderr)
"""


def imported(laptop: Laptop, *words: str) -> set[str]:
    """Modules imported by the end of the command: top-level ones, and all of this program's own."""
    line = [sys.executable, "-c", SHOWN, json.dumps(["--config", str(laptop.config), *words])]
    done = subprocess.run(line, capture_output=True, text=True, env=laptop.environment, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_help_imports_the_command_line_and_nothing_else(laptop: Laptop) -> None:
    names = imported(laptop, "--help")
    assert not names & (HEAVY | {"rich", "pydantic", "sqlite3", "filelock", "platformdirs"})
    assert {name for name in names if name.startswith("agent.")} == {
        "agent.cli",
        "agent.cli.crash",
        "agent.errors",
    }


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("review", "list"),
        ("visits", "list"),
        ("cameras", "list"),
        ("log", "show", "--json"),
        ("config", "show"),
    ],
)
def test_what_only_reads_here_loads_nothing_of_ssh_pictures_or_watching(laptop: Laptop, words: tuple[str, ...]) -> None:
    assert not imported(laptop, *words) & HEAVY


def test_a_status_that_fits_on_a_few_lines_does_not_load_the_tables(laptop: Laptop) -> None:
    assert "rich" not in imported(laptop, "status")


@pytest.mark.parametrize(("words", "seconds"), [(("--help",), 0.3), (("status",), 0.5)])
def test_an_answer_comes_at_once(laptop: Laptop, words: tuple[str, ...], seconds: float) -> None:
    """Processor time, which a busy machine does not lengthen; the best of three."""
    assert min(cpu_seconds(laptop, *words) for _ in range(3)) < seconds


def cpu_seconds(laptop: Laptop, *words: str | Path) -> float:
    before = os.times()
    assert laptop.command(*words).returncode == 0
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
