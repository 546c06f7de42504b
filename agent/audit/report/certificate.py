"""The facts about one visit that its certificate rests on. Pure.

The same object is the visit's JSON file, its page and what is signed. It covers the laptops that have the visit on
record, each for its own photos, and never photos that they did not see.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.audit.findings import Report
from agent.audit.report.asked import Asked, Examined
from agent.audit.report.cells import Cell, Statement
from agent.audit.report.delays import Delays
from agent.audit.report.laptops import damages, key_of, waiting_of
from agent.audit.report.retention import Due
from agent.audit.report.shown import shown
from agent.audit.report.tally import Tally
from agent.audit.report.words import count

FORM = 1

OUTCOMES = {
    "gone": "somebody else moved or deleted it",
    "folder gone": "its folder is not there any more",
    "away": "its card or disk is not connected",
    "read-only": "its card or folder is write-protected",
    "changed": "it was changed after it was sent",
    "dismissed": "a person said not to wait for it",
}

PLACE_WORDS = {
    "thumbnail cache": "Thumbnails stored by the system",
    "hard link": "A second name on the same disk",
    "trash": "The laptop’s bin",
    "cloud folder": "A cloud folder",
    "cloud bin": "A cloud service’s bin",
    "snapshots": "Snapshots and back-ups",
    "camera card": "The camera’s card",
}


def visit_facts(
    visit: str, cells: Sequence[Cell], tally: Tally, examined: Examined, asked: Asked, due: Due
) -> dict[str, Any]:
    """Everything that the records say about one visit."""
    words = None if asked.visits is None else asked.visits.get(visit)
    laptops = [_laptop(cell, tally, examined.reports.get(cell.device), asked) for cell in cells]
    sent = sum(cell.photos for cell in cells)
    here = sum(cell.open for cell in cells)
    waiting = sum(cell.overdue_unsent + cell.refused for cell in cells)
    stated = [one for one in tally.statements if one.visit == visit]
    unresolved = list(_unresolved(cells))
    staff = sorted({name for cell in cells for name in cell.staff})
    facts: dict[str, Any] = {
        "kind": "visit-certificate",
        "form": FORM,
        "visit": visit,
        "title": shown(words.title if words else visit),
        "starts": words.starts.isoformat() if words else None,
        "ends": words.ends.isoformat() if words else None,
        "timezone": words.zone if words else None,
        "made_at": asked.now.isoformat(timespec="seconds"),
        "found": sent + waiting,
        "sent": sent,
        "checked": sent,
        "removed": sent - here,
        "files": sum(cell.files for cell in cells),
        "files_already_there": sum(cell.files - cell.own_files for cell in cells),
        "bytes": sum(cell.bytes for cell in cells),
        "laptops": laptops,
        "staff": staff,
        "staff_without_entries": [] if words is None else _others(words.staff, staff),
        "cameras": sorted({name for cell in cells for name in cell.cameras}),
        "register_versions": sorted({one for cell in cells for one in cell.registers}),
        "delays": delays_of(cells),
        "decided_by_a_person": sum(cell.by_person for cell in cells),
        "damaged": sum(cell.damaged for cell in cells),
        "not_confirmed_on_disk": sum(cell.unsynced for cell in cells),
        "unresolved": unresolved,
        "statements": [_statement(one) for one in stated],
        "without_statement": [name for name in staff if name not in {one.staff for one in stated}],
        "copies": copies_of(cells),
        "files_on_share": None,
        "files_missing": due.missing,
        "retention": due.as_json(),
    }
    if examined.folders is not None:
        there = examined.folders.get(visit)
        facts["files_on_share"] = 0 if there is None else there.files
    facts |= _verdict(facts, due)
    return facts


def delays_of(cells: Iterable[Cell]) -> dict[str, dict[str, int] | None]:
    """For each step: how many photos were measured; the seconds within which half, 95 in 100 and all were done."""
    cells = list(cells)
    steps = {
        "found_to_reachable": [one.found_reach for one in cells],
        "reachable_to_checked": [one.reach_proven for one in cells],
        "checked_to_removed": [one.proven_removed for one in cells],
    }
    return {step: spread_of(Delays(several)) for step, several in steps.items()}


def spread_of(delays: Delays) -> dict[str, int] | None:
    """As in the JSON: whole seconds."""
    found = delays.spread()
    if found is None:
        return None
    return {
        "photos": found.photos,
        "half": round(found.half),
        "most": round(found.most),
        "longest": round(found.longest),
    }


def copies_of(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """Each place where copies may be, with the number of photos for which that is not known, found and not found."""
    sums: dict[str, list[int]] = {}
    for cell in cells:
        for place, counts in cell.places.items():
            into = sums.setdefault(place, [0, 0, 0])
            for number, one in enumerate(counts):
                into[number] += one
    return [
        {"place": PLACE_WORDS.get(place, place), "not_known": one[0], "found": one[1], "not_found": one[2]}
        for place, one in sorted(sums.items(), key=lambda pair: (-pair[1][1], -pair[1][0], pair[0]))
    ]


def _laptop(cell: Cell, tally: Tally, report: Report | None, asked: Asked) -> dict[str, Any]:
    words = None if asked.visits is None else asked.visits.get(cell.visit)
    laptop = tally.laptops.get(cell.device)
    heard = None if report is None else report.last_heard
    return {
        "device": cell.device,
        "staff": sorted(cell.staff),
        "found": cell.photos + cell.overdue_unsent + cell.refused,
        "sent": cell.photos,
        "checked": cell.photos,
        "removed": cell.photos - cell.open,
        "last_removed": None if cell.last_removed is None else cell.last_removed.isoformat(timespec="seconds"),
        "last_heard": None if heard is None else heard.isoformat(timespec="seconds"),
        "heard_after_the_visit": None if words is None or heard is None else heard > words.ends,
        "waiting_on_it": waiting_of(laptop),
        "whole": report is not None and not damages(report),
        "entries": 0 if report is None else report.signed,
        "root": None if report is None else report.root,
        "key": "" if report is None else key_of(report),
    }


def _unresolved(cells: Iterable[Cell]) -> Iterable[dict[str, Any]]:
    for cell in cells:
        with_whom = ", ".join(sorted(cell.staff)) or cell.device
        for number, one, several, who in (
            (cell.overdue, "should have left the laptop by now", "should have left the laptop by now", "IT"),
            (cell.refused, "cannot be sent as it is", "cannot be sent as they are", with_whom),
            (cell.lost, "has disappeared from the share", "have disappeared from the share", "IT"),
        ):
            if number:
                yield {"device": cell.device, "photos": number, "what": one if number == 1 else several, "with": who}
        explained = 0
        for outcome, number in sorted(cell.outcomes.items()):
            explained += number
            was = "was" if number == 1 else "were"
            what = f"{was} not removed by photo-agent: {OUTCOMES[outcome]}"
            yield {"device": cell.device, "photos": number, "what": what, "with": with_whom}
        if cell.open > explained:
            number = cell.open - explained
            what = f"{'is' if number == 1 else 'are'} on the share and not yet removed from the laptop"
            yield {"device": cell.device, "photos": number, "what": what, "with": with_whom}


def _statement(one: Statement) -> dict[str, Any]:
    return {
        "staff": one.staff,
        "at": one.at.isoformat(timespec="seconds"),
        "device": one.device,
        "entry": one.index,
        "places": one.places,
    }


def _verdict(facts: Mapping[str, Any], due: Due) -> dict[str, Any]:
    """What the certificate says first: a state, a sentence, and what it rests on or what is missing."""
    laptops = facts["laptops"]
    damaged = [one["device"] for one in laptops if not one["whole"]]
    silent = [one["device"] for one in laptops if one["heard_after_the_visit"] is False]
    on = f"on the {count(len(laptops), 'laptop')} that took part".replace("the 1 laptop", "the laptop")
    if damaged:
        state, head = "stop", f"Cannot be vouched for: the record of {', '.join(damaged)} is damaged."
        text = "Only the part that is signed and proven is shown below. Find out what happened to the record first."
    elif due.deleted_at is not None:
        state, head = "ok", "Deleted from the share by IT."
        text = "No file of this visit was in its folder when this report was made. Back-ups were not checked."
    elif facts["unresolved"]:
        photos = sum(one["photos"] for one in facts["unresolved"])
        state, head = "ask", f"Not finished: {count(photos, 'photo')} need{'s' if photos == 1 else ''} a person."
        text = "The open photos, and who can deal with them, are listed below. All other photos are done."
    elif facts["sent"] == 0:
        state, head = "ask", "No photos of this visit are on record."
        text = "Either nobody had any to send, or they have not been found yet."
    elif silent or facts["ends"] is None:
        why = "no visits list says when the visit ended"
        if silent:
            verb = "has" if len(silent) == 1 else "have"
            why = f"{', '.join(silent)} {verb} not been heard from since the visit ended"
        state, head = "busy", f"All that was found so far is done {on}."
        text = f"It is not complete yet, because {why}."
    elif any(one["waiting_on_it"] is None for one in laptops):
        state, head = "busy", f"All that was found so far is done {on}."
        text = "It is not complete yet, because a laptop has not yet reported that no photos are waiting on it."
    elif any(one["waiting_on_it"] for one in laptops):
        state, head = "busy", f"All that was found so far is done {on}."
        text = "It is not complete yet: photos are waiting on a laptop, and its record does not say of which visit."
    else:
        state, head = "ok", f"Complete {on}."
        text = (
            "Every photo of this visit that was found there was sent, checked on the school network and removed from "
            "the photo folder."
        )
    return {"state": state, "complete": state == "ok", "sentence": head, "explanation": text}


def _others(listed: Iterable[str], staff: Iterable[str]) -> list[str]:
    """People on the visits list who have nothing on record."""
    there = {one.casefold() for one in staff}
    return sorted(shown(one) for one in listed if one.casefold() not in there)
