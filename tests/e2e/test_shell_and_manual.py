"""Completion by Tab and the man page are made from the commands: nothing is missing, and shells and man take them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from agent import __version__
from agent.cli import COMMANDS, cli
from agent.cli.manual import manual


def every_command(group: click.Group, path: str = "photo-agent") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if not command.hidden:
            yield f"{path} {name}", command
            if isinstance(command, click.Group):
                yield from every_command(command, f"{path} {name}")


def test_the_man_page_has_every_command_and_every_option_that_is_shown() -> None:
    page = manual(cli, __version__).replace("\\-", "-")
    for path, command in every_command(cli):
        assert f".SS {path}" in page
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.opts[0] in page, f"{path} {option.opts[0]}"


def test_man_reads_the_page_without_a_complaint(tmp_path: Path) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed here")
    page = tmp_path / "photo-agent.1"
    page.write_text(manual(cli, __version__), "utf-8")
    assert page.read_text("utf-8").isascii()
    done = subprocess.run(
        [groff, "-man", "-Tutf8", "-wmac", "-Wbreak", "-z", page], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_line_that_begins_with_a_dot_is_text_and_no_macro() -> None:
    group = click.Group("x", help=".so /etc/passwd\n\n'quoted' \\fBbold")
    page = manual(group, "1")
    assert not any(line.startswith((".so", "'")) for line in page.splitlines())
    assert "\\efBbold" in page


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_takes_its_completion(shell: str, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "agent.cli", "shell", "completion", shell]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "photo-agent" in done.stdout
    program = shutil.which(shell)
    if program is not None:
        script = tmp_path / "completion"
        script.write_text(done.stdout)
        assert subprocess.run([program, "-n", script], check=False).returncode == 0


def test_tab_completes_commands_and_their_options() -> None:
    def completed(*words: str) -> list[str]:
        surroundings = {
            "_PHOTO_AGENT_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("photo-agent", *words)),
            "COMP_CWORD": str(len(words)),
        }
        line = [sys.executable, "-m", "agent.cli"]
        done = subprocess.run(line, capture_output=True, text=True, check=False, env=surroundings)
        return [one.partition(",")[2] for one in done.stdout.split()]

    assert completed("rev") == ["review"]
    assert completed("review", "as") == ["assign"]
    assert "--all-like" in completed("review", "assign", "--a")
    assert {"open", "sync"} <= set(COMMANDS)
