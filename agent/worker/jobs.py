"""Other rooms' functions that run in a worker, because they parse files from an import folder.

Whoever makes a `Worker` lists them by their dotted names, and the child gets these at its start: so this room knows no
other, and a question cannot name any other function.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from agent.worker.wire import Fields

JobFunction = Callable[[Path, Fields], Fields]
"""From a file and a question to the answer; both are JSON objects. The caller gets a LocalFault that it raises."""


@dataclass(frozen=True, slots=True)
class Job:
    """`function` is a `JobFunction` by its dotted name, "agent.room.module:function".

    `decoding` says whether it decodes whole pictures, and so runs in the child that may use memory for that.
    """

    function: str
    decoding: bool = False


def imported(functions: Sequence[str]) -> dict[str, JobFunction]:
    """In the child, before its limits are set: those functions by their names."""
    return {function: _imported(function) for function in functions}


def _imported(function: str) -> JobFunction:
    module, _, name = function.partition(":")
    return cast("JobFunction", getattr(importlib.import_module(module), name))
