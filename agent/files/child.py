"""Starting a child process of this program, with a pipe each way."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import agent


def start_child(module: str, arguments: Sequence[str] = ()) -> tuple["subprocess.Popen[bytes]", IO[bytes], IO[bytes]]:
    """`python -m module`, of this very program, with the pipe to it and the pipe from it; both are buffered.

    Ctrl-C does not reach it, it has no window on Windows, and it prints nothing to the terminal. It writes no bytecode:
    it may be about to give up writing files. OSError if it cannot be started.
    """
    apart: dict[str, int] = {"process_group": 0}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  # this Python, this program
        [sys.executable, "-P", "-B", "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        **apart,  # type: ignore[call-overload]  # each system takes its own
    )
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes")
    return process, process.stdin, process.stdout


def environment() -> dict[str, str]:
    """This process's own, with this program where Python looks for modules."""
    here = str(Path(agent.__file__).resolve().parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])}
