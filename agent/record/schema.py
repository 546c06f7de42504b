"""Whether an entry may say what its writer wants it to say, and whether two entries are about the same event. Pure.

The record leaves the laptop, so none of its fields may carry a local path, a file's private name, a GPS position or
anything about a private photo. That is enforced here: a field that no body has, or text that looks like one of those,
is a fault of this program and is refused (`RecordError`) before a byte is written.
"""

import functools
from collections.abc import Mapping
from typing import cast

from agent.errors import RecordError
from agent.record.kinds import EntryKind
from agent.record.values import JSON, Check


def check(kind: EntryKind, body: Mapping[str, object]) -> None:
    """RecordError unless an entry of this kind may say this."""
    if wrong := _check_of(kind)(body):
        raise RecordError(
            f"The record refused a “{kind}” entry, which {wrong}. This is a fault of photo-agent: tell IT."
        )


@functools.cache
def _check_of(kind: EntryKind) -> Check:
    from agent.record.bodies import BODIES  # here, for writers only: making so many dataclasses takes 20 ms
    from agent.record.bodies.body import object_of

    return object_of(BODIES[kind]).check


def identity(kind: EntryKind, body: Mapping[str, JSON]) -> object:
    """What two entries of one event have in common, although the second was made at another moment.

    For a transfer that is the visit and every file with its content: a photo that was edited after it was recorded is
    another transfer and must be recorded again, whatever the caller calls the event.
    """
    if kind is EntryKind.TRANSFERRED:
        files = cast("list[dict[str, JSON]]", body["files"])
        parts = ("name", "original_sha256", "held_sha256")
        return (kind, body["visit"], [[file.get(part) for part in parts] for file in files])
    return (kind, body.get("photo"), body.get("transfer"))
