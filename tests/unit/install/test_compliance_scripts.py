"""What Intune and Jamf learn about a laptop: from the scripts themselves, if they can run here."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

COMPLIANCE = Path(__file__).resolve().parents[3] / "install" / "compliance"
PRIVATE = 'a \\"overdue\\": 7, \\"running\\": true.jpg'
"""A name that tries to be read as an answer, as JSON has it."""


def attribute(home: Path, status: str | None, place: str = ".local/bin") -> str:
    """What the Jamf script says if `photo-agent status --json` prints this; `usr/local/bin` is the package's place."""
    if status is not None:
        agent = home / place / "photo-agent"
        agent.parent.mkdir(parents=True, exist_ok=True)
        agent.write_text(f"#!/bin/sh\ncat <<'END'\n{status}\nEND\nexit 3\n")
        agent.chmod(0o755)
    script = (COMPLIANCE / "jamf-extension-attribute.sh").read_text("utf-8")
    script = script.replace('home=$(eval echo "~$user")', f"home='{home}'").replace('"" | root |', '"" |')
    script = script.replace("=/usr/local/bin/", f"='{home}'/usr/local/bin/")
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    environment = {**os.environ, "PHOTO_AGENT_USER": user}
    done = subprocess.run(["sh", "-s"], input=script, env=environment, capture_output=True, text=True, check=True)
    found = re.fullmatch(r"<result>(.*)</result>\n", done.stdout)
    assert found is not None, done.stdout + done.stderr
    return found[1]


def status(*, overdue: int = 0, refused: int = 0, code: int = 0, running: bool = True) -> str:
    """Output of `status --json`, with a misleading file name in the middle."""
    waiting = f'[{{"id": "1", "file": "{PRIVATE}"}}]'
    return (
        f'{{"counts": {{"review": 1, "refused": {refused}}}, "overdue": {overdue}, "waiting": {waiting}, '
        f'"exit_code": {code}, "service": {{"running": {json.dumps(running)}}}}}'
    )


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no sh")
def test_the_attribute_says_in_a_word_how_a_mac_stands(tmp_path: Path) -> None:
    assert attribute(tmp_path, None) == "not installed"
    assert attribute(tmp_path, status()) == "well"
    assert attribute(tmp_path, status(running=False)) == "not running"
    assert attribute(tmp_path, status(overdue=3, refused=2)) == "3 overdue"
    assert attribute(tmp_path, status(refused=2)) == "2 cannot be sent"
    assert attribute(tmp_path, status(code=6)) == "refused by the server"
    assert attribute(tmp_path, "Traceback") == "not known"


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no sh")
def test_the_attribute_finds_the_program_where_the_package_puts_it(tmp_path: Path) -> None:
    assert attribute(tmp_path, status(), "usr/local/bin") == "well"
    install = (COMPLIANCE.parent / "packages" / "macos" / "install.sh").read_text("utf-8")
    assert '"$root/usr/local/bin/photo-agent"' in install


def test_the_rules_judge_what_the_discovery_script_says() -> None:
    script = (COMPLIANCE / "intune-discover.ps1").read_text("utf-8")
    said = set(re.findall(r"^    (PhotoAgent\w+) +=", script, re.MULTILINE))
    rules = json.loads((COMPLIANCE / "intune-rules.json").read_text("utf-8"))["Rules"]
    assert {rule["SettingName"] for rule in rules} == said
    for rule in rules:
        assert rule["Operator"] == "IsEquals"
        assert rule["DataType"] == ("Boolean" if isinstance(rule["Operand"], bool) else "Int64")
        assert {"Language", "Title", "Description"} == set(rule["RemediationStrings"][0])


def test_what_the_scripts_read_is_what_status_prints() -> None:
    from agent.journal import State

    script = (COMPLIANCE / "intune-discover.ps1").read_text("utf-8")
    command = (COMPLIANCE.parents[1] / "agent" / "cli" / "status.py").read_text("utf-8")
    for path in re.findall(r"\$status\.([\w.]+)", script):
        first, _, rest = path.partition(".")
        assert f'"{first}": ' in command
        assert not rest or f'"{rest}": ' in command or rest in {state.value for state in State}
    assert all(name in command for name in ('"overdue"', '"exit_code"', '"running"', '"counts"'))
