"""Functions that a worker takes in as jobs: well-behaved ones, and such as a hostile file would make of them."""

import os
from pathlib import Path

from agent.errors import LocalFault
from agent.worker.wire import Fields


def tell(path: Path, asked: Fields) -> Fields:
    return {"process": os.getpid(), "size": path.stat().st_size, "asked": asked}


def refuse(path: Path, asked: Fields) -> Fields:
    raise LocalFault("not this one")


def die(path: Path, asked: Fields) -> Fields:
    if path.name.startswith("deadly"):
        os._exit(9)
    return {}


def tell_or_die(path: Path, asked: Fields) -> Fields:
    return {**tell(path, asked), **die(path, asked)}


def fill(path: Path, asked: Fields) -> Fields:
    return {"size": len(bytearray(asked["bytes"]))}  # type: ignore[call-overload]  # a number


def chatter(path: Path, asked: Fields) -> Fields:
    """Acts as a file that has taken over the worker: sends more and more lines to its reader."""
    while True:
        for pipe in range(3, 12):
            try:
                os.write(pipe, b'{"answer":{"process":1}}\n' * 1000)
            except OSError:
                continue
