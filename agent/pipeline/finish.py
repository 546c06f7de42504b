"""From proven to removed: a photo is recorded first, and only then removed from its folder.

The order is the promise. The entry is durable before removal starts; removal needs, for every byte about to be removed,
a proof that the share holds it; and the list of files about to be removed is durable before the first of them is
touched. After a crash at any line here, the next run goes through the same lines again: an entry is not written twice,
and a missing file counts as removed only if this program had noted that it was about to remove it.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from agent.errors import AgentError, LocalFault, RecordError, RemovalRefused, contained
from agent.folders import look
from agent.journal import State, TrackedPhoto
from agent.model.files import Fingerprint
from agent.model.removal import Known, Leftover, Outcome
from agent.pipeline.boundary import Boundary, pause
from agent.pipeline.cardrules import STAYS_ON_CARD, why_it_stays_on_card
from agent.pipeline.context import Context
from agent.pipeline.damage import on_record
from agent.pipeline.diskfailed import disk_failed
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.recordable import transfer_of, visit_of
from agent.pipeline.status import is_kept
from agent.pipeline.whereabouts import absence, draft, note_away, what_is_left
from agent.record import Draft
from agent.record.bodies import HeldFile, LeftoverPlace, LeftoverReported, Removed, Transferred
from agent.record.schema import check
from agent.record.words import DecidedBy
from agent.removal import ReadOnly, Unconfirmed, Vanished, find_leftovers, half_removed, remove, remove_thumbnails
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
            draft = _transferred(context, one).draft(_event(one), now)
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
    begun = [replace(one, removing=_to_be_removed(one)) for one in ready]
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


@dataclass(slots=True)
class Removal:
    """The removal of one photo: which members this program removed, by their position in it, and which it did not.

    `before` are members that an earlier run had noted as about to be removed. `unseen` are members of `ours` whose
    removal a crash interrupted: the entry gives their number, because somebody else may have removed them.
    """

    tracked: TrackedPhoto
    before: frozenset[int]
    ours: set[int] = field(default_factory=set)
    unseen: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    thumbnails: int = 0
    leftovers: tuple[Leftover, ...] = ()
    fault: AgentError | None = None

    def take_away(self, context: Context) -> None:
        """Remove every member, the main file last, so that the remains after a crash can still be identified by its
        name.
        """
        main = self.tracked.photo.main
        try:
            with contained("a photo"):
                self.leftovers = find_leftovers(main.path, main, now=context.clock())
                for place in reversed(range(len(self.tracked.photo.members))):
                    self._member(place)
        except (LocalFault, RemovalRefused) as fault:
            self.fault = fault

    def _member(self, place: int) -> None:
        path = self.tracked.photo.members[place].file.path
        there = look(path)
        if there is not None:
            try:
                # When a card is put in again, the same file gets another device or inode number: only its content
                # counts.
                remove(there, self.tracked.fingerprints[place])
            except Vanished:
                self.lost.add(place)
            except Unconfirmed:
                self.ours.add(place)  # a later step failed; the next run checks whether the file is gone
                raise
            else:
                self.ours.add(place)
        elif place not in self.before:
            self.lost.add(place)
        elif half_removed(path.parent) or not path.parent.is_dir():
            raise LocalFault("A half-removed photo could not be put back yet. It will be tried again.")
        else:
            # An earlier run was about to remove it, its folder exists, and it is no longer moved aside.
            self.ours.add(place)
            self.unseen.add(place)
        self.thumbnails += remove_thumbnails(path)

    def known_to_be_ours(self) -> tuple[int, ...]:
        """Members that this program removed, for a removal that stopped half-way.

        A member that an earlier run was about to remove, and that still exists, is not included.
        """
        before = self.before - self.ours - self.lost
        return tuple(sorted(self.ours | {place for place in before if not self._is_there(place)}))

    def _is_there(self, place: int) -> bool:
        try:
            return look(self.tracked.photo.members[place].file.path) is not None
        except LocalFault:
            return False

    @property
    def done(self) -> bool:
        """Whether this program removed the photo."""
        return self.fault is None and 0 in self.ours


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


def _to_be_removed(tracked: TrackedPhoto) -> tuple[int, ...]:
    """The members removed before, and those present now; a LocalFault is left for the removal itself to raise."""
    places = set(tracked.removing)
    for place, member in enumerate(tracked.photo.members):
        with contextlib.suppress(LocalFault):
            if look(member.file.path) is not None:
                places.add(place)
    return tuple(sorted(places))


def _save_outcomes(
    context: Context, removals: Sequence[Removal], audience: Audience, checked_at: datetime | None
) -> int:
    """Write the outcome of the removals into the record and the journal."""
    now = context.clock()
    gone, away = _without_us(context, [removal for removal in removals if removal.fault is None and not removal.done])
    held = [removal for removal in removals if removal.fault is not None]
    removed = [(removal.tracked, _removed(context, removal, checked_at)) for removal in removals if removal.done]
    read_only = [
        draft(context, one.tracked, Outcome.READ_ONLY)
        for one in held
        if isinstance(one.fault, ReadOnly) and one.tracked.away is not Outcome.READ_ONLY
    ]
    context.record.append_all(
        [
            *(body.draft(f"{one.id}-removed", now) for one, body in removed),
            *_found_elsewhere(removed, now),
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


def _transferred(context: Context, tracked: TrackedPhoto) -> Transferred:
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


def _found_elsewhere(removed: Sequence[tuple[TrackedPhoto, Removed]], now: datetime) -> Iterator[Draft]:
    """A separate entry for each photo that was also seen elsewhere, so that IT is warned."""
    for tracked, body in removed:
        found = tuple(one for one in body.leftovers if one.found is Known.YES)
        if found:
            reported = LeftoverReported(photo=body.photo, transfer=body.transfer, visit=body.visit, leftovers=found)
            yield reported.draft(f"{tracked.id}-leftovers", now)


def _removed(context: Context, removal: Removal, checked_at: datetime | None) -> Removed:
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
