"""Other rooms' functions that run in a worker, because they take apart what an import folder holds.

Whoever makes a `Worker` says which by their dotted names, and the child gets these at its start: so this room knows no
other, and no question can name a function of its own choosing.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from agent.worker.wire import Fields

JobFunction = Callable[[Path, Fields], Fields]
"""From a file and what is asked of it to the answer; both are objects of JSON. LocalFault from it reaches the asker."""


@dataclass(frozen=True, slots=True)
class Job:
    """`function` is a `JobFunction` by its dotted name, "agent.room.module:function".

    `decoding` says whether it decodes whole pictures, and so runs in the child that may take memory for that.
    """

    function: str
    decoding: bool = False


def imported(functions: Sequence[str]) -> dict[str, JobFunction]:
    """In the child, before its limits are set: those functions by their names."""
    return {function: _imported(function) for function in functions}


def _imported(function: str) -> JobFunction:
    module, _, name = function.partition(":")
    return cast("JobFunction", getattr(importlib.import_module(module), name))
