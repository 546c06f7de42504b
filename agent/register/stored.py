"""The file that holds the last good register: the visits and cameras as read, with a checksum; to bytes and back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from agent.model.capture import Place
from agent.model.ids import Sha256, VisitId
from agent.model.register import Doubt, Register, RegisteredCamera, Visit
from agent.model.times import Interval
from agent.register.faults import Fault

FORM = 5
"""The file's format; one in another format is not read, and the next good register replaces it.

Format 1 was written by versions that read the order of day and month cell by cell, and formats 2 to 4 by versions
that took some visits to be longer, or other people's, than the file says, so their content may be wrong.
"""


@dataclass(frozen=True, slots=True)
class StoredRegister:
    """A register with the faults of the lines that were left out, or used with a warning."""

    register: Register
    faults: tuple[Fault, ...]

    def same_but_for_its_age(self, other: "StoredRegister") -> bool:
        """Whether both have the same content."""
        aged = replace(other.register, read_at=self.register.read_at)
        return self.register == aged and self.faults == other.faults


def to_bytes(stored: StoredRegister) -> bytes:
    """JSON after the SHA-256 of its content, so that damage is noticed."""
    register = stored.register
    content = json.dumps(
        {
            "form": FORM,
            "version": register.version,
            "read_at": register.read_at.isoformat(),
            "visits": [_visit_out(visit) for visit in register.visits],
            "cameras": [_camera_out(camera) for camera in register.cameras],
            "doubtful": [_doubt_out(doubt) for doubt in register.doubtful],
            "accepted": register.accepted,
            "faults": [
                [fault.line, fault.column, fault.message, fault.severity, fault.register] for fault in stored.faults
            ],
        },
        ensure_ascii=True,
        indent=1,
    ).encode()
    return sha256(content).hexdigest().encode() + b"\n" + content


def from_bytes(raw: bytes) -> StoredRegister:
    """Raises ValueError if `to_bytes` did not write this."""
    checksum, _, content = raw.partition(b"\n")
    if sha256(content).hexdigest().encode() != checksum:
        raise ValueError("its checksum is wrong")
    fields = json.loads(content)
    if fields.get("form") != FORM:
        raise ValueError("it was written by another version of this program")
    try:
        register = Register(
            tuple(_visit_in(visit) for visit in fields["visits"]),
            tuple(_camera_in(camera) for camera in fields["cameras"]),
            Sha256(fields["version"]),
            datetime.fromisoformat(fields["read_at"]),
            tuple(_doubt_in(doubt) for doubt in fields["doubtful"]),
            fields["accepted"],
        )
        return StoredRegister(register, tuple(Fault(*fault) for fault in fields["faults"]))
    except (KeyError, TypeError) as fault:
        raise ValueError("something is missing in it") from fault


def _visit_out(visit: Visit) -> dict[str, Any]:
    return {
        "id": visit.id,
        "title": visit.title,
        "span": _span_out(visit.span),
        "zone": visit.zone,
        "staff": sorted(visit.staff),
        "cameras": sorted(visit.cameras),
        "place": [visit.place.latitude, visit.place.longitude] if visit.place else None,
        "radius_km": visit.radius_km,
        "cancelled": visit.cancelled,
        "then": list(visit.then),
        "why_not": visit.why_not,
        "line": visit.line,
    }


def _visit_in(fields: Mapping[str, Any]) -> Visit:
    return Visit(
        VisitId(fields["id"]),
        fields["title"],
        _span_in(fields["span"]),
        fields["zone"],
        frozenset(fields["staff"]),
        frozenset(fields["cameras"]),
        Place(*fields["place"]) if fields["place"] else None,
        fields["radius_km"],
        fields["cancelled"],
        tuple(fields["then"]),
        fields["why_not"],
        fields["line"],
    )


def _doubt_out(doubt: Doubt) -> dict[str, Any]:
    span = None if doubt.span is None else _span_out(doubt.span)
    return {"line": doubt.line, "why": doubt.why, "span": span, "staff": sorted(doubt.staff)}


def _doubt_in(fields: Mapping[str, Any]) -> Doubt:
    span = None if fields["span"] is None else _span_in(fields["span"])
    return Doubt(fields["line"], fields["why"], span, frozenset(fields["staff"]))


def _span_out(span: Interval) -> list[str]:
    return [span.earliest.isoformat(), span.latest.isoformat()]


def _span_in(span: list[str]) -> Interval:
    earliest, latest = (datetime.fromisoformat(moment) for moment in span)
    return Interval(earliest, latest)


def _camera_out(camera: RegisteredCamera) -> dict[str, Any]:
    return {
        "label": camera.label,
        "make": camera.make,
        "model": camera.model,
        "serial": camera.serial,
        "owner": camera.owner,
        "clock_ahead_seconds": camera.clock_ahead.total_seconds(),
    }


def _camera_in(fields: Mapping[str, Any]) -> RegisteredCamera:
    ahead = timedelta(seconds=fields["clock_ahead_seconds"])
    return RegisteredCamera(fields["label"], fields["make"], fields["model"], fields["serial"], fields["owner"], ahead)
