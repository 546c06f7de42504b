"""What a run tells as it goes, and how it ended. The names of events and fields are those of `sync --json`.

An event speaks of a photo by its id in the journal and, once it is on its way, by its name on the share: never by its
name or folder on this laptop. Of private photos there is only a count.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol

from agent.errors import AgentError
from agent.model import PhotoId


class Happened(StrEnum):
    """The steps that are told."""

    FOUND = "found"
    DECIDED = "decided"
    SENT = "sent"
    PROVEN = "proven"
    DAMAGED = "damaged"  # sent and proven, but its picture does not decode or lacks its end
    REMOVED = "removed"
    HELD = "held"
    FAILED = "failed"
    NOTICE = "notice"  # something about the whole run: the register, the share


@dataclass(frozen=True, slots=True)
class Event:
    """One step of one photo (`photo` is None for a notice); `details` are JSON values."""

    what: Happened
    photo: PhotoId | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The line of `sync --json`."""
        return {"event": self.what.value, "id": self.photo, **self.details}


class Exit(IntEnum):
    """The exit codes a run can end with (CONTRACT); errors carry their own."""

    DONE = 0
    NOT_YET_SENT = 3
    REVIEW = 4


@dataclass(slots=True)
class Summary:
    """Counts of one run; `bytes` are those sent, tags included; `review` and `waiting` are what is left after it.

    `away` are photos whose card or folder is not there; they are in no other count.
    """

    found: int = 0
    visit: int = 0
    sent: int = 0
    proven: int = 0
    removed: int = 0
    damaged: int = 0
    review: int = 0
    private: int = 0
    failed: int = 0
    bytes: int = 0
    seconds: float = 0.0
    waiting: int = 0
    refused: int = 0
    away: int = 0
    stopped: bool = False
    fault: AgentError | None = None

    @property
    def exit_code(self) -> int:
        """What `sync` ends with: what ended it early, else what is not yet sent, else what waits for a person."""
        if self.fault is not None:
            return self.fault.exit_code
        if self.waiting or self.failed:
            return Exit.NOT_YET_SENT
        return Exit.REVIEW if self.review or self.refused else Exit.DONE

    def as_json(self) -> dict[str, object]:
        """The closing line of `sync --json`."""
        counts = {name: value for name, value in asdict(self).items() if name != "fault"}
        counts["seconds"] = round(self.seconds, 3)
        return {
            "event": "summary",
            **counts,
            "exit_code": self.exit_code,
            "fault": None if self.fault is None else str(self.fault),
        }


class Audience(Protocol):
    """Whoever follows a run: a progress bar, a line of JSON, the journal for a `sync` that handed over."""

    def event(self, event: Event) -> None:
        """One step was taken; it is already durable where it has to be."""
        ...

    def expect(self, files: int, size: int) -> None:
        """So many photos of so many bytes in all are about to be sent."""
        ...

    def advance(self, size: int) -> None:
        """So many more bytes arrived at the share."""
        ...


class Nobody:
    """An audience that does not listen."""

    def event(self, event: Event) -> None:
        """Ignored."""

    def expect(self, files: int, size: int) -> None:
        """Ignored."""

    def advance(self, size: int) -> None:
        """Ignored."""
