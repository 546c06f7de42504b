"""An entry as one document of the Elastic Common Schema 8, for `log show --ecs` and for the school's log server."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from agent.record.entry import Entry
from agent.record.values import JSON

ECS_VERSION = "8.17.0"


def to_ecs(entry: Entry) -> dict[str, object]:
    """An entry as one document.

    `event.id` is the entry's own id, so that what is delivered twice is one; `event.hash` and `event.sequence` lead
    back into the record. `file.*` is what the share holds. What the schema has no field for is under
    `visit_photo_agent`.
    """
    from agent.record.bodies import BODIES

    body = entry.body
    ecs = BODIES[entry.kind].facts.ecs
    event: dict[str, object] = {
        "kind": "event",
        "category": [ecs.category],
        "type": [ecs.type],
        "action": str(entry.kind),
        "outcome": ecs.outcome,
        "id": f"{entry.device}:{entry.event}",
        "sequence": entry.index,
        "hash": entry.hash,
        "module": "visit-photo-agent",
        "dataset": "visit-photo-agent.record",
        **_duration(body),
    }
    if body.get("reason"):
        event["reason"] = body["reason"]
    own: dict[str, object] = {key: value for key, value in body.items() if key != "staff"}
    if entry.share_at is not None:
        own["share_at"] = entry.share_at.isoformat()
    document: dict[str, object] = {
        "@timestamp": entry.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ecs": {"version": ECS_VERSION},
        "event": event,
        "host": {"name": entry.device},
        "visit_photo_agent": own,
    }
    if body.get("staff"):
        document["user"] = {"name": body["staff"]}
    files = body.get("files")
    if isinstance(files, list) and files:
        document["file"] = _file(cast("dict[str, JSON]", files[0]))
    return document


def _duration(body: Mapping[str, JSON]) -> dict[str, object]:
    """start, end and duration (nanoseconds, as ECS has it): from the share first reachable, else found, to proven."""
    start = body.get("reachable_at") or body.get("found_at")
    end = body.get("proven_at")
    if not start or not end:
        return {}
    length = datetime.fromisoformat(str(end)) - datetime.fromisoformat(str(start))
    return {"start": start, "end": end, "duration": round(length.total_seconds() * 1e9)}


def _file(file: Mapping[str, JSON]) -> dict[str, object]:
    name = str(file["name"])
    return {
        "name": name.rpartition("/")[2],
        "path": name,
        "extension": name.rpartition(".")[2],
        "size": file["held_size"],
        "hash": {"sha256": file["held_sha256"]},
    }
