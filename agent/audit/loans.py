"""The School Business Manager's list: who had which of the school's cameras and cards, and when, from the record.

The record says when photos were sent from a card, and by whom; not when a camera was handed out or given back. So a
loan runs from the first card that a person sent to the last one before somebody else sent from the same camera.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TextIO

from agent.audit.show import formula_safe
from agent.record.entry import Entry
from agent.record.kinds import EntryKind

COLUMNS = ("camera", "card", "serial", "staff", "device", "first", "last", "times", "photos")


@dataclass(frozen=True, slots=True)
class Loan:
    """`camera` is its label in the cameras register, empty if the photos name none of the school's cameras. `card` and
    `serial` are the label and serial number of its card, if known. `first` and `last` are when a card was put in,
    `times` how often, `photos` how many visit photos came from it.
    """

    camera: str
    card: str
    serial: str
    staff: str
    device: str
    first: datetime
    last: datetime
    times: int
    photos: int

    @property
    def thing(self) -> tuple[str, ...]:
        """What was lent: the camera or, if that is not known, the card."""
        return (self.camera,) if self.camera else ("", self.card, self.serial)


def loans(entries: Iterable[Entry]) -> list[Loan]:
    """The loans that the entries show, grouped by camera and card, each group in order of time."""
    seen = sorted((one for entry in entries if entry.kind is EntryKind.CARD for one in _seen(entry)), key=_when)
    found: list[Loan] = []
    newest: dict[tuple[str, ...], int] = {}
    for one in seen:
        at = newest.get(one.thing)
        if at is not None and (found[at].staff, found[at].device) == (one.staff, one.device):
            before = found[at]
            card, serial = (one.card, one.serial) if one.card or one.serial else (before.card, before.serial)
            found[at] = replace(
                one,
                card=card,
                serial=serial,
                first=before.first,
                times=before.times + 1,
                photos=before.photos + one.photos,
            )
        else:
            newest[one.thing] = len(found)
            found.append(one)
    return sorted(found, key=lambda one: (not one.camera, one.thing, one.first))


def loan_to_json(loan: Loan) -> dict[str, object]:
    """One object, for scripts; unknown values are null."""
    row = {name: getattr(loan, name) for name in COLUMNS}
    return {name: value.isoformat() if isinstance(value, datetime) else value or None for name, value in row.items()}


def write_loans_csv(rows: Iterable[Loan], out: TextIO) -> None:
    """For a spreadsheet, in the form of `show.write_csv`."""
    out.write("\ufeff")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: formula_safe(value) for name, value in loan_to_json(row).items()})


def _seen(entry: Entry) -> list[Loan]:
    """The loans that one entry shows: one for each camera, or one for a card if the camera is not known."""
    body = entry.body
    cameras = body.get("cameras")
    labels = [str(label) for label in cameras] if isinstance(cameras, list) else []
    at = datetime.fromisoformat(str(body["put_in_at"]))
    photos = body["photos"]
    count = photos if isinstance(photos, int) else 0
    card, serial, staff = (str(body.get(name) or "") for name in ("label", "serial", "staff"))
    return [Loan(label, card, serial, staff, entry.device, at, at, 1, count) for label in labels or [""]]


def _when(loan: Loan) -> datetime:
    return loan.first
