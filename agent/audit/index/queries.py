"""Queries for an index, in SQL that DuckDB and ClickHouse both understand.

They use the tables `entries`, `files` and `devices` (see `tables`), each with a column `school`, the first two also
with `month` (2026-03).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows, and the names of their columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]

    def as_json(self) -> list[dict[str, object]]:
        """One object for each row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


BY_VISIT = """
SELECT school, visit,
       count(DISTINCT device) AS devices,
       sum(CASE WHEN kind = 'transferred' THEN 1 ELSE 0 END) AS photos,
       sum(CASE WHEN kind = 'transferred' THEN files ELSE 0 END) AS files,
       sum(CASE WHEN kind = 'transferred' THEN bytes ELSE 0 END) AS bytes,
       sum(CASE WHEN kind = 'removed' THEN 1 ELSE 0 END) AS removed,
       min(proven_at) AS first_proven, max(proven_at) AS last_proven
FROM entries WHERE visit IS NOT NULL
GROUP BY school, visit ORDER BY school, visit
"""

BY_DEVICE = """
SELECT school, device,
       count(*) AS entries,
       sum(CASE WHEN kind = 'transferred' THEN 1 ELSE 0 END) AS photos,
       sum(CASE WHEN kind = 'transferred' THEN bytes ELSE 0 END) AS bytes,
       sum(CASE WHEN kind = 'removed' THEN 1 ELSE 0 END) AS removed,
       sum(CASE WHEN kind = 'share-refused' THEN 1 ELSE 0 END) AS share_refused,
       min(recorded_at) AS first_at, max(recorded_at) AS last_at
FROM entries GROUP BY school, device ORDER BY school, device
"""

BY_MONTH = """
SELECT school, month,
       count(DISTINCT device) AS devices,
       sum(CASE WHEN kind = 'transferred' THEN 1 ELSE 0 END) AS photos,
       sum(CASE WHEN kind = 'transferred' THEN bytes ELSE 0 END) AS bytes,
       sum(CASE WHEN kind = 'removed' THEN 1 ELSE 0 END) AS removed,
       sum(CASE WHEN kind = 'overdue' THEN 1 ELSE 0 END) AS overdue
FROM entries GROUP BY school, month ORDER BY school, month
"""

GAPS = """
SELECT d.school AS school, d.device AS device, d.entries AS signed,
       coalesce(e.held, 0) AS held, coalesce(e.erased, 0) AS erased,
       d.entries - coalesce(e.held, 0) - coalesce(e.erased, 0) AS missing
FROM devices AS d
LEFT JOIN (
    SELECT school, device, count(*) AS held, count(DISTINCT erased_entry) AS erased
    FROM entries GROUP BY school, device
) AS e ON d.school = e.school AND d.device = e.device
WHERE d.entries <> coalesce(e.held, 0) + coalesce(e.erased, 0)
ORDER BY school, device
"""
"""Devices for which the index lacks signed entries, apart from erased ones. A complete index gives no rows."""

SILENCE = """
SELECT school, device, before AS last_day, day AS next_day, date_diff('day', before, day) AS days
FROM (
    SELECT school, device, day, lag(day, 1, day) OVER (PARTITION BY school, device ORDER BY day) AS before
    FROM (SELECT DISTINCT school, device, CAST(recorded_at AS DATE) AS day
          FROM entries WHERE recorded_at IS NOT NULL) AS days
) AS pairs
WHERE date_diff('day', before, day) > {days}
ORDER BY days DESC, school, device, next_day
"""
"""Times when a device was silent for more than this many days and then heard from again: normally it reports daily."""

OVERDUE = """
SELECT o.school AS school, o.device AS device, o.photo AS photo, max(o.visit) AS visit,
       min(o.recorded_at) AS since, max(o.hours) AS hours
FROM entries AS o
LEFT JOIN (SELECT school, device, photo, count(*) AS times FROM entries
           WHERE kind = 'transferred' GROUP BY school, device, photo) AS t
  ON o.school = t.school AND o.device = t.device AND o.photo = t.photo
WHERE o.kind = 'overdue' AND coalesce(t.times, 0) = 0
GROUP BY o.school, o.device, o.photo ORDER BY since, school, device, photo
"""
"""Photos that were recorded as overdue and not recorded as transferred since."""

POPULATION = """
SELECT school, device, entry, hash, visit FROM entries WHERE kind = 'transferred' ORDER BY school, device, entry
"""
"""All transfers: the population of a spot check."""

QUERIES: Mapping[str, str] = {
    "visits": BY_VISIT,
    "devices": BY_DEVICE,
    "months": BY_MONTH,
    "gaps": GAPS,
    "silence": SILENCE,
    "overdue": OVERDUE,
    "population": POPULATION,
}

DEFAULTS: Mapping[str, Mapping[str, int]] = {"silence": {"days": 3}}
"""The default values of the queries' parameters."""
