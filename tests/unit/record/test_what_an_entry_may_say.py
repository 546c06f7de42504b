"""The published schema says what the code holds, no more and no less."""

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import RecordError
from agent.record import Draft, EntryKind, Record
from agent.record.bodies import BODIES, needed_in, said_of
from agent.record.ecs import to_ecs
from agent.record.leaf import tombstone
from agent.record.published_schema import json_schema
from agent.record.schema import check
from tests.unit.record.bodies import AT, removed, sha, transferred
from tests.unit.record.logkeys import key_of

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[3] / "config" / "record.schema.json").read_text("utf-8"))
KEY = str(key_of("laptop-17").key)


@functools.cache
def validator() -> Any:
    """The schema's."""
    import jsonschema  # here, because it takes a second with all its formats

    return jsonschema.Draft202012Validator(SCHEMA)


FULL: dict[EntryKind, dict[str, Any]] = {
    EntryKind.TRANSFERRED: transferred(damage="end missing"),
    EntryKind.REMOVED: removed(unseen=1, gone=1, checked_at=AT.isoformat()),
    EntryKind.NOT_REMOVED: {
        "photo": "0a1b2c3d", "transfer": "0" * 32, "visit": "2026-zoo", "outcome": "folder gone", "files": 1,
        "staff": "j.smith",
    },
    EntryKind.SHARE_LOST: {
        "photo": "0a1b2c3d", "transfer": "0" * 32, "visit": "2026-zoo", "found": "gone",
        "names": ["visits/2026-zoo/20260314-101112_eos-r6_0123456789ab.jpg"],
    },
    EntryKind.LEFT_ON_SHARE: {
        "transfer": "0" * 32, "visit": "2026-zoo", "names": ["visits/2026-zoo/20260314-101112_eos-r6_0123456789ab.jpg"],
    },
    EntryKind.REVIEW_RESOLVED: {
        "photo": "0a1b2c3d", "visit": "2026-zoo", "staff": "j.smith", "register_version": sha("r"), "private": 0,
    },
    EntryKind.REGISTER_CHANGED: {
        "register_version": sha("b"), "previous_version": None, "visits": 14, "cameras": 3, "read_at": AT.isoformat(),
    },
    EntryKind.SHARE_REFUSED: {"host": "h", "expected": "SHA256:a", "seen": "SHA256:b", "reason": "host key"},
    EntryKind.REFUSED: {"photo": "0a1b2c3d", "visit": "2026-zoo", "transfer": "0" * 32, "reason": "too large"},
    EntryKind.OVERDUE: {
        "photo": "0a1b2c3d", "visit": "2026-zoo", "found_at": AT.isoformat(), "reachable_at": None, "hours": 26,
        "reason": "no space",
    },
    EntryKind.LEFTOVER_REPORTED: {
        "photo": "0a1b2c3d", "transfer": "0" * 32, "visit": "2026-zoo",
        "leftovers": [{"kind": "trash", "found": "yes", "detail": "one"}],
    },
    EntryKind.INSPECTED: {
        "inspection": "a1", "by": "j.smith", "files": 900, "drawn": 30, "findings": 3, "report_sha256": sha("report"),
        "began_at": AT.isoformat(), "seconds": 61, "cut_short": False, "register_version": sha("r"), "unsure": 2,
        "on_their_way": 1, "places": [{"place": "downloads", "files": 900}],
        "found": [{"visit": "2026-zoo", "place": "downloads", "copies": 1, "photos": 2}],
        "not_known": [{"place": "trash", "why": "no permission", "count": 1}],
    },
    EntryKind.ATTESTED: {
        "visit": "2026-zoo", "staff": "j.smith", "phone": "none left", "bin": "none left", "cloud": "not looked",
        "messages": "had none", "card": "none left",
    },
    EntryKind.CARD: {
        "staff": "j.smith", "put_in_at": AT.isoformat(), "photos": 85, "cameras": ["School Nikon"],
        "serial": "1234-ABCD", "label": "EOS_DIGITAL",
    },
    EntryKind.HEARTBEAT: {
        "version": "0.1.0", "waiting": 1, "review": 2, "refused": 0, "overdue": 0, "register_version": sha("r"),
    },
    EntryKind.ENROLLED: {"log_key": KEY, "staff": "j.smith", "version": "0.1.0"},
    EntryKind.KEY_ROTATED: {"old_key": KEY, "new_key": str(key_of("laptop-17", "new").key), "reason": "yearly"},
    EntryKind.RENAMED: {"old_name": "laptop-16", "new_name": "laptop-17", "entries": 6, "root": sha("root")},
    EntryKind.ERASED: {"entry": 5, "reason": "asked for"},
}  # fmt: skip
"""For each kind, an entry with every field that it may have."""


def entry(kind: EntryKind, body: dict[str, Any]) -> dict[str, Any]:
    return {"at": AT.isoformat(), "body": body, "device": "laptop-17", "event": "e", "index": 0, "kind": kind.value}


def test_the_published_schema_is_made_from_the_bodies() -> None:
    assert json_schema() == SCHEMA, "run `python -m agent.record.published_schema > config/record.schema.json`"


def test_both_have_the_same_kinds() -> None:
    assert set(SCHEMA["$defs"]["entry"]["properties"]["kind"]["enum"]) == {kind.value for kind in EntryKind}
    assert set(FULL) == set(EntryKind)


@pytest.mark.parametrize("kind", EntryKind)
def test_both_have_the_same_fields_and_need_the_same(kind: EntryKind) -> None:
    published = SCHEMA["$defs"][kind.value]
    assert set(published["properties"]) == set(said_of(BODIES[kind])) == set(FULL[kind])
    assert set(published.get("required", ())) == needed_in(BODIES[kind])
    assert published["additionalProperties"] is False


@pytest.mark.parametrize("kind", EntryKind)
def test_both_take_all_that_an_entry_may_say_and_nothing_beside_it(kind: EntryKind) -> None:
    body = FULL[kind]
    check(kind, body)
    validator().validate(entry(kind, body))
    for name in body:
        less = {key: value for key, value in body.items() if key != name}
        assert refused(kind, less) == (name in needed_in(BODIES[kind]))
        for wrong in (1.5, True, {"x": 1}, "\u0000"):
            assert refused(kind, body | {name: wrong}) or name in {"synced", "cut_short"}
    for other in ({"path": "x"}, {"latitude": 51}):
        assert refused(kind, body | other)


def refused(kind: EntryKind, body: dict[str, Any]) -> bool:
    """Whether the code refuses it; everything that the schema refuses, the code must refuse."""
    try:
        check(kind, body)
    except RecordError:
        return True
    assert validator().is_valid(entry(kind, body)), body
    return False


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_is_written_read_and_told_to_elastic(record: Record, kind: EntryKind) -> None:
    record.append(Draft(kind, FULL[kind], event="e", at=AT))
    (read,) = record.entries()
    assert read.body == FULL[kind]
    line = json.loads(record.files.entries.read_bytes())
    validator().validate(line)
    assert json.loads(json.dumps(to_ecs(read)))["event"]["action"] == kind.value


def test_an_erased_line_is_in_the_schema_too() -> None:
    validator().validate(json.loads(tombstone(5, 300)))
    assert not validator().is_valid({"erased": False, "index": 5})
    assert not validator().is_valid({"erased": True})
