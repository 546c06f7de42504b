"""Commands that are given what they cannot use: exit code 2, and a line that says what it was. In this process."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.cli import main
from tests.laptop import VISITS, Laptop
from tests.unit.record.logkeys import key_of

Run = Callable[..., tuple[object, str]]

NEEDS_SETTINGS = [
    *("doctor", "sync", "status", "run", "review list", "review dismiss", "visits list", "visits accept"),
    *("cameras list", "log show", "log verify", "log key", "inspect", "attest museum", "open --json", "config show"),
    *("config validate", "config set share.port 22", "service status"),
]

WRONG = {
    "explain EMPTY": "The name is empty",
    "sync EMPTY": "The name is empty",
    "untag REGISTER -o EMPTY": "The name is empty",
    "demo --keep EMPTY": "The name is empty",
    "demo --keep REGISTER": "is a file",
    "demo --keep REGISTER/x": "cannot be used",
    "report FOLDER --keys KEYS --out EMPTY": "The name is empty",
    "index FOLDER --keys KEYS --to EMPTY": "is not a folder",
    "index FOLDER --keys KEYS --to REGISTER": "is not a folder",
    "visits check REGISTER --timezone Europe/Nowhere": "no time zone 'Europe/Nowhere'",
    "report FOLDER --keys KEYS --out OUT --timezone Europe": "no time zone 'Europe'",
    "doctor --server-report REGISTER/x": "cannot be written",
    "visits list --json": "has not read the register yet",
    "cameras list --json": "has not read the register yet",
    "explain OUT": "There is no file",
    "log show --since yesterday": "nor a moment such as 2026-03-14T09:00 (this date cannot be read).",
    "witness FOLDER --keys KEYS --state REGISTER/x": "Name another one with --state",
}


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    """Set up, with a register that it has not read, and no server that would answer."""
    (tmp_path / "share").mkdir()
    server: Any = SimpleNamespace(host="127.0.0.1", port=9, user="laptop-17", root="/", disk=tmp_path / "share")
    server.key_file, server.known_hosts_file = tmp_path / "key", tmp_path / "known_hosts"
    made = Laptop(tmp_path / "laptop", server)
    (tmp_path / "visits.csv").write_text(VISITS, encoding="utf-8")
    made.configure(register={"visits": str(tmp_path / "visits.csv")})
    return made


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command line in this process: its exit code, and what it says to the person."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("PHOTO_AGENT_CONFIG", raising=False)
    (tmp_path / "keys").write_text(f"{key_of('laptop-17').key}\n")
    (tmp_path / "folder" / "record").mkdir(parents=True)
    named = {"REGISTER": "visits.csv", "REGISTER/x": "visits.csv/x", "KEYS": "keys", "FOLDER": "folder", "OUT": "out"}
    words = {"EMPTY": ""} | {word: str(tmp_path / name) for word, name in named.items()}

    def ran(line: str, *before: str) -> tuple[object, str]:
        with pytest.raises(SystemExit) as ended:
            main([*before, *(words.get(word, word) for word in line.split())])
        return ended.value.code, capsys.readouterr().err

    return ran


@pytest.mark.parametrize("line", NEEDS_SETTINGS)
def test_without_settings_a_command_says_how_to_make_them(run: Run, line: str) -> None:
    code, said = run(line)
    assert code == 2
    assert "photo-agent init" in said


@pytest.mark.parametrize("line", WRONG)
def test_what_a_command_cannot_use_is_named_and_ends_it_with_2(
    laptop: Laptop, run: Run, tmp_path: Path, line: str
) -> None:
    before = sorted(tmp_path.iterdir())
    code, said = run(line, "--config", str(laptop.config))
    assert code == 2, said
    assert WRONG[line] in said
    assert sorted(tmp_path.iterdir()) == before, "nothing was made"
