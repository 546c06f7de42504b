"""The record's entries about one photo: that it was transferred, that it was removed, and where else it was seen."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from agent.journal import TrackedPhoto
from agent.model.removal import Known
from agent.pipeline.context import Context
from agent.pipeline.damage import on_record
from agent.pipeline.recordable import transfer_of, visit_of
from agent.pipeline.removal_of_photo import Removal
from agent.record import Draft
from agent.record.bodies import HeldFile, LeftoverPlace, LeftoverReported, Removed, Transferred
from agent.record.words import DecidedBy


def transferred(context: Context, tracked: TrackedPhoto) -> Transferred:
    """The share holds its files, proven. ValueError if it does not: that would be a fault of this program."""
    decision = tracked.decision
    if decision is None or tracked.proven_at is None:
        raise ValueError(f"photo {tracked.id} was not proven")
    return Transferred(
        photo=tracked.id,
        transfer=transfer_of(tracked),
        visit=visit_of(tracked),
        register_version=decision.register_version,
        decided_by=DecidedBy.PERSON if decision.by_person else DecidedBy.RULES,
        staff=context.settings.device.staff,
        level=decision.level,
        found_at=tracked.found_at,
        reachable_at=tracked.reachable_at,
        proven_at=tracked.proven_at,
        files=tuple(
            HeldFile(
                name=proof.name,
                original_sha256=proof.original.sha256,
                original_size=proof.original.size,
                held_sha256=proof.held.sha256,
                held_size=proof.held.size,
                method=proof.method.value,
                synced=proof.synced,
            )
            for proof in tracked.proofs
        ),
        damage=on_record(tracked),
    )


def removed(context: Context, removal: Removal, checked_at: datetime | None) -> Removed:
    """This program removed it, or a part of it; `checked_at` is when the share was read again, if it was."""
    tracked = removal.tracked
    return Removed(
        photo=tracked.id,
        transfer=transfer_of(tracked),
        visit=visit_of(tracked),
        files=len(removal.ours),
        thumbnails=removal.thumbnails,
        removed_at=context.clock(),
        leftovers=tuple(
            LeftoverPlace(kind=leftover.kind, found=leftover.found, detail=leftover.detail)
            for leftover in removal.leftovers
        ),
        unseen=len(removal.unseen) or None,
        gone=len(removal.lost) or None,
        checked_at=checked_at,
    )


def found_elsewhere(removed: Sequence[tuple[TrackedPhoto, Removed]], now: datetime) -> Iterator[Draft]:
    """A separate entry for each photo that was also seen elsewhere, so that IT is warned."""
    for tracked, body in removed:
        found = tuple(one for one in body.leftovers if one.found is Known.YES)
        if found:
            reported = LeftoverReported(photo=body.photo, transfer=body.transfer, visit=body.visit, leftovers=found)
            yield reported.draft(f"{tracked.id}-leftovers", now)
