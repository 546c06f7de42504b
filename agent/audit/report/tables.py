"""The report's facts as JSON, always the same bytes for the same content, and as tables for spreadsheets. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.audit.show import formula_safe
from agent.record.values import LARGEST


def to_json(facts: Mapping[str, Any]) -> bytes:
    """Canonical JSON (RFC 8785), so that the same data always has the same hash."""
    import rfc8785

    return rfc8785.dumps(_clean(facts))


def _clean(value: Any) -> Any:
    """A value without what a record may hold and canonical JSON cannot: halves of characters, huge sums."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_clean(name): _clean(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return min(value, LARGEST) if isinstance(value, int) and not isinstance(value, bool) else value


def to_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A table that Excel opens correctly: byte order mark, RFC 4180, and no text that starts a formula."""
    out = io.StringIO(newline="")
    out.write("\ufeff")
    writer = csv.DictWriter(out, columns, lineterminator="\r\n", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: formula_safe(_cell(row.get(name))) for name in columns})
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if value is None else value


NEEDS = ("about", "text", "for", "since")
MONTHS = ("month", "photos", "bytes", "half", "most", "overdue", "refused", "share_refused")
VISITS = (
    *("visit", "title", "starts", "ends", "state", "sentence", "staff", "found", "sent", "checked", "removed"),
    *("files", "bytes", "damaged", "decided_by_a_person", "files_on_share", "keep_until", "held", "deleted_seen_at"),
)
LAPTOPS = (
    *("visit", "device", "staff", "found", "sent", "checked", "removed", "last_removed", "last_heard"),
    *("heard_after_the_visit", "waiting_on_it", "whole", "entries", "root"),
)
DEVICES = (
    *("device", "staff", "state", "word", "whole", "last_heard", "entries", "signed", "version", "photos", "overdue"),
    *("refused", "not_removed", "review", "waiting", "damaged_30_days", "longest_silence_seconds", "goes_on_as"),
)
DEVICE_VISITS = ("visit", "sent", "removed", "last")
CHECKS = (
    "id",
    "drawn_at",
    "examined_at",
    "reviewer",
    "population",
    "sample",
    "right",
    "wrong",
    "not_known",
    "statement",
)
INSPECTIONS = (
    *("device", "at", "entry", "by", "seconds", "cut_short", "result"),
    *("place", "visit", "copies", "photos", "not_known", "why"),
)
FINDINGS = ("device", "entry", "kind", "detail")
CONTRAVENTIONS = ("what", "kind", "device", "visit", "count", "first", "last", "entries")
