"""The report's numbers for a monitoring system: OpenMetrics text, which node_exporter and windows_exporter read.

Format: https://prometheus.io/docs/specs/om/open_metrics_spec/ (text format, 1.0). Labels are devices, never visits or
staff, because a monitoring system stores them for years. Pure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

PREFIX = "photo_agent"


def metrics(school: Mapping[str, Any], devices: Sequence[Mapping[str, Any]], label: Callable[[str], str]) -> bytes:
    """The file's content; `label` gives each laptop a unique name of plain characters."""
    lines = [*_school(school)]
    for name, what, value in _OF_DEVICES:
        lines += [f"# TYPE {PREFIX}_{name} gauge", f"# HELP {PREFIX}_{name} {what}"]
        for one in devices:
            number = value(one)
            if number is not None:
                lines.append(f'{PREFIX}_{name}{{device="{label(one["device"])}"}} {number}')
    lines.append("# EOF")
    return ("\n".join(lines) + "\n").encode()


def _school(school: Mapping[str, Any]) -> Iterable[str]:
    for name, what, number in (
        ("report_made_seconds", "When this report was made, in seconds since 1970.", _seconds(school["made_at"])),
        ("needs_a_person", "How many things need a person today.", len(school["needs"])),
        ("devices", "How many laptops have a record.", school["devices"]),
        ("devices_well", "How many of them are well.", school["well"]),
        ("photos", "How many photos of visits are on record.", school["photos"]),
    ):
        yield f"# TYPE {PREFIX}_{name} gauge"
        yield f"# HELP {PREFIX}_{name} {what}"
        yield f"{PREFIX}_{name} {number}"


def _seconds(at: str | None) -> int | None:
    return None if at is None else int(datetime.fromisoformat(at).timestamp())


def _spread(step: str, part: str) -> Any:
    return lambda one: None if one["delays"][step] is None else one["delays"][step][part]


_OF_DEVICES: tuple[tuple[str, str, Any], ...] = (
    ("record_whole", "Whether the laptop's record is whole and signed.", lambda one: int(one["whole"])),
    ("silent", "Whether it has said nothing for too long.", lambda one: int(one["silent"])),
    (
        "last_heard_seconds",
        "When it was last heard from, in seconds since 1970.",
        lambda one: _seconds(one["last_heard"]),
    ),
    ("entries", "Signed entries of its record.", lambda one: one["signed"]),
    ("device_photos", "Photos of visits that it sent.", lambda one: one["photos"]),
    ("overdue_photos", "Photos that should have left it by now.", lambda one: one["overdue"]),
    ("refused_photos", "Photos that cannot be sent as they are.", lambda one: one["refused"]),
    ("unremoved_photos", "Photos on the share that are not yet removed from it.", lambda one: one["not_removed"]),
    ("review_photos", "Photos that are waiting for a person's decision.", lambda one: one["review"]),
    ("damaged_photos_30_days", "Damaged photos in the last 30 days.", lambda one: one["damaged_30_days"]),
    (
        "first_opportunity_half_seconds",
        "From the share reachable to sent and checked: half of the photos.",
        _spread("reachable_to_checked", "half"),
    ),
    (
        "first_opportunity_most_seconds",
        "From the share reachable to sent and checked: 95 in 100.",
        _spread("reachable_to_checked", "most"),
    ),
)
