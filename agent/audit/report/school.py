"""The facts about the school: what needs a person today, month by month, and what the Headteacher should hear. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.audit.report.asked import Asked, Examined
from agent.audit.report.cells import Breach, Month
from agent.audit.report.certificate import delays_of, spread_of
from agent.audit.report.inspections import latest
from agent.audit.report.laptops import CARD_FAILS, RECENT
from agent.audit.report.shown import shown
from agent.audit.report.tally import Tally
from agent.audit.report.words import count, month, span

MONTHS = 12


def school_facts(
    devices: Sequence[Mapping[str, Any]],
    visits: Sequence[Mapping[str, Any]],
    tally: Tally,
    examined: Examined,
    asked: Asked,
) -> dict[str, Any]:
    """What the first page says."""
    needs = sorted(_needs(devices, visits, tally, asked), key=lambda one: (one["rank"], one["about"]))
    well = sum(one["state"] == "ok" for one in devices)
    whole = sum(one["whole"] for one in devices)
    return {
        "kind": "school",
        "form": 1,
        "made_at": asked.now.isoformat(timespec="seconds"),
        "timezone": asked.clock.name,
        "devices": len(devices),
        "well": well,
        "whole": whole,
        "visits": len(visits),
        "visits_with_photos": sum(one["sent"] > 0 for one in visits),
        "photos": sum(one["sent"] for one in visits),
        "removed": sum(one["removed"] for one in visits),
        "overdue": sum(one["overdue"] for one in devices),
        "needs": needs,
        "delays": delays_of(tally.cells.values()),
        "months": _months(tally, asked),
        "visits_list": asked.visits is not None,
        "folders_seen": examined.folders is not None,
        "left_out": tally.left_out.total(),
        "spot_checks": [spot_check_facts(one) for one in asked.spot_checks],
        "spot_checks_unread": asked.unread_checks,
        "inspections": [one.as_json() for one in sorted(tally.inspections, key=lambda one: one.at, reverse=True)],
        "contraventions": contraventions(devices, tally, asked),
        "retention": [_retention(one) for one in visits if one["retention"]["until"] or one["retention"]["held"]],
    }


def spot_check_facts(one: Any) -> dict[str, Any]:
    """A spot check's result, reduced to what may be shown."""
    return {
        "kind": "spot-check",
        "id": shown(one.id),
        "drawn_at": _iso(one.drawn_at),
        "examined_at": _iso(one.examined_at),
        "reviewer": one.reviewer,
        "statement": one.statement,
        "population": one.population,
        "sample": one.sample,
        "examined": one.examined,
        "right": one.right,
        "wrong": one.wrong,
        "not_known": one.not_known,
        "confidence": one.confidence,
        "max_error": one.max_error,
        "findings": [
            {"device": each.device, "entry": each.index, "kind": each.kind, "detail": each.detail}
            for each in one.findings
        ],
        "more_findings": one.more_findings,
        "files_without_entry": one.missing_entries,
        "gaps": one.gaps,
        "trusted": one.trusted,
        "signature": "not checked",
        "troubles": one.troubles,
    }


# --- what needs a person ---------------------------------------------------------------------------------------------


def _needs(
    devices: Sequence[Mapping[str, Any]], visits: Sequence[Mapping[str, Any]], tally: Tally, asked: Asked
) -> Iterable[dict[str, Any]]:
    for one in devices:
        yield from _of_device(one, asked)
    for one in visits:
        yield from _of_visit(one)
    for check in asked.spot_checks:
        if check.troubles:
            about = f"A spot check found {count(check.troubles, 'thing')} wrong"
            yield _need(1, about, "The check names each of them.", "IT", check.examined_at, check=check.id)
    for inspection in latest(tally.inspections):
        if inspection.findings:
            about = f"{shown(inspection.device)}: an inspection found {count(inspection.findings, 'photo')} of visits"
            text = (
                f"Remove them together with {inspection.by or 'its user'}, or send them, and inspect the laptop again."
            )
            yield _need(3, about, text, "IT", inspection.at, device=inspection.device)
    if asked.unread_checks:
        results = count(asked.unread_checks, "result")
        yield _need(4, f"{results} of spot checks cannot be read", "Look into IT's folder of spot checks.", "IT", None)
    if left_out := tally.left_out.total():
        text = "A laptop recorded more than any school has. Entries beyond the limits are left out of these sums."
        yield _need(1, f"{count(left_out, 'entry', 'entries')} could not be counted", text, "IT", None)


def _of_device(one: Mapping[str, Any], asked: Asked) -> Iterable[dict[str, Any]]:
    name = shown(one["device"])
    whom = ", ".join(one["staff"]) or "its user"
    if not one["whole"]:
        text = f"{one['findings'][0][:1].upper()}{one['findings'][0][1:]}." if one["findings"] else ""
        yield _need(0, f"{name}: the record is damaged", text, "IT", one["last_heard"], device=one["device"])
    if one["goes_on_as"]:
        return
    refused_at = None if one["share_refused_at"] is None else datetime.fromisoformat(one["share_refused_at"])
    if refused_at is not None and asked.now - refused_at < RECENT:
        if one["share_refused"] == "host key":
            yield _need(
                1,
                f"{name}: the server showed another identity",
                "Nothing was sent to it. If you changed the server’s key, give the laptop the new one. If not, "
                "treat it as an attack.",
                "IT",
                one["share_refused_at"],
                device=one["device"],
            )
        else:
            text = "Nothing was sent. Check that the server still has its key and its user."
            about = f"{name}: the server refused its login"
            yield _need(2, about, text, "IT", one["share_refused_at"], device=one["device"])
    if one["silent"] and (one["whole"] or one["last_heard"]):
        text = f"It should sign its record every day. Ask {whom} if the laptop is in use; run photo-agent doctor on it."
        yield _need(2, f"{name} is silent", text, "IT", one["last_heard"], device=one["device"])
    if one["lost_on_share"]:
        photos = count(one["lost_on_share"], "photo")
        text = "They were checked there, and had disappeared when the laptop looked again. It still has them."
        yield _need(1, f"{name}: {photos} missing on the share", text, "IT", None, device=one["device"])
    if one["overdue"]:
        photos = count(one["overdue"], "photo")
        verb = "is" if one["overdue"] == 1 else "are"
        text = "Run photo-agent status on the laptop: it says why each one waits."
        yield _need(2, f"{name}: {photos} {verb} overdue", text, "IT", None, device=one["device"])
    if one["refused"]:
        photos = count(one["refused"], "photo")
        text = "Open the staff page on the laptop: it says what to do about each one."
        yield _need(3, f"{name}: {photos} cannot be sent", text, whom, None, device=one["device"])
    if one["damaged_30_days"] >= CARD_FAILS:
        text = f"{one['damaged_30_days']} of {one['photos_30_days']} photos in 30 days are damaged. Replace the card."
        yield _need(3, f"{name}: a camera’s card may be failing", text, whom, None, device=one["device"])
    if one["review"]:
        photos = count(one["review"], "photo")
        verb = "waits" if one["review"] == 1 else "wait"
        text = "Only the person who took them can say which visit they belong to, or that they are private."
        yield _need(4, f"{name}: {photos} {verb} for a decision", text, whom, one["heartbeat_at"], device=one["device"])
    if one["dated_ahead"]:
        entries = count(one["dated_ahead"], "entry", "entries")
        about = f"{name}: its clock was fast"
        text = f"{entries} of its record are dated in the future. Set the laptop’s clock to network time."
        yield _need(4, about, text, "IT", None, device=one["device"])


def _of_visit(one: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    title, keeping = one["title"], one["retention"]
    if keeping["past"] and keeping["files_left"] != 0:
        left = "Its photos" if keeping["files_left"] is None else count(keeping["files_left"], "file")
        verb = "is" if keeping["files_left"] == 1 else "are"
        text = (
            f"{left} {verb} older than {count(keeping['days'], 'day')}. Delete the visit’s folder, or put it on hold."
        )
        about = f"{title}: the keeping time is over"
        yield _need(3, about, text, "the person who may delete", keeping["until"], visit=one["visit"])
    if one["files_missing"]:
        files = count(one["files_missing"], "file")
        text = "The record has more files than the folder. Find out who removed them; look for them in a back-up."
        yield _need(1, f"{title}: {files} missing on the share", text, "IT", None, visit=one["visit"])


def _need(rank: int, about: str, text: str, whom: str, since: Any, **link: str) -> dict[str, Any]:
    since = since if since is None or isinstance(since, str) else since.isoformat(timespec="seconds")
    return {"rank": rank, "about": about, "text": text, "for": whom, "since": since, "link": link}


# --- months, contraventions, keeping ---------------------------------------------------------------------------------


def _months(tally: Tally, asked: Asked) -> list[dict[str, Any]]:
    """The last months, from the first one with an entry, but at least three."""
    today = asked.now.astimezone(asked.clock.zone).date()
    this = today.year * 12 + today.month - 1
    months = tally.months
    first = min((year * 12 + number - 1 for year, number in months), default=this)
    found: list[dict[str, Any]] = []
    for index in range(max(this - MONTHS + 1, min(first, this - 2)), this + 1):
        year, number = index // 12, index % 12 + 1
        one = months.get((year, number), Month())
        words = month(year, number) if number == 1 or not found else month(year, number).split(" ", 1)[0]
        spread = spread_of(one.reach_proven)
        found.append(
            {
                "month": f"{year}-{number:02}",
                "name": words + (f", to the {_ordinal(today.day)}" if index == this else ""),
                "photos": one.photos,
                "bytes": one.bytes,
                "overdue": one.overdue,
                "refused": one.refused,
                "share_refused": one.share_refused,
                "half": None if spread is None else spread["half"],
                "most": None if spread is None else spread["most"],
            }
        )
    return found


def contraventions(devices: Sequence[Mapping[str, Any]], tally: Tally, asked: Asked) -> list[dict[str, Any]]:
    """The events that the policy wants reported, in plain words, each with its entries; the newest first."""
    found = [_breach(one, asked) for one in tally.breaches.values()]
    found += [_damage(one) for one in devices if not one["whole"]]
    return sorted(found, key=lambda one: str(one["last"]), reverse=True)


def _damage(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "what": f"The record of {shown(one['device'])} is damaged: {'; '.join(one['findings'][:3])}. Until this is "
        "explained, what it says after that point proves nothing.",
        "kind": "record",
        "device": one["device"],
        "visit": "",
        "count": len(one["findings"]),
        "first": None,
        "last": one["last_heard"],
        "entries": [],
    }


_KINDS = {
    "overdue": ("{photos} of {visit} did not leave {device} at the first opportunity.", "photo"),
    "refused": ("{photos} of {visit} could not be sent from {device}, and stayed on it.", "photo"),
    "share-lost": ("The share lost {photos} of {visit} that {device} had sent.", "photo"),
    "left-on-share": (
        "{photos} to {visit} broke off on {device} and left files on the share, which IT should look at.",
        "transfer",
    ),
    "share-refused": ("The server refused {device} on {photos}, or was not the school’s own.", "day"),
}


def _breach(one: Breach, asked: Asked) -> dict[str, Any]:
    pattern, unit = _KINDS[one.kind]
    words = None if asked.visits is None else asked.visits.get(one.visit)
    title = shown(words.title if words else one.visit) or "a visit"
    return {
        "what": pattern.format(photos=count(one.count, unit), visit=title, device=shown(one.device)),
        "kind": one.kind,
        "device": one.device,
        "visit": one.visit,
        "count": one.count,
        "first": _iso(one.first),
        "last": _iso(one.last),
        "entries": one.entries,
    }


def _retention(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"visit": one["visit"], "title": one["title"], **one["retention"]}


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="seconds")


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def headline(facts: Mapping[str, Any]) -> tuple[str, str]:
    """The state and the sentence of the first page."""
    needs, devices, well = len(facts["needs"]), facts["devices"], facts["well"]
    laptops = f"{well} of {count(devices, 'laptop')} {'is' if devices == 1 or well == 1 else 'are'} well."
    if well == devices:
        laptops = "The laptop is well." if devices == 1 else f"All {count(devices, 'laptop')} are well."
    if not needs:
        return "ok", f"Nothing needs a person today. {laptops}"
    state = "stop" if facts["needs"][0]["rank"] <= 1 else "ask"
    return state, f"{count(needs, 'thing')} need{'s' if needs == 1 else ''} a person today. {laptops}"


def first_opportunity(facts: Mapping[str, Any]) -> str:
    """In a sentence or two: do photos leave at the first opportunity?"""
    spread = facts["delays"]["reachable_to_checked"]
    if spread is None:
        return "The records do not say how long any photo took."
    overdue = facts["overdue"]
    late = " None is overdue now."
    if overdue:
        late = f" {count(overdue, 'photo')} {'is' if overdue == 1 else 'are'} overdue now."
    return (
        f"Once the network was reachable, half of the photos were sent and checked within {span(spread['half'])}, "
        f"95 in 100 within {span(spread['most'])}.{late}"
    )
