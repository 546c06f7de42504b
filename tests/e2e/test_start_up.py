"""Commands start at once: what a command does not need is not imported for it."""

import json
import subprocess
import sys

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
    done = subprocess.run(line, capture_output=True, text=True, env=laptop.environment, check=False)
    assert done.returncode in {0, 2}, done.stderr  # 2: this laptop has not read a register yet
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
