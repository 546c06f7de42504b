"""From proven to removed: put on record, and only then taken away from this folder.

The order is the promise. An entry is durable before removal starts; removal needs, for every byte about to go, a proof
that the share holds it. After a crash at any line here the next run comes through the same lines again: an entry is not
written twice, a file that has gone already counts as removed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from agent.errors import LocalFault, RecordError
from agent.folders import look
from agent.journal import Standing, State
from agent.model import Fingerprint, Known, Leftover, LocalFile
from agent.pipeline.boundary import Boundary
from agent.pipeline.damage import on_record
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.stages import Stages
from agent.pipeline.status import is_kept
from agent.record import JSON, Draft, Kind
from agent.record.schema import check
from agent.removal import find_leftovers, remove, remove_thumbnails


def put_on_record(stages: Stages, standings: Sequence[Standing], audience: Audience) -> list[Standing]:
    """Write an entry for each proven photo, durable on return; their standings are then `recorded`."""
    now = stages.clock()

    def entry(one: Standing) -> tuple[Standing, Draft]:
        return one, _fit(Draft(Kind.TRANSFERRED, _transferred(stages, one), f"{one.id}-transferred", now))

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


def take_away(stages: Stages, standings: Sequence[Standing], audience: Audience) -> int:
    """Remove the local copies of recorded photos whose time has come; how many photos went."""
    removed: list[tuple[Standing, dict[str, JSON]]] = []
    held: list[Standing] = []

    def take(standing: Standing) -> None:
        obstacle = why_it_stays(stages, standing)
        if obstacle is not None:
            held.append(replace(standing, reason=obstacle))
        else:
            removed.append((standing, _remove(stages, standing)))

    for _ in Boundary(stages, audience).each(standings, take):
        continue
    stages.journal.save(*held)
    if removed:
        now = stages.clock()
        gone = [Draft(Kind.REMOVED, body, f"{one.id}-removed", now) for one, body in removed]
        stages.record.append_all([*gone, *_found_elsewhere(removed, now)])
        stages.journal.save(
            *(replace(one, state=State.REMOVED, removed_at=now, reason=None, not_before=None) for one, _ in removed)
        )
        for standing, body in removed:
            audience.event(Event(Happened.REMOVED, standing.id, {"leftovers": body["leftovers"]}))
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


def _remove(stages: Stages, standing: Standing) -> dict[str, JSON]:
    """Remove every member, the main file last, so that what is left after a crash is still known by its name."""
    main = standing.photo.main
    leftovers = find_leftovers(main.path, main, now=stages.clock())
    files = thumbnails = 0
    for member, content in reversed(list(zip(standing.photo.members, standing.fingerprints, strict=True))):
        files += _remove_if_there(member.file, content)
        thumbnails += remove_thumbnails(member.file.path)
    return _removed(stages, standing, files, thumbnails, leftovers)


def _remove_if_there(file: LocalFile, content: Fingerprint) -> bool:
    there = look(file.path)
    if there is None:
        # Gone since it was proven: removed before a crash, or by its owner. Either way it is not here any more.
        return False
    # A card put in again, or a restart, gives another device or inode number to the same file: the content decides.
    remove(there, content)
    return True


def _fit(draft: Draft) -> Draft:
    """The draft, if the record may hold it. LocalFault where not: that concerns this photo alone."""
    try:
        check(draft.kind, draft.body)
    except RecordError as refused:
        raise LocalFault(str(refused)) from refused
    return draft


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


def _removed(
    stages: Stages, standing: Standing, files: int, thumbnails: int, leftovers: Sequence[Leftover]
) -> dict[str, JSON]:
    return {
        "photo": standing.id,
        "transfer": standing.transfer,
        "visit": None if standing.decision is None else standing.decision.visit,
        "files": files,
        "thumbnails": thumbnails,
        "removed_at": stages.clock().isoformat(),
        "leftovers": [
            {"kind": leftover.kind, "found": leftover.found.value, "detail": leftover.detail} for leftover in leftovers
        ],
    }
