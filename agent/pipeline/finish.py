"""From proven to removed: a photo is recorded first, and only then removed from its folder.

The order is the promise. The entry is durable before removal starts; removal needs, for every byte about to be removed,
a proof that the share holds it; and the list of files about to be removed is durable before the first of them is
touched. After a crash at any line here, the next run goes through the same lines again: an entry is not written twice,
and a missing file counts as removed only if this program had noted that it was about to remove it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from agent.errors import LocalFault, RecordError, RemovalRefused
from agent.journal import State, TrackedPhoto
from agent.model.files import Fingerprint
from agent.model.removal import Outcome
from agent.pipeline import entries_of_photo as entries
from agent.pipeline.boundary import Boundary, pause
from agent.pipeline.cardrules import STAYS_ON_CARD, why_it_stays_on_card
from agent.pipeline.context import Context
from agent.pipeline.diskfailed import disk_failed
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.removal_of_photo import Removal, to_be_removed
from agent.pipeline.status import is_kept
from agent.pipeline.whereabouts import absence, draft, note_away, what_is_left
from agent.record import Draft
from agent.record.schema import check
from agent.removal import ReadOnly
from agent.volumes import Mounted

NOT_SYNCED = "the server did not confirm that the photo is on its disk, so it stays on this laptop too: tell IT"
"""Why a photo stays if this alone is missing; a later run asks the server again."""

DISK_FAILED = (
    "the server could not write the photo to its disk, so it stays on this laptop too: IT must look at that disk, and "
    "delete the photo's copy there, which `photo-agent doctor` names; then it is sent again"
)
"""The same, where asking again would prove nothing."""

UNSYNCED = {NOT_SYNCED, DISK_FAILED}
"""The share is looked at all the same: its copy may be gone."""


def put_on_record(context: Context, tracked_photos: Sequence[TrackedPhoto], audience: Audience) -> list[TrackedPhoto]:
    """Write an entry for each proven photo, durable on return; the photos are then `recorded`."""
    now = context.clock()

    def entry(one: TrackedPhoto) -> tuple[TrackedPhoto, Draft]:
        try:
            draft = entries.transferred(context, one).draft(_event(one), now)
            check(draft.kind, draft.body)
        except RecordError as refused:
            raise LocalFault(str(refused)) from refused  # the record may not hold it: that concerns this photo alone
        return one, draft

    drafted = list(Boundary(context, audience).each(tracked_photos, entry))
    if not drafted:
        return []
    receipts = context.record.append_all([draft for _, draft in drafted])
    recorded = [
        replace(tracked, state=State.RECORDED, receipt=receipt)
        for (tracked, _), receipt in zip(drafted, receipts, strict=True)
    ]
    context.journal.save(*recorded)
    return recorded


def _event(tracked: TrackedPhoto) -> str:
    """A new one each time the photo is sent again because the share lost it: that is another transfer of the same
    bytes.
    """
    return f"{tracked.id}-transferred" + (f"-again-{tracked.resent}" if tracked.resent else "")


def take_away(
    context: Context, tracked_photos: Sequence[TrackedPhoto], audience: Audience, *, checked_at: datetime | None = None
) -> int:
    """Remove the local copies of recorded photos whose time has come; returns the number of photos removed.

    `checked_at` is when the share's copies were read once more, for photos proven in an earlier run.
    """
    ready: list[TrackedPhoto] = []
    held: list[tuple[TrackedPhoto, str]] = []
    mounted = context.mounted()

    def take(tracked: TrackedPhoto) -> None:
        obstacle = why_it_stays(context, tracked, mounted)
        if obstacle is None:
            ready.append(tracked)
        else:
            held.append((tracked, obstacle))

    for _ in Boundary(context, audience).each(tracked_photos, take):
        continue
    begun = [replace(one, removing=to_be_removed(one)) for one in ready]
    hold(context, held)
    context.journal.save(*begun)  # the list is durable before the first file is touched
    removals = [Removal(one, before=frozenset(before.removing)) for before, one in zip(ready, begun, strict=True)]
    for removal in removals:
        removal.take_away(context)
    return _save_outcomes(context, removals, audience, checked_at)


def hold(context: Context, held: Sequence[tuple[TrackedPhoto, str]]) -> None:
    """Leave these recorded photos in place for now, each with its reason; one that stays on its card gets an entry.

    If a photo was left on its card by the settings and another reason holds it now, the mark is removed.
    """
    staying = [one for one, why in held if why == STAYS_ON_CARD and one.away is not Outcome.KEPT]
    context.record.append_all([draft(context, one, Outcome.KEPT) for one in staying])
    context.journal.save(
        *(
            replace(
                one,
                reason=why,
                away=Outcome.KEPT if why == STAYS_ON_CARD else None if one.away is Outcome.KEPT else one.away,
            )
            for one, why in held
        )
    )


def conclude(context: Context, tracked_photos: Sequence[TrackedPhoto], audience: Audience) -> int:
    """Conclude for recorded photos that have vanished from an existing folder; how many this program had removed."""
    removals = [Removal(one, before=frozenset(one.removing)) for one in tracked_photos]
    for removal in removals:
        removal.take_away(context)
    return _save_outcomes(context, removals, audience, None)


def folder_gone(context: Context, tracked_photos: Sequence[TrackedPhoto]) -> None:
    """The folder of these recorded photos vanished unseen: end them, and record that."""
    context.record.append_all([draft(context, one, Outcome.FOLDER_GONE) for one in tracked_photos])
    context.journal.save(*(_over(one) for one in tracked_photos))


def _without_us(
    context: Context, removals: Sequence[Removal]
) -> tuple[list[tuple[Removal, Outcome]], list[tuple[TrackedPhoto, Outcome]]]:
    """Photos that were missing when they should be removed: some are gone, for others the card was just pulled out."""
    mounted = context.mounted() if removals else None
    gone: list[tuple[Removal, Outcome]] = []
    away: list[tuple[TrackedPhoto, Outcome]] = []
    for removal in removals:
        try:
            outcome = None if mounted is None else absence(removal.tracked, mounted)
        except LocalFault as fault:
            removal.fault = fault  # the system gives no answer, so the photo waits
            continue
        if outcome is Outcome.AWAY:
            away.append((replace(removal.tracked, removing=tuple(sorted(removal.ours))), outcome))
        else:
            gone.append((removal, outcome or Outcome.GONE))
    return gone, away


def _save_outcomes(
    context: Context, removals: Sequence[Removal], audience: Audience, checked_at: datetime | None
) -> int:
    """Write the outcome of the removals into the record and the journal."""
    now = context.clock()
    gone, away = _without_us(context, [removal for removal in removals if removal.fault is None and not removal.done])
    held = [removal for removal in removals if removal.fault is not None]
    removed = [(removal.tracked, entries.removed(context, removal, checked_at)) for removal in removals if removal.done]
    read_only = [
        draft(context, one.tracked, Outcome.READ_ONLY)
        for one in held
        if isinstance(one.fault, ReadOnly) and one.tracked.away is not Outcome.READ_ONLY
    ]
    context.record.append_all(
        [
            *(body.draft(f"{one.id}-removed", now) for one, body in removed),
            *entries.found_elsewhere(removed, now),
            *(draft(context, one.tracked, outcome, files=len(one.ours)) for one, outcome in gone),
            *read_only,
        ]
    )
    context.journal.save(
        *(replace(_over(one), state=State.REMOVED, removed_at=now) for one, _ in removed),
        *(_over(one.tracked) for one, _ in gone),
        *(_held(context, one) for one in held),
    )
    for text in note_away(context, away):
        audience.event(Event(Happened.NOTICE, details={"text": text}))
    mounted = context.mounted() if held else None
    for one in held:
        if isinstance(one.fault, RemovalRefused) and (photo := what_is_left(one.tracked.photo)) is not None:
            if mounted is not None and mounted.removable(photo.main.path.parent):
                # Nobody was asked about the file that now has this name on the card: it is left for the next offer.
                context.record.append_all([draft(context, one.tracked, Outcome.CHANGED)])
                context.journal.save(_over(one.tracked))
            else:
                context.journal.find_again(
                    one.tracked.id, photo, now
                )  # not the photo that was proven, so it must be decided
    for tracked, body in removed:
        audience.event(Event(Happened.REMOVED, tracked.id, {"leftovers": body.as_json()["leftovers"]}))
    for one in held:
        audience.event(Event(Happened.FAILED, one.tracked.id, {"reason": str(one.fault)}))
    return len(removed)


def why_it_stays(context: Context, tracked: TrackedPhoto, mounted: Mounted) -> str | None:
    """Why a recorded photo may not be removed now; None if it may.

    Raises ValueError for a photo that was never recorded or proven: that would be a fault of this program.
    """
    if tracked.receipt is None or not is_proven(tracked.fingerprints, tracked):
        raise ValueError(f"photo {tracked.id} has no complete proof on record")
    if tracked.proven_at is None or is_kept(context, tracked.proven_at):
        hours = f"{context.settings.removal.keep_hours:g}"
        return f"it stays on this laptop for {hours} hours after it was sent, as the settings say"
    on_card = why_it_stays_on_card(context, tracked, mounted)
    unsynced = {proof.name for proof in tracked.proofs if not proof.synced}
    if on_card is None and unsynced:
        if unsynced & disk_failed(context.journal):
            return DISK_FAILED
        return None if context.settings.share.allow_unsynced else NOT_SYNCED
    return on_card


def is_proven(contents: Sequence[Fingerprint], tracked: TrackedPhoto) -> bool:
    """Whether the content of every local file is known, and a proof covers each of them."""
    covered = {proof.original for proof in tracked.proofs}
    return len(contents) == len(tracked.photo.members) and all(content in covered for content in contents)


def _over(tracked: TrackedPhoto) -> TrackedPhoto:
    return replace(tracked, state=State.GONE, away=None, reason=None, not_before=None)


def _held(context: Context, removal: Removal) -> TrackedPhoto:
    """The photo waits; the members removed so far are noted, so that later losses are not mistaken for our removals."""
    attempts = removal.tracked.attempts + 1
    return replace(
        removal.tracked,
        attempts=attempts,
        not_before=context.clock() + pause(attempts),
        reason=str(removal.fault),
        removing=removal.known_to_be_ours(),
        away=Outcome.READ_ONLY if isinstance(removal.fault, ReadOnly) else None,
    )
