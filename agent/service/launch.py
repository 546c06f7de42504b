"""The command that is started at log-in: the program, its settings file, and where it may log."""

import sys
from dataclasses import dataclass
from pathlib import Path

from agent.errors import UsageError

NAME = "visit-photo-agent"
DESCRIPTION = "Moves the photos of school visits to the school's share"
RESTART_SECONDS = 60
"""Seconds between a crash and the next start, on every system. The number of starts is not limited: a visit photo must
not wait for the next log-in because a network share was away for an hour, and one start a minute costs little."""


@dataclass(frozen=True, slots=True)
class Launch:
    """The command to start.

    `command` starts the program, without arguments of its own: `this_program()`. `config` is its settings file, None
    for the usual place. `log_dir` is where launchd puts the program's output; the others do not need it.
    Only absolute paths are allowed, since the folder in which a service starts is not known; UsageError otherwise, and
    for text that a service file cannot contain (a NUL, a line break, a file name that is not valid Unicode).
    """

    command: tuple[str, ...]
    config: Path | None = None
    log_dir: Path | None = None

    def __post_init__(self) -> None:
        for path in (Path(self.command[0]), self.config, self.log_dir):
            if path is not None and not path.is_absolute():
                raise UsageError(f"A service needs full paths, and this is not a full path: {path}")
        for part in self.line:
            if any(character < " " or 0xD800 <= ord(character) <= 0xDFFF for character in part):
                raise UsageError(f"A service cannot be started by a path with control characters in it: {part!r}")

    @property
    def line(self) -> tuple[str, ...]:
        """The whole command line."""
        settings = () if self.config is None else ("--config", str(self.config))
        return (*self.command, *settings, "run")


def this_program() -> tuple[str, ...]:
    """The command that started the running program, which still works after an upgrade in place.

    The virtual environment's interpreter and a module, rather than the `photo-agent` script: on Windows the script is
    an .exe that opens a console window, and pip cannot replace it while it runs. With -P, the folder in which the
    service happens to start is not searched for modules.
    """
    interpreter = Path(sys.executable)
    if sys.platform == "win32" and (windowless := interpreter.with_name("pythonw.exe")).is_file():
        interpreter = windowless
    return (str(interpreter), "-P", "-m", "agent.cli")
