"""Events as the pipeline makes them, and a record of them that need not lie on disk."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.forward import LogEvent, Position, Step
from agent.record.bodies import BODIES
from agent.record.kinds import EntryKind

AT = datetime(2026, 3, 14, 17, 0, tzinfo=UTC)


def event(index: int = 0, kind: str = "transferred", *, erases: int | None = None, **body: Any) -> LogEvent:
    entry = {
        "at": (AT + timedelta(seconds=index)).isoformat(),
        "body": {"photo": f"{index:08x}", "visit": "2026-science-museum"} | body,
        "device": "laptop-17",
        "event": f"{index:08x}-{kind}",
        "index": index,
        "kind": kind,
    }
    line = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    identity = f"laptop-17:{index:08x}-{kind}"
    document = {"event": {"id": identity}, "visit_photo_agent": entry["body"]}
    severity = BODIES[EntryKind(kind)].facts.severity
    return LogEvent(identity, index, entry, line, "ab" * 32, document, severity, erases)


class Kept:
    """A record of these events; more may be appended at any time. None stands for an erased entry."""

    def __init__(self, count: int) -> None:
        self.events: list[LogEvent | None] = [event(index) for index in range(count)]

    def __call__(self, position: Position) -> Iterator[Step]:
        for index in range(position.index, len(self.events)):
            yield Step(self.events[index], Position(index + 1, (index + 1) * 100))

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.events if one is not None]
