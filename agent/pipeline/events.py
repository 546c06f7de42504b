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
    """The exit codes a run can end with (install/guides/it.md); errors carry their own."""

    DONE = 0
    REGISTER = 2
    NOT_YET_SENT = 3
    REVIEW = 4


@dataclass(slots=True)
class Summary:
    """Counts of one run; `bytes` are those sent, tags included; `review` and `waiting` are what is left after it.

    `unpublished` is why the share does not have all of the record; None where it has, or was not there to take it.
    `register` is what is wrong with the visits register, though the run went by it; `no_register` is why there is none.
    `private` are those found to be private by this run, `left_alone` all that are not of a visit, as far as is known.
    `visits` are those whose photos were proven, each with its id, its title and their number.
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
    left_alone: int = 0
    failed: int = 0
    bytes: int = 0
    seconds: float = 0.0
    waiting: int = 0
    refused: int = 0
    unpublished: str | None = None
    away: int = 0
    stopped: bool = False
    register: str | None = None
    no_register: str | None = None
    visits: list[dict[str, object]] = field(default_factory=list)
    fault: AgentError | None = None

    @property
    def exit_code(self) -> int:
        """What `sync` ends with: what ended it early, else the register, what is not yet sent, what waits for a person.

        A register that is not understood comes before the photos: visits may be missing that nobody waits for. The
        record is sent as photos are: what the share does not have of it is not yet sent.
        """
        if self.fault is not None:
            return self.fault.exit_code
        if self.register is not None:
            return Exit.REGISTER
        if self.waiting or self.failed or self.unpublished is not None:
            return Exit.NOT_YET_SENT
        if self.no_register is not None:
            return Exit.REGISTER
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
