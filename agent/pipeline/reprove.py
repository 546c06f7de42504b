"""Proofs age: if a photo was proven in an earlier run, its copy on the share is read again before the photo is removed.

Somebody may have deleted or altered the share's copy meanwhile, and the one here may be the last. Then it stays here,
the loss is recorded and reported, and the photo is sent again. If the server could not be asked then whether a file is
on its disk, it is asked now. If it said that its disk failed, it is not asked again: its next answer proves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.journal import TrackedPhoto
from agent.model.files import Fingerprint
from agent.model.ids import RemoteName
from agent.model.proof import Proof
from agent.pipeline.boundary import pause
from agent.pipeline.context import Context
from agent.pipeline.diskfailed import remember
from agent.pipeline.finish import DISK_FAILED, NOT_SYNCED
from agent.pipeline.recordable import transfer_of, visit_of
from agent.record.bodies import ShareLost
from agent.record.words import Lost
from agent.share import Share, Still

SHARE_LOST_IT = "the school network has lost or changed its copy, so it is sent again: tell IT"

LOST = (Still.DIFFERENT, Still.GONE)

_Key = tuple[RemoteName, Fingerprint, bool]


@dataclass(frozen=True, slots=True)
class Proven:
    """Photos that the share still holds, and that it has lost; how many cannot be read back, and how many did not get
    onto its disk.
    """

    still: tuple[TrackedPhoto, ...]
    gone: tuple[TrackedPhoto, ...] = ()
    unread: int = 0
    failed: int = 0

    def __add__(self, other: "Proven") -> "Proven":
        return Proven(
            (*self.still, *other.still),
            (*self.gone, *other.gone),
            self.unread + other.unread,
            self.failed + other.failed,
        )

    @property
    def lost(self) -> int:
        """How many the share has lost."""
        return len(self.gone)

    @property
    def notices(self) -> list[str]:
        """What a person is told about the photos that stay on this laptop."""
        said = [_said(self.lost)] if self.lost else []
        if self.unread:
            said.append(f"{_photos(self.unread)} cannot be read back from the school network and stay here. Tell IT.")
        if self.failed:
            said.append(
                f"The server could not write {_photos(self.failed)} to its disk. None was removed here. Tell IT: "
                "`photo-agent doctor` names the files."
            )
        return said


def prove_again(context: Context, share: Share, tracked_photos: Sequence[TrackedPhoto]) -> Proven:
    """Check which of these recorded photos the share still holds; the lost ones are to be sent again."""
    proofs = {_key(proof): proof for one in tracked_photos for proof in one.proofs}
    sync = not context.settings.share.allow_unsynced
    try:
        answers = dict(zip(proofs, share.still_holds(list(proofs.values()), sync=sync), strict=True))
    finally:
        remember(context.journal, share)
    still: list[TrackedPhoto] = []
    unread: list[TrackedPhoto] = []
    unsynced: list[TrackedPhoto] = []
    failed: list[TrackedPhoto] = []
    lost: list[tuple[TrackedPhoto, Still]] = []
    for one in tracked_photos:
        found = [answers[_key(proof)] for proof in one.proofs]
        wrong = next((answer for answer in LOST if answer in found), None)
        if wrong is not None:
            lost.append((one, wrong))
        elif Still.DISK_FAILED in found:
            failed.append(one)
        elif Still.UNREADABLE in found:
            unread.append(one)
        elif Still.NOT_SYNCED in found:
            unsynced.append(one)
        else:
            still.append(_synced(one) if sync else one)
    _wait(context, unread, "it could not be read back from the school network: tell IT")
    _wait(context, unsynced, NOT_SYNCED)
    _wait(context, failed, DISK_FAILED)
    context.journal.save(*still)
    _send_again(context, lost, answers)
    return Proven(tuple(still), tuple(one for one, _ in lost), len(unread), len(failed))


def confirm(context: Context, share: Share, staying: Sequence[TrackedPhoto]) -> Proven:
    """The same for photos that stay on their card; a server that can still confirm nothing does not read them all."""
    if share.abilities().fsync:
        return prove_again(context, share, staying)
    _wait(context, staying, NOT_SYNCED)
    return Proven(())


def _send_again(context: Context, lost: Sequence[tuple[TrackedPhoto, Still]], answers: dict[_Key, Still]) -> None:
    now = context.clock()
    drafts = []
    for one, found in lost:
        body = ShareLost(
            photo=one.id,
            transfer=transfer_of(one),
            visit=visit_of(one),
            found=Lost.GONE if found is Still.GONE else Lost.DIFFERENT,
            names=tuple(proof.name for proof in one.proofs if answers[_key(proof)] in LOST),
        )
        drafts.append(body.draft(f"{one.id}-share-lost-{one.resent + 1}", now))
    context.record.append_all(drafts)
    # A share that takes everything away is not given it again and again.
    again = {one.id: now + pause(one.resent) if one.resent else None for one, _ in lost}
    context.journal.send_again(again, SHARE_LOST_IT)


def _key(proof: Proof) -> _Key:
    """What decides about the answer: copies may rest on the same file, and not all of them on one that was synced."""
    return proof.name, proof.held, proof.synced


def _synced(tracked: TrackedPhoto) -> TrackedPhoto:
    return replace(tracked, proofs=tuple(replace(proof, synced=True) for proof in tracked.proofs))


def _wait(context: Context, waiting: Sequence[TrackedPhoto], why: str) -> None:
    now = context.clock()
    context.journal.save(
        *(
            replace(one, attempts=one.attempts + 1, not_before=now + pause(one.attempts + 1), reason=why)
            for one in waiting
        )
    )


def _said(count: int) -> str:
    copies, stay = ("copy", "stays") if count == 1 else ("copies", "stay")
    return (
        f"The school network has lost or changed {_photos(count)} that had arrived there. The {copies} on this laptop "
        f"{stay} and will be sent again. Tell IT."
    )


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count} photos"
