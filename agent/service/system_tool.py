"""Calling a system's own tool (systemctl, launchctl, schtasks), with a time limit and with untranslated output."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from agent.errors import AgentError, UsageError

SECONDS = 150
"""Longer than a service may take to end (systemd.py, launchd.py), so that stopping it is not interrupted."""

_ENCODING = "oem" if sys.platform == "win32" else None
"""Windows' console tools write the console's old code page, not the one that Python uses for text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A tool's output, and whether it succeeded."""

    code: int
    output: str
    errors: str

    @property
    def words(self) -> str:
        """Its output on either channel, on one line, for a message."""
        return " ".join((self.errors.strip() or self.output.strip() or f"exit code {self.code}").split())


def ask(command: Sequence[str], seconds: float = SECONDS) -> Answer:
    """Run a tool and return how it ended. UsageError if this system does not have it; AgentError if it hangs."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW  # the service has no console, and its tools must not open one
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, its arguments as a list
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding=_ENCODING,
            errors="replace",
            timeout=seconds,
            check=False,
            env={**os.environ, "LC_ALL": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"},
            creationflags=flags,
        )
    except FileNotFoundError as fault:
        raise UsageError(
            f"This system does not have {command[0]}, so the service cannot be set up to start at log-in. "
            "Start `photo-agent run` by hand, or let your desktop start it."
        ) from fault
    except OSError as fault:
        raise AgentError(f"{command[0]} could not be started: {fault.strerror or fault}.") from fault
    except subprocess.TimeoutExpired as fault:
        raise AgentError(f"{command[0]} did not answer within {seconds:g} s. Try again, or log out and in.") from fault
    return Answer(done.returncode, done.stdout, done.stderr)


def run_or_raise(command: Sequence[str], purpose: str, seconds: float = SECONDS) -> str:
    """Run a tool that must succeed and return its output; AgentError with that output if it does not."""
    answer = ask(command, seconds)
    if answer.code != 0:
        raise AgentError(f"Could not {purpose}: {command[0]} said: {answer.words}")
    return answer.output
