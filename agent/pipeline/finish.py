"""From proven to removed: put on record, and only then taken away from this folder.

The order is the promise. An entry is durable before removal starts; removal needs, for every byte about to go, a proof
that the share holds it; which files are about to go is durable before the first of them is touched. After a crash at
any line here the next run comes through the same lines again: an entry is not written twice, and a file that is gone
counts as removed only if this program had put down that it would remove it.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from agent.errors import AgentError, LocalFault, RecordError, RemovalRefused, contained
from agent.folders import look
from agent.journal import Standing, State
from agent.model import Fingerprint, Known, Leftover, Outcome
from agent.pipeline.boundary import Boundary, pause
from agent.pipeline.damage import on_record
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.stages import Stages
from agent.pipeline.status import is_kept
from agent.pipeline.whereabouts import absence, draft, put_down_away, what_is_left
from agent.record import JSON, Draft, Kind
from agent.record.schema import check
from agent.removal import ReadOnly, Vanished, find_leftovers, half_removed, remove, remove_thumbnails


def put_on_record(stages: Stages, standings: Sequence[Standing], audience: Audience) -> list[Standing]:
    """Write an entry for each proven photo, durable on return; their standings are then `recorded`."""
    now = stages.clock()

    def entry(one: Standing) -> tuple[Standing, Draft]:
        return one, _fit(Draft(Kind.TRANSFERRED, _transferred(stages, one), _event(one), now))

    drafted = list(Boundary(stages, audience).each(standings, entry))
    if not drafted:
        return []
    receipts = stages.record.append_all([draft for _, draft in drafted])
    recorded = [
        replace(standing, state=State.RECORDED, receipt=receipt)
        for (standing, _), receipt in zip(drafted, receipts, strict=True)
    ]
    stages.journal.save(*recorded)
    return recorded


def _event(standing: Standing) -> str:
    """One for each time that it was sent because the share had lost it: that is another transfer of the same bytes."""
    return f"{standing.id}-transferred" + (f"-again-{standing.resent}" if standing.resent else "")


def take_away(
    stages: Stages, standings: Sequence[Standing], audience: Audience, *, checked_at: datetime | None = None
) -> int:
    """Remove the local copies of recorded photos whose time has come; how many photos went.

    `checked_at` is when the share's copies were read once more, for photos proven in an earlier run.
    """
    ready: list[Standing] = []
    held: list[Standing] = []

    def take(standing: Standing) -> None:
        obstacle = why_it_stays(stages, standing)
        if obstacle is None:
            ready.append(standing)
        else:
            held.append(replace(standing, reason=obstacle))

    for _ in Boundary(stages, audience).each(standings, take):
        continue
    begun = [replace(one, removing=_to_be_removed(one)) for one in ready]
    stages.journal.save(*held, *begun)  # what is about to go is durable before the first file is touched
    removals = [Removal(one, before=frozenset(before.removing)) for before, one in zip(ready, begun, strict=True)]
    for removal in removals:
        removal.take_away(stages)
    return _put_down(stages, removals, audience, checked_at)


def conclude(stages: Stages, standings: Sequence[Standing], audience: Audience) -> int:
    """Of recorded photos of which nothing is where it was, its folder being there: how many this program removed."""
    removals = [Removal(one, before=frozenset(one.removing)) for one in standings]
    for removal in removals:
        removal.take_away(stages)
    return _put_down(stages, removals, audience, None)


def folder_gone(stages: Stages, standings: Sequence[Standing]) -> None:
    """Of these recorded photos the folder is gone, and nobody here saw how: they are over, and on record so."""
    stages.record.append_all([draft(stages, one, Outcome.FOLDER_GONE) for one in standings])
    stages.journal.save(*(_over(one) for one in standings))


@dataclass(slots=True)
class Removal:
    """The removal of one photo: which of its members, by their place in it, this program removed, and which it did not.

    `before` are those that an earlier run had put down as about to be removed.
    """

    standing: Standing
    before: frozenset[int]
    ours: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    thumbnails: int = 0
    leftovers: tuple[Leftover, ...] = ()
    fault: AgentError | None = None

    def take_away(self, stages: Stages) -> None:
        """Remove every member, the main file last, so that what is left after a crash is still known by its name."""
        main = self.standing.photo.main
        try:
            with contained("a photo"):
                self.leftovers = find_leftovers(main.path, main, now=stages.clock())
                for place in reversed(range(len(self.standing.photo.members))):
                    self._member(place)
        except (LocalFault, RemovalRefused) as fault:
            self.fault = fault

    def _member(self, place: int) -> None:
        path = self.standing.photo.members[place].file.path
        there = look(path)
        if there is not None:
            try:
                # A card put in again gives another device or inode number to the same file: the content decides.
                remove(there, self.standing.fingerprints[place])
            except Vanished:
                self.lost.add(place)
            else:
                self.ours.add(place)
        elif place not in self.before:
            self.lost.add(place)
        elif half_removed(path.parent) or not path.parent.is_dir():
            raise LocalFault("A photo that was half removed could not be put back yet; it is tried again.")
        else:
            # It was put down as about to go, its folder is there, and it lies moved aside no more: a crash hid the end.
            self.ours.add(place)
        self.thumbnails += remove_thumbnails(path)

    def known_to_be_ours(self) -> tuple[int, ...]:
        """Members that this program removed, for a removal that stopped half-way: none that is still there."""
        before = self.before - self.ours - self.lost
        return tuple(sorted(self.ours | {place for place in before if not self._is_there(place)}))

    def _is_there(self, place: int) -> bool:
        try:
            return look(self.standing.photo.members[place].file.path) is not None
        except LocalFault:
            return False

    @property
    def done(self) -> bool:
        """Whether this program took the photo away."""
        return self.fault is None and 0 in self.ours


def _without_us(
    stages: Stages, removals: Sequence[Removal]
) -> tuple[list[tuple[Removal, Outcome]], list[tuple[Standing, Outcome]]]:
    """Photos that were not there to be removed: those that are gone, and those whose card was pulled out just now."""
    mounted = stages.mounted() if removals else None
    gone: list[tuple[Removal, Outcome]] = []
    away: list[tuple[Standing, Outcome]] = []
    for removal in removals:
        try:
            outcome = None if mounted is None else absence(removal.standing, mounted)
        except LocalFault as fault:
            removal.fault = fault  # the system does not say: nothing is known, so it waits
            continue
        if outcome is Outcome.AWAY:
            away.append((replace(removal.standing, removing=tuple(sorted(removal.ours))), outcome))
        else:
            gone.append((removal, outcome or Outcome.GONE))
    return gone, away


def _to_be_removed(standing: Standing) -> tuple[int, ...]:
    """Those that were removed before, and those that are there now; LocalFault is left for the removal to meet."""
    places = set(standing.removing)
    for place, member in enumerate(standing.photo.members):
        with contextlib.suppress(LocalFault):
            if look(member.file.path) is not None:
                places.add(place)
    return tuple(sorted(places))


def _put_down(stages: Stages, removals: Sequence[Removal], audience: Audience, checked_at: datetime | None) -> int:
    """Have the record and the journal say what came of it."""
    now = stages.clock()
    gone, away = _without_us(stages, [removal for removal in removals if removal.fault is None and not removal.done])
    held = [removal for removal in removals if removal.fault is not None]
    removed = [(removal.standing, _removed(stages, removal, checked_at)) for removal in removals if removal.done]
    read_only = [
        draft(stages, one.standing, Outcome.READ_ONLY)
        for one in held
        if isinstance(one.fault, ReadOnly) and one.standing.away is not Outcome.READ_ONLY
    ]
    stages.record.append_all(
        [
            *(Draft(Kind.REMOVED, body, f"{one.id}-removed", now) for one, body in removed),
            *_found_elsewhere(removed, now),
            *(draft(stages, one.standing, outcome, files=len(one.ours)) for one, outcome in gone),
            *read_only,
        ]
    )
    stages.journal.save(
        *(replace(_over(one), state=State.REMOVED, removed_at=now) for one, _ in removed),
        *(_over(one.standing) for one, _ in gone),
        *(_held(stages, one) for one in held),
    )
    for text in put_down_away(stages, away):
        audience.event(Event(Happened.NOTICE, details={"text": text}))
    for one in held:
        if isinstance(one.fault, RemovalRefused) and (photo := what_is_left(one.standing.photo)) is not None:
            stages.journal.find_again(one.standing.id, photo, now)  # not what was proven: another photo, to be decided
    for standing, body in removed:
        audience.event(Event(Happened.REMOVED, standing.id, {"leftovers": body["leftovers"]}))
    for one in held:
        audience.event(Event(Happened.FAILED, one.standing.id, {"reason": str(one.fault)}))
    return len(removed)


def why_it_stays(stages: Stages, standing: Standing) -> str | None:
    """Why a recorded photo may not be removed now; None where it may.

    Raises ValueError for one that was never recorded or proven: that would be a fault of this program.
    """
    if standing.receipt is None or not is_proven(standing.fingerprints, standing):
        raise ValueError(f"photo {standing.id} has no complete proof on record")
    if not stages.settings.share.allow_unsynced and not all(proof.synced for proof in standing.proofs):
        return "the server did not confirm that the photo is on its disk (no fsync), so it stays here too: tell IT"
    if standing.proven_at is None or is_kept(stages, standing.proven_at):
        return f"kept for {stages.settings.removal.keep_hours:g} hours after its proof, as the settings say"
    return None


def is_proven(contents: Sequence[Fingerprint], standing: Standing) -> bool:
    """Whether a proof covers every one of the local contents, and every local file has a known content."""
    covered = {proof.original for proof in standing.proofs}
    return len(contents) == len(standing.photo.members) and all(content in covered for content in contents)


def _over(standing: Standing) -> Standing:
    return replace(standing, state=State.GONE, away=None, reason=None, not_before=None)


def _fit(draft: Draft) -> Draft:
    """The draft, if the record may hold it. LocalFault where not: that concerns this photo alone."""
    try:
        check(draft.kind, draft.body)
    except RecordError as refused:
        raise LocalFault(str(refused)) from refused
    return draft


def _held(stages: Stages, removal: Removal) -> Standing:
    """It waits; of its members, those that went are known, so that what goes from now on is not taken for our doing."""
    attempts = removal.standing.attempts + 1
    return replace(
        removal.standing,
        attempts=attempts,
        not_before=stages.clock() + pause(attempts),
        reason=str(removal.fault),
        removing=removal.known_to_be_ours(),
        away=Outcome.READ_ONLY if isinstance(removal.fault, ReadOnly) else None,
    )


def _transferred(stages: Stages, standing: Standing) -> dict[str, JSON]:
    decision = standing.decision
    if decision is None or standing.transfer is None or standing.proven_at is None:
        raise ValueError(f"photo {standing.id} was not proven")
    damage = on_record(standing)
    return {
        "photo": standing.id,
        "transfer": standing.transfer,
        "visit": decision.visit,
        "register_version": decision.register_version,
        "decided_by": "person" if decision.by_person else "rules",
        "staff": stages.settings.device.staff,
        "level": decision.level.value,
        "found_at": standing.found_at.isoformat(),
        "reachable_at": None if standing.reachable_at is None else standing.reachable_at.isoformat(),
        "proven_at": standing.proven_at.isoformat(),
        "files": [
            {
                "name": proof.name,
                "original_sha256": proof.original.sha256,
                "original_size": proof.original.size,
                "held_sha256": proof.held.sha256,
                "held_size": proof.held.size,
                "method": proof.method.value,
                "synced": proof.synced,
            }
            for proof in standing.proofs
        ],
        **({} if damage is None else {"damage": damage}),
    }


def _found_elsewhere(removed: Sequence[tuple[Standing, dict[str, JSON]]], now: datetime) -> Iterator[Draft]:
    """An entry of its own for each photo that was seen to be elsewhere too, so that IT is warned of it."""
    for standing, body in removed:
        leftovers = cast("list[dict[str, JSON]]", body["leftovers"])
        found: list[JSON] = [dict(one) for one in leftovers if one["found"] == Known.YES]
        if found:
            told: dict[str, JSON] = {name: body[name] for name in ("photo", "transfer", "visit")}
            yield Draft(Kind.LEFTOVER_REPORTED, told | {"leftovers": found}, f"{standing.id}-leftovers", now)


def _removed(stages: Stages, removal: Removal, checked_at: datetime | None) -> dict[str, JSON]:
    standing = removal.standing
    return {
        "photo": standing.id,
        "transfer": standing.transfer,
        "visit": None if standing.decision is None else standing.decision.visit,
        "files": len(removal.ours),
        "thumbnails": removal.thumbnails,
        "removed_at": stages.clock().isoformat(),
        "leftovers": [
            {"kind": leftover.kind, "found": leftover.found.value, "detail": leftover.detail}
            for leftover in removal.leftovers
        ],
        **({"gone": len(removal.lost)} if removal.lost else {}),
        **({} if checked_at is None else {"checked_at": checked_at.isoformat()}),
    }
