"""Commands that take a file are given a pipe that nobody writes to, and a device without an end: they end at once."""

import os
import sys
from pathlib import Path

import pytest

from agent.cli import main
from tests.laptop import Laptop

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices have no such names there"),
    pytest.mark.timeout(30),
]

COMMANDS = [
    ("untag", "FILE", "-o", "OUT"),
    ("explain", "FILE"),
    ("visits", "check", "FILE"),
    ("visits", "check", "CONFIG", "--cameras", "FILE"),
    ("config", "validate", "FILE"),
    ("--config", "FILE", "status"),
    ("log", "show", "--key", "FILE", "FOLDER"),
    ("log", "verify", "--key", "FILE", "FOLDER"),
    ("log", "verify", "--seen", "FILE"),
    ("witness", "--keys", "FILE", "FOLDER"),
    ("review", "undo", "FILE"),
    ("cameras", "clock", "FILE"),
    ("cameras", "list", "--seen", "FILE"),
    ("sync", "--dry-run", "FILE"),
    ("index", "FOLDER", "--keys", "FILE", "--to", "OUT"),
    ("report", "FOLDER", "--keys", "FILE", "--out", "OUT"),
    ("report", "FOLDER", "--keys", "KEYS", "--out", "OUT", "--retention", "FILE"),
    ("report", "FOLDER", "--keys", "KEYS", "--out", "OUT", "--sign", "FILE"),
    ("spot-check", "draw", "FOLDER", "--keys", "FILE", "--seed", "x", "--sample", "1", "--out", "OUT"),
    ("spot-check", "draw", "FOLDER", "--keys", "KEYS", "--reveal", "FILE", "--out", "OUT"),
    ("spot-check", "examine", "FILE", "FOLDER", "--keys", "KEYS"),
]


@pytest.mark.parametrize("what", ["pipe", "device"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_given_what_is_no_file_ends_at_once(
    laptop: Laptop, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], what: str
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    keys = tmp_path / "keys"
    keys.write_bytes(b"")
    named = {
        "KEYS": str(keys),
        "FILE": str(pipe) if what == "pipe" else "/dev/zero",
        "OUT": str(tmp_path / "out"),
        "CONFIG": str(laptop.config),
        "FOLDER": str(tmp_path),
    }
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(laptop.config), *(named.get(word, word) for word in words)])
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert not (tmp_path / "out").exists()
    if words[0] not in {"explain", "cameras"}:  # these say of each file how it stands
        assert ended.value.code in {2, 3}, shown.err
