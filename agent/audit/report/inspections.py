"""Inspections of laptops, from their records: where the program looked, what it found, what is not known. Pure.

A record may say anything. A place or a reason is shown only if it is one of those that the record format defines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.audit.report.shown import count_of, shown, text_of
from agent.audit.report.words import count, span
from agent.record.entry import Entry
from agent.record.words import Spot, Why

MOST = 200
"""The most findings of one inspection that are shown."""

_SPOTS = tuple(Spot)

_WHY = {
    "no permission": "no permission to look",
    "in the cloud only": "only in the cloud",
    "kept in a form of its own": "stored in a format that cannot be searched",
    "on the network": "on a network drive",
    "behind a link": "behind a link",
    "unreadable": "could not be read",
    "the school share": "on the school’s own share",
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """An inspection on record. `found` has a line for each visit and place; None means that the entry does not say."""

    device: str
    index: int
    at: datetime
    by: str
    counts: Mapping[str, int]
    seconds: int | None
    cut_short: bool
    findings: int
    unsure: int
    on_their_way: int
    places: Sequence[tuple[str, int]]
    found: Sequence[tuple[str, str, int, int]]
    not_known: Sequence[tuple[str, str, int]]

    def as_json(self) -> dict[str, Any]:
        """For the pages, and for scripts."""
        return {
            "device": self.device,
            "at": self.at.isoformat(timespec="seconds"),
            "entry": self.index,
            "by": self.by,
            "counts": dict(self.counts),
            "seconds": self.seconds,
            "cut_short": self.cut_short,
            "findings": self.findings,
            "unsure": self.unsure,
            "on_their_way": self.on_their_way,
            "places": [{"place": place, "files": files} for place, files in self.places],
            "found": [
                {"visit": visit, "place": place, "copies": copies, "photos": photos}
                for visit, place, copies, photos in self.found
            ],
            "not_known": [{"place": place, "why": why, "count": number} for place, why, number in self.not_known],
            "result": self.result(),
            "looked": self.looked(),
            "unknown": self.unknown(),
        }

    def result(self) -> str:
        """What was found, in a sentence or two."""
        said = []
        if self.findings:
            said.append(f"{count(self.findings, 'photo')} of visits found.")
        else:
            said.append("No photo of a visit was found before it was stopped." if self.cut_short else "Nothing found.")
        if self.unsure:
            said.append(f"{count(self.unsure, 'photo')} may be of a visit.")
        if self.on_their_way:
            said.append(f"{count(self.on_their_way, 'photo')} on the way to the share.")
        return " ".join(said)

    def looked(self) -> str:
        """Where it looked, at how many files, and for how long."""
        if not self.places:
            return "Where it looked is not known."
        files = ", ".join(f"{place} ({count(files, 'file')})" for place, files in self.places)
        took = f" in {span(self.seconds)}" if self.seconds is not None else ""
        end = " It was stopped before it had looked everywhere." if self.cut_short else ""
        return f"Looked{took} through {files}.{end}"

    def unknown(self) -> str:
        """What could not be searched, by place and reason."""
        if not self.not_known:
            return ""
        lines = [f"{place}: {number:,} {_WHY.get(why, why)}" for place, why, number in self.not_known]
        return f"Not known: {'; '.join(lines)}."


def inspection_of(entry: Entry, at: datetime) -> Inspection:
    """The inspection that an entry describes."""
    body = entry.body
    places = [
        (str(one["place"]), count_of(one, "files"))
        for one in _objects(body.get("places"))
        if one.get("place") in _SPOTS
    ]
    found = [
        (str(one["visit"])[:500], str(one["place"]), count_of(one, "copies"), count_of(one, "photos"))
        for one in _objects(body.get("found"))
        if isinstance(one.get("visit"), str) and one.get("place") in _SPOTS
    ]
    not_known = [
        (str(one["place"]), str(one["why"]), count_of(one, "count"))
        for one in _objects(body.get("not_known"))
        if one.get("place") in _SPOTS and one.get("why") in tuple(Why)
    ]
    return Inspection(
        entry.device,
        entry.index,
        at,
        text_of(body, "by"),
        {
            shown(name).replace("_", " "): count_of(body, name)
            for name, value in list(body.items())[:50]
            if isinstance(value, int) and not isinstance(value, bool)
        },
        count_of(body, "seconds") if "seconds" in body else None,
        body.get("cut_short") is True,
        count_of(body, "findings"),
        count_of(body, "unsure"),
        count_of(body, "on_their_way"),
        places,
        found,
        not_known,
    )


def latest(inspections: Iterable[Inspection]) -> list[Inspection]:
    """For each laptop the last inspection that ran to its end; one that was cut short only if it found something."""
    last: dict[str, Inspection] = {}
    for one in sorted(inspections, key=lambda one: (one.at, one.index)):
        if one.findings or not one.cut_short:
            last[one.device] = one
    return list(last.values())


def rows(inspections: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """For a spreadsheet: a row for each finding and each place that is not known, or a single row if there are none."""
    for one in inspections:
        head = {name: one[name] for name in ("device", "at", "entry", "by", "seconds", "cut_short", "result")}
        lines = [*one["found"], *({**each, "not_known": each["count"]} for each in one["not_known"])]
        yield from ({**head, **line} for line in lines or [{}])


def _objects(value: Any) -> list[Mapping[str, Any]]:
    some = value[:MOST] if isinstance(value, list) else []
    return [one for one in some if isinstance(one, dict) and all(not isinstance(x, list | dict) for x in one.values())]
