"""The events that a run reports, and the summary of how it ended.

Events and fields have the names of `sync --json`. An event identifies a photo by its id in the journal and, once it is
being sent, by its name on the share: never by its name or folder on this laptop. Private photos are only counted.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol

from agent.errors import AgentError
from agent.model.ids import PhotoId


class Happened(StrEnum):
    """The steps that are reported."""

    FOUND = "found"
    DECIDED = "decided"
    SENT = "sent"
    PROVEN = "proven"
    DAMAGED = "damaged"  # sent and proven, but its picture does not decode or its end is missing
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
    """Counts of one run.

    `bytes` are those sent, tags included; `review` and `waiting` count photos left after the run, and `not_removed`
    those of the waiting that were sent and are still here. `unpublished` says why part of the record is missing on the
    share; None if nothing is missing, or if the share could not be reached.
    `register` says what is wrong with the visits register, although the run used it; `no_register` says why
    there is none. `private` counts the photos that this run found to be private, `left_alone` all photos not known to
    be of a visit. `visits` lists the visits whose photos were proven, each with its id, its title and the number of
    photos. `away` counts photos whose card or folder is not there; no other count includes them.
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
    not_removed: int = 0
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
        """The exit code of `sync`: for the fault that ended it, else for the register, unsent photos, or open
        questions.

        A register that was not fully understood comes before the photos: it may lack visits without anybody noticing.
        Entries of the record that are missing on the share count like unsent photos.
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
    """The port for followers of a run: a progress bar, lines of JSON, the journal for a `sync` that handed over."""

    def event(self, event: Event) -> None:
        """One step was completed; if it had to be durable, it already is."""
        ...

    def expect(self, files: int, size: int) -> None:
        """This many photos, with this many bytes in total, are about to be sent."""
        ...

    def advance(self, size: int) -> None:
        """This many more bytes arrived at the share."""
        ...


class Nobody:
    """An audience that does not listen."""

    def event(self, event: Event) -> None:
        """Ignored."""

    def expect(self, files: int, size: int) -> None:
        """Ignored."""

    def advance(self, size: int) -> None:
        """Ignored."""
