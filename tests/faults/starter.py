"""The process that starts photo-agent for these tests: everything is imported once, each run is a fork of it.

A run is then what a run of the program is, a process of its own that can be killed, without the second that starting
Python and importing takes. It is asked by lines of JSON on standard input and answers each with one line; see
`tests.faults.starting` for the other end. The library of `preload.c` is in it, by LD_PRELOAD.
"""

import contextlib
import ctypes
import faulthandler
import gc
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from agent.cli import main
from agent.errors import AgentError
from agent.pipeline import context
from agent.pipeline.context import open_context, wall_clock
from agent.pipeline.events import Nobody
from agent.pipeline.lock import only_writer
from agent.pipeline.run import Run
from agent.settings import Settings, load
from agent.share import Server
from agent.share.memory import Disk, MemoryShare
from tests.faults.foldershare import FolderFiles
from tests.faults.starting import NOTHING_CODE


def start(asked: dict[str, Any]) -> int:
    """Fork; the child never returns."""
    child = os.fork()
    if child:
        return child
    os.setpgid(0, 0)
    code = NOTHING_CODE
    try:
        out = os.open(asked["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        faulthandler.register(signal.SIGUSR1, all_threads=True)
        os.environ.update(asked["environment"])
        if asked["timeout"] is not None:
            context.server_of = partial(impatient, context.server_of, asked["timeout"])
        arm(asked["plan"])
        code = by_command(asked["words"]) if asked["disk"] is None else in_memory(asked)
    except BaseException:  # noqa: BLE001  # into the run's output, where the test shows it
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(code)


def impatient(server_of: Callable[[Settings], Server], timeout: float, settings: Settings) -> Server:
    """The server of the settings; no answer is waited for longer than that."""
    return replace(server_of(settings), timeout=timeout)


def arm(plan: dict[str, Any]) -> None:
    """Tell the library which fault to cause."""
    library = ctypes.CDLL(None)
    trace = -1
    if plan["trace"]:
        trace = os.open(plan["trace"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    library.faults_arm.argtypes = (
        ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
    )  # fmt: skip
    library.faults_arm(os.fsencode(plan["below"]), plan["at"], plan["how"], plan["error"], trace, plan["clock_ahead"])


def by_command(words: list[str]) -> int:
    """`photo-agent WORDS`."""
    try:
        main(words)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def in_memory(asked: dict[str, Any]) -> int:
    """A run as `sync` does it, over a share in memory whose disk is a folder, and whose clock is right."""
    settings = load(Path(asked["config"]))
    disk = Disk(files=FolderFiles(Path(asked["disk"])))
    disk.free = asked.get("free")

    wrong = timedelta(seconds=asked["plan"]["clock_ahead"])

    def connect(*, delivering: bool = False) -> MemoryShare:  # as the real one is called
        return MemoryShare(disk, device=settings.device.name, clock=lambda: wall_clock() - wrong)

    roots = tuple(Path(root) for root in asked["roots"]) or settings.watch
    waited = timedelta()

    def clock() -> datetime:
        return wall_clock() + waited

    def sleep(seconds: float) -> None:
        nonlocal waited
        if seconds > 3600:
            raise RuntimeError(f"a run sleeps for {seconds:.0f} seconds")
        waited += timedelta(seconds=seconds)

    try:
        with only_writer(settings), open_context(settings, clock=clock, sleep=sleep, connect=connect) as opened:
            summary = Run(opened, roots, Nobody()).through()
            print(json.dumps(summary.as_json(), default=str))
            return int(summary.exit_code)
    except AgentError as fault:
        print(fault, file=sys.stderr)
        return int(fault.exit_code)


def wait(child: int, seconds: float) -> dict[str, Any]:
    """How it ended; a run that takes longer is killed and reported as hung."""
    descriptor = os.pidfd_open(child)
    try:
        hung = not select.select([descriptor], [], [], seconds)[0]
        if hung:
            os.kill(child, signal.SIGUSR1)  # where it stands
            time.sleep(1)
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(descriptor)
    _, status = os.waitpid(child, 0)
    if not hung:
        return {"code": os.waitstatus_to_exitcode(status), "hung": False}
    return {"code": -signal.SIGKILL, "hung": True}


def serve() -> None:
    """Until standard input ends."""
    answer = os.fdopen(os.dup(1), "w", encoding="ascii", buffering=1)
    gc.collect()
    gc.freeze()
    asks: dict[str, Callable[[dict[str, Any]], Any]] = {
        "start": start,
        "wait": lambda asked: wait(asked["child"], asked["seconds"]),
        "kill": lambda asked: os.kill(asked["child"], asked["signal"]),
    }
    answer.write(json.dumps([0, "ready"]) + "\n")
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        answer.write(json.dumps([asked["number"], asks[asked["do"]](asked)]) + "\n")
    answer.close()


if __name__ == "__main__":
    serve()
