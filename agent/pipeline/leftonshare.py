"""Files that got their final name on the share just before a crash and will not be sent again, because the photo was
removed here, turned out to be private, or now belongs to another visit.

No record has them as transferred, and this program deletes nothing on the share. So it looks for such files by their
exact names, records them as left on the share, and asks the user to tell IT. Nothing is said about the photos.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from agent.journal import State
from agent.model.files import Fingerprint
from agent.model.ids import RemoteName, TransferId, VisitId
from agent.model.proof import Method, Proof
from agent.pipeline.context import Context
from agent.pipeline.former import own_entries
from agent.pipeline.halfsent import Begun, HalfSentTransfers
from agent.pipeline.pack import transfer_of
from agent.record import JSON, Draft, EntryKind
from agent.record.bodies import LeftOnShare
from agent.share import Share, Still, another

MOST_CHOICES = 20
"""If a name was taken, the program also looks under NAME-2 to NAME-20."""

_COMES_YET = (State.FOUND, State.SETTLED, State.DECIDED, State.SENT, State.REVIEW, State.PROVEN)
"""States in which a photo's transfer may still be completed or recorded as it was begun."""


def still_to_come(context: Context, half_sent: HalfSentTransfers) -> set[TransferId]:
    """The transfers that have begun and may still be completed or recorded."""
    if not half_sent.begun():
        return set()
    tracked = (one for chunk in context.journal.chunks(*_COMES_YET) for one in chunk)
    return {
        one.transfer
        for one in tracked
        if one.transfer is not None
        and (one.state not in {State.DECIDED, State.SENT} or one.transfer == transfer_of(context, one))
    }


def over(context: Context, half_sent: HalfSentTransfers) -> list[Begun]:
    """The transfers that began and will not continue: what they left on the share is only looked for."""
    come = still_to_come(context, half_sent)
    return [begun for begun in half_sent.begun() if begun.left.transfer not in come]


def not_sent_again(context: Context, half_sent: HalfSentTransfers) -> list[Begun]:
    """The transfers that are over, with the names that no record has."""
    named = [begun for begun in over(context, half_sent) if begun.names]
    if not named:
        return []
    recorded = _names_on_record(context)
    open_ones = (replace(one, names=tuple(name for name in one.names if name[0] not in recorded)) for one in named)
    return [one for one in open_ones if one.names]


def look_for(context: Context, share: Share, ended: Sequence[Begun]) -> tuple[list[RemoteName], set[TransferId]]:
    """Record the files of these transfers on the share; returns their names, and the transfers with unreadable files.

    Raises ShareUnreachable, RecordError.
    """
    found: list[RemoteName] = []
    unread: set[TransferId] = set()
    for begun in ended:
        here = []
        for name, held in begun.names:
            there, certain = _found(context, share, name, held)
            if there is not None:
                here.append(there)
            elif not certain:
                unread.add(begun.left.transfer)
        here = sorted(set(here) - _names_on_record(context)) if here else []
        if here:
            context.record.append_all([_draft(context, begun, here)])
            found += here
    return found, unread


def notice_of(names: Sequence[RemoteName]) -> str:
    """The sentence about them for a person."""
    files, were, them = ("1 file", "has", "it") if len(names) == 1 else (f"{len(names)} files", "have", "them")
    some = ", ".join(names[:3]) + (f" and {len(names) - 3} more, which the record names" if len(names) > 3 else "")
    return (
        f"{files} that this laptop was sending when it was cut off {were} a name on the school network, and will not "
        f"be sent again: {some}. This program deletes nothing there. Tell IT: they must delete {them}, unless the "
        "record of another laptop has the same name."
    )


def _found(context: Context, share: Share, name: RemoteName, held: Fingerprint) -> tuple[RemoteName | None, bool]:
    """The name under which the share holds this content, or None; and whether that is certain."""
    certain = True
    for choice in range(1, MOST_CHOICES + 1):
        there = another(name, choice)
        proof = Proof(there, held, held, Method.READ_BACK, synced=False, at=context.clock())
        (still,) = share.still_holds([proof])
        if still is Still.HOLDS:
            return there, True
        if still is Still.GONE:
            break
        certain = certain and still is not Still.UNREADABLE
    return None, certain


def _draft(context: Context, begun: Begun, names: Sequence[RemoteName]) -> Draft:
    transfer, visit = begun.left.transfer, VisitId(begun.left.folder.rpartition("/")[2])
    body = LeftOnShare(transfer=transfer, visit=visit, names=tuple(names))
    which = hashlib.sha256("\0".join(names).encode()).hexdigest()[:16]
    return body.draft(f"{transfer}-left-{which}", context.clock())


def _names_on_record(context: Context) -> set[str]:
    names = set[str]()
    for entry in own_entries(context.settings):
        if entry.kind is EntryKind.TRANSFERRED:
            names.update(str(file["name"]) for file in cast("list[dict[str, JSON]]", entry.body.get("files", [])))
    return names
