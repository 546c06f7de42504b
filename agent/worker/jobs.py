"""Other rooms' functions that run in a worker, because they too take apart what an import folder holds.

Whoever makes a `CaptureWorker` says which by their dotted names, and the worker is told at its start: so this room
knows no other, and no question can name a function of its own choosing.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from agent.worker.wire import Fields

Answering = Callable[[Path, Fields], Fields]
"""From a file and what is asked of it to the answer; both are objects of JSON. LocalFault from it reaches the asker."""


@dataclass(frozen=True, slots=True)
class Job:
    """`function` is an `Answering` by its dotted name, "agent.room.module:function".

    `decoding` says whether it decodes whole pictures, and so runs in the worker that may take memory for that.
    """

    function: str
    decoding: bool = False


def invited(functions: Sequence[str]) -> dict[str, Answering]:
    """In the worker, before its limits are set: those functions by their names."""
    return {function: _imported(function) for function in functions}


def _imported(function: str) -> Answering:
    module, _, name = function.partition(":")
    return cast("Answering", getattr(importlib.import_module(module), name))
