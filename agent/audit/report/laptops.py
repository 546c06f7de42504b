"""The facts about a laptop: whether it is well, how quickly photos leave it, what it left behind. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from agent.audit.findings import Finding, RecordFault, Report
from agent.audit.report.asked import Asked
from agent.audit.report.cells import Cell, DayState, Laptop
from agent.audit.report.shown import count_of, shown
from agent.audit.report.tally import Tally
from agent.audit.report.words import count

DAYS = 28
"""The number of days on the map."""

CARD_FAILS = 3
"""From this number of damaged photos in thirty days on, a card may be failing."""

RECENT = timedelta(days=7)
"""For how long a refusal that is over is still shown."""


def damages(report: Report) -> list[Finding]:
    """What is wrong with a record, apart from silence."""
    return [one for one in report.findings if one.damage is not RecordFault.SILENT]


def waiting_of(laptop: Laptop | None) -> int | None:
    """How many photos were waiting when it last said, also for a person's decision; None if it never said."""
    if laptop is None or laptop.heartbeat is None:
        return None
    return sum(count_of(laptop.heartbeat.body, name) for name in ("waiting", "review", "refused"))


def key_of(report: Report) -> str:
    """The name and id of the key that signed its record last; empty if none is trusted."""
    return "+".join(report.keys[0].split("+")[:2]).removeprefix("visit-photo-agent/") if report.keys else ""


def laptop_facts(
    report: Report, cells: Sequence[Cell], tally: Tally, asked: Asked, delays: Any, copies: Any
) -> dict[str, Any]:
    """Everything that its record says about one laptop."""
    laptop = tally.laptops.get(report.device) or Laptop(report.device)
    body = {} if laptop.heartbeat is None else laptop.heartbeat.body
    goes_on = report.renamed_to or tally.goes_on_as(report.device)
    silent = any(one.damage is RecordFault.SILENT for one in report.findings)
    days = _days(laptop, asked)
    recent = _recent(laptop, asked, timedelta(days=30))
    staff = sorted({name for cell in cells for name in cell.staff} | ({laptop.staff} if laptop.staff else set()))
    facts: dict[str, Any] = {
        "kind": "device",
        "form": 1,
        "device": report.device,
        "made_at": asked.now.isoformat(timespec="seconds"),
        "staff": staff,
        "whole": not damages(report),
        "findings": [shown(one.text) for one in damages(report)],
        "notes": [shown(one) for one in report.notes],
        "entries": report.entries,
        "signed": report.signed,
        "not_signed": max(0, report.entries - report.signed),
        "root": report.root,
        "key": key_of(report) or None,
        "key_since": _iso(laptop.key_since),
        "last_heard": _iso(report.last_heard),
        "last_entry": _iso(report.last_at),
        "silent": silent,
        "longest_silence_seconds": round(laptop.longest_silence),
        "dated_ahead": report.ahead,
        "goes_on_as": goes_on,
        "version": laptop.version or None,
        "heartbeat_at": None if laptop.heartbeat is None else _iso(laptop.heartbeat.share_at or laptop.heartbeat.at),
        "waiting": None if laptop.heartbeat is None else count_of(body, "waiting"),
        "review": None if laptop.heartbeat is None else count_of(body, "review"),
        "refused": sum(cell.refused for cell in cells),
        "overdue": sum(cell.overdue for cell in cells),
        "not_removed": sum(cell.open for cell in cells),
        "lost_on_share": sum(cell.lost for cell in cells),
        "photos": sum(cell.photos for cell in cells),
        "photos_30_days": sum(day.photos for day in recent),
        "damaged_30_days": sum(day.damaged for day in recent),
        "share_refused_at": _iso(laptop.refused_at),
        "share_refused": laptop.refused_why or None,
        "delays": delays,
        "copies": copies,
        "visits": [
            {"visit": cell.visit, "sent": cell.photos, "removed": cell.photos - cell.open, "last": _iso(cell.last)}
            for cell in sorted(cells, key=lambda one: (str(one.last), one.visit), reverse=True)
        ],
        "days": days,
        "inspections": [one.as_json() for one in tally.inspections if one.device == report.device],
    }
    facts |= _verdict(facts, laptop, asked)
    return facts


def _verdict(facts: dict[str, Any], laptop: Laptop, asked: Asked) -> dict[str, Any]:
    """Its state, in a word and a sentence."""
    last = facts["last_heard"]
    heard = f"Last heard from on {asked.clock.moment(last)}." if last else "Never heard from."
    if facts["goes_on_as"] and facts["whole"]:
        return _said("ok", "Renamed", f"Its record continues under the name {shown(facts['goes_on_as'])}.")
    state, word, sentence = next(_troubles(facts, laptop, asked), ("ok", "Well", "Well."))
    return _said(state, word, f"{sentence} {heard}")


def _troubles(facts: dict[str, Any], laptop: Laptop, asked: Asked) -> Iterator[tuple[str, str, str]]:
    """What is wrong with it, the gravest first."""
    refused, reached = laptop.refused_at, laptop.reached_at
    overdue, unsendable = facts["overdue"], facts["refused"]
    if not facts["whole"]:
        yield "stop", "Record damaged", "Its record is damaged."
    if facts["silent"]:
        last = facts["last_heard"]
        days = f", {count((asked.now - datetime.fromisoformat(last)).days, 'day')}" if last else ""
        yield "stop", f"Silent{days}", "Silent."
    if refused is not None and asked.now - refused < RECENT and (reached is None or reached < refused):
        yield "stop", "Refused", "The server refused it."
    if facts["lost_on_share"]:
        yield "stop", "Missing on the share", "Photos that it sent have disappeared from the share."
    if overdue:
        yield "ask", f"{overdue} overdue", f"{count(overdue, 'photo')} should have left it by now."
    if unsendable:
        yield "ask", f"{unsendable} cannot be sent", f"{count(unsendable, 'photo')} cannot be sent as they are."
    if facts["damaged_30_days"] >= CARD_FAILS:
        yield "ask", "Damaged photos", "A camera’s card may be failing."


def _said(state: str, word: str, sentence: str) -> dict[str, Any]:
    return {"state": state, "word": word, "sentence": sentence}


def _days(laptop: Laptop, asked: Asked) -> list[dict[str, Any]]:
    """The last days, the oldest first."""
    today = asked.now.astimezone(asked.clock.zone).date()
    found: list[dict[str, Any]] = []
    for back in range(DAYS - 1, -1, -1):
        date = today - timedelta(days=back)
        day = laptop.days.get(date)
        if day is None:
            state = _without_word(laptop, date, today, asked)
        else:
            state = DayState.TROUBLE if day.trouble else DayState.SENT if day.photos else DayState.HEARD
        found.append({"day": date.isoformat(), "state": state.value, "photos": 0 if day is None else day.photos})
    return found


def _without_word(laptop: Laptop, date: date, today: date, asked: Asked) -> DayState:
    """A day without an entry: a laptop may be off at a weekend, but not for longer than it may be silent."""
    before = [day for day in laptop.days if day < date]
    after = [day for day in laptop.days if day > date]
    if not before:
        return DayState.NEW
    gap = min(after, default=today) - max(before)
    return DayState.SILENT if gap > asked.silence and date != today else DayState.QUIET


def _recent(laptop: Laptop, asked: Asked, span: timedelta) -> list[Any]:
    since = (asked.now - span).astimezone(asked.clock.zone).date()
    return [day for date, day in laptop.days.items() if date > since]


def _iso(when: Any) -> str | None:
    return None if when is None else str(when.isoformat(timespec="seconds"))
