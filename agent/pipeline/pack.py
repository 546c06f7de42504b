"""Prepares one decided photo for the share: names, tag, and for each of its files the exact bytes.

Everything here follows from the content, the decision and the register, and not from the time: a photo packed again
after a crash gives the same names and the same bytes, so that files which had arrived are recognised.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePath
from zoneinfo import ZoneInfo

from agent.folders import fingerprint
from agent.journal import TrackedPhoto
from agent.model.capture import Capture
from agent.model.decision import Decision
from agent.model.delivery import Delivery, Outgoing, Splice
from agent.model.files import Fingerprint, LocalFile, Member, Role
from agent.model.ids import RemoteName, Sha256, TransferId, VisitId
from agent.model.register import Visit
from agent.model.times import Level
from agent.pipeline.clocks import latest
from agent.pipeline.context import Context
from agent.pipeline.jobs import merge_tag, plan_tag
from agent.share import another, photo_stem, remote_name
from agent.tagging import Tag, sidecar
from agent.tagging.jobs import MOST_MERGED


def measured(context: Context, tracked: TrackedPhoto) -> TrackedPhoto:
    """The photo with the fingerprints of its files and its transfer id. Reads every file completely, or LocalFault."""
    fingerprints = tuple(fingerprint(member.file) for member in tracked.photo.members)
    return replace(
        tracked,
        fingerprints=fingerprints,
        transfer=_transfer_id(context.settings.device.name, _visit_id(tracked), fingerprints),
    )


def transfer_of(context: Context, tracked: TrackedPhoto) -> TransferId | None:
    """The transfer that follows from a measured photo's decision; None if it is not measured, or not of a visit."""
    if not tracked.fingerprints or tracked.decision is None or tracked.decision.visit is None:
        return None
    return _transfer_id(context.settings.device.name, tracked.decision.visit, tracked.fingerprints)


def pack(context: Context, tracked: TrackedPhoto, capture: Capture) -> Delivery:
    """The delivery of a measured photo, whose main file has this `capture`. LocalFault if a file cannot be read."""
    decision, transfer = tracked.decision, tracked.transfer
    if decision is None or transfer is None:
        raise ValueError("only a decided and measured photo can be packed")
    main = tracked.photo.main
    visit = _visit_id(tracked)
    registered = _registered(context, visit)
    stem = photo_stem(_local(context, decision, registered), capture.camera, tracked.fingerprints[0])
    tag = Tag(
        visit=visit,
        title=visit if registered is None else registered.title,
        transfer=transfer,
        original=tracked.fingerprints[0],
        taken=decision.taken,
        level=decision.level,
        owner=context.settings.device.staff,
    )
    files: list[Outgoing] = []
    for member, content in zip(tracked.photo.members, tracked.fingerprints, strict=True):
        name = remote_name(visit, stem, _suffix(member, main))
        kind = capture.format if member.role is Role.MAIN else _format(context, member)
        foreign = _foreign(tracked) if member.role is Role.MAIN else None
        for outgoing in _files_of(context, member, content, kind, tag, name, foreign):
            files.append(replace(outgoing, name=_free(outgoing.name, files)))
    return Delivery(transfer=transfer, photo=tracked.id, files=tuple(files))


def _format(context: Context, member: Member) -> str:
    return context.capture.read(member.file.path, now=latest(context)).format


def _files_of(
    context: Context,
    member: Member,
    content: Fingerprint,
    kind: str,
    tag: Tag,
    name: RemoteName,
    foreign: tuple[Path, Fingerprint] | None,
) -> Iterator[Outgoing]:
    """The member with the tag inside, if that is safe; otherwise unchanged, with the tag in a file beside it.

    The contents of another program's sidecar are merged into ours; that sidecar itself is sent along unchanged.
    """
    if member.role is Role.SIDECAR:
        yield Outgoing(name=name, source=member.file, original=content)
        return
    own = replace(tag, original=content)
    how = plan_tag(context.worker, member.file.path, kind, own)
    if isinstance(how, Splice):
        yield Outgoing(name=name, source=member.file, original=content, splice=how)
        return
    yield Outgoing(name=name, source=member.file, original=content)
    beside = sidecar(own) if foreign is None else merge_tag(context.worker, *foreign, own)
    made = Fingerprint(Sha256(hashlib.sha256(beside).hexdigest()), len(beside))
    yield Outgoing(name=RemoteName(f"{name}.xmp"), source=beside, original=made)


def _foreign(tracked: TrackedPhoto) -> tuple[Path, Fingerprint] | None:
    """Another program's XMP sidecar of the photo, if there is one; one that is too large is only sent along."""
    for member, content in zip(tracked.photo.members, tracked.fingerprints, strict=True):
        if member.file.path.suffix.lower() == ".xmp" and content.size <= MOST_MERGED:
            return member.file.path, content
    return None


def _free(name: RemoteName, taken: list[Outgoing]) -> RemoteName:
    """The name, or the next free one in this delivery: another program's sidecar may have the same name as ours."""
    names = {outgoing.name for outgoing in taken}
    free, number = name, 2
    while free in names:
        free, number = another(name, number), number + 1
    return free


def _suffix(member: Member, main: LocalFile) -> str:
    """`.jpg` for a photo; `.xmp` for a sidecar, or `.jpg.xmp` if its name has both."""
    name = PurePath(member.file.path.name)
    if member.role is Role.SIDECAR and name.stem.lower() == main.path.name.lower():
        return main.path.suffix + name.suffix
    return name.suffix


def _transfer_id(device: str, visit: VisitId, fingerprints: tuple[Fingerprint, ...]) -> TransferId:
    contents = "\0".join(content.sha256 for content in fingerprints)
    return TransferId(hashlib.sha256(f"{device}\0{visit}\0{contents}".encode()).hexdigest()[:32])


def _visit_id(tracked: TrackedPhoto) -> VisitId:
    if tracked.decision is None or tracked.decision.visit is None:
        raise ValueError("only a photo of a visit is sent")
    return tracked.decision.visit


def _registered(context: Context, visit: VisitId) -> Visit | None:
    register = context.registers.current()
    return None if register is None else next((known for known in register.visits if known.id == visit), None)


def _local(context: Context, decision: Decision, visit: Visit | None) -> datetime | None:
    """The wall-clock time at the place of the visit, for the name by which people sort.

    If the visit has several zones, the one furthest ahead is used, so that one clock orders all photos of the visit.
    That includes photos whose own clock was read in every zone, because the earliest of these readings uses that zone.
    """
    if (
        decision.taken is None or decision.level is Level.UPPER_BOUND
    ):  # the time is only "not later than", so its earliest value is not a date of the photo
        return None
    zones = [context.zone] if visit is None else [ZoneInfo(zone) for zone in visit.zones]
    return max(decision.taken.earliest.astimezone(zone).replace(tzinfo=None) for zone in zones)
