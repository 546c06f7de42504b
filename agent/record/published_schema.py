"""The JSON Schema of a published record's lines, and the table of kinds, both made from the bodies.

`python -m agent.record.published_schema > config/record.schema.json` writes the file anew. A test says when it is due.
"""

import json
import sys
from typing import Any

from agent.record.bodies import BODIES, Body, said_of
from agent.record.bodies.body import object_of
from agent.record.bodies.laptop import PLACE
from agent.record.bodies.photos import FILE, LEFTOVER
from agent.record.values import (
    COUNT,
    DEVICE,
    FLAG,
    ID,
    KEY,
    LABEL,
    LEVEL,
    REMOTE,
    SHA256,
    TEXT,
    TIME,
    WORD,
)

_SHARED = (DEVICE, LABEL, TEXT, COUNT, FLAG, SHA256, TIME, ID, WORD, LEVEL, KEY, REMOTE, FILE, LEFTOVER, PLACE)
"""Values that the schema defines once, by their names."""


def json_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12)."""
    kinds = [str(kind) for kind in BODIES]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a published record of visit-photo-agent",
        "description": "Each line of an entry in record/<device>/ is one of these, in canonical JSON (RFC 8785). Never "
        "a private file, a local path, a GPS position or a child's name. agent/record/published.py says how the lines "
        "are hashed and signed.",
        "oneOf": [{"$ref": "#/$defs/entry"}, {"$ref": "#/$defs/erased_line"}],
        "$defs": {
            "entry": _entry(kinds),
            "erased_line": {
                "type": "object",
                "additionalProperties": False,
                "required": ["erased", "index"],
                "properties": {"erased": {"const": True}, "index": COUNT.reference},
                "description": "What is left of an erased entry; spaces follow, up to the length it had.",
            },
            **{str(kind): _body(body) for kind, body in BODIES.items()},
            **{str(value.name): dict(value.schema) for value in _SHARED},
        },
    }


def _entry(kinds: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["at", "body", "device", "event", "index", "kind"],
        "properties": {
            "at": TIME.reference | {"description": "When it was written, by the laptop's clock, in UTC."},
            "share_at": TIME.reference
            | {
                "description": "When it was written, by the share's clock; missing if the share was not connected then."
            },
            "body": {"type": "object"},
            "device": dict(DEVICE.schema) | {"description": "The laptop's name in agent.toml."},
            "event": {
                "type": "string",
                "description": "What happened once has one event id, unique in the record.",
            },
            "index": COUNT.reference | {"description": "The entry's place in the record, from 0."},
            "kind": {"enum": kinds},
        },
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}},
                "then": {"properties": {"body": {"$ref": f"#/$defs/{kind}"}}},
            }
            for kind in kinds
        ],
    }


def _body(body: type[Body]) -> dict[str, Any]:
    return dict(object_of(body, about=body.facts.description).schema)


def schema_text() -> str:
    """The schema as its file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=True) + "\n"


def table() -> str:
    """A table in Markdown: each kind, its severity in syslog, whether it names a member of staff, and what it means."""
    rows = ["| kind | in syslog | names staff | means |", "|---|---|---|---|"]
    for kind, body in BODIES.items():
        staff = ", ".join(f"`{name}`" for name, said in said_of(body).items() if said.personal)
        rows.append(f"| `{kind}` | {body.facts.severity.name.lower()} | {staff} | {body.facts.meaning} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
