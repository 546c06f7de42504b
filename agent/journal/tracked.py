"""One tracked photo: its state, all that is known about it, and what must be known in that state."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from agent.journal.lifecycle import State
from agent.model.decision import Decision, Verdict
from agent.model.files import Fingerprint, Photo, Volume
from agent.model.ids import PhotoId, TransferId, VisitId
from agent.model.proof import Proof, Receipt
from agent.model.removal import Outcome


@dataclass(frozen=True, slots=True)
class Ended:
    """A transfer of a photo that was changed before it could be removed here; the record does not show this yet."""

    transfer: TransferId
    visit: VisitId


OUT_OF_REACH = frozenset({Outcome.AWAY, Outcome.FOLDER_GONE, Outcome.DISMISSED})
"""Why a photo cannot be worked on while its folder is missing."""

LONGEST_PAUSE = timedelta(minutes=90)
"""Longer than any photo is ever put off at once."""


def has_to_wait(until: datetime, now: datetime) -> bool:
    """Whether it is too early for something put off until then; a time further off than any pause is ignored."""
    return now < until <= now + LONGEST_PAUSE


@dataclass(frozen=True, slots=True)
class TrackedPhoto:
    """A photo, its state and what was learned on the way; all times are instants (aware).

    `looked_at` is when `photo` was first seen in its present form: settling is measured from it. `fingerprints` are
    those of the members, in `photo`'s order. `reachable_at` is when the share could first be reached for this photo. A
    photo with `not_before` waits in the state it has; `attempts` counts failures since it entered that state, `reason`
    says why.

    `volume` is the disk or card it was seen on. `away` says why it cannot be worked on where it is or was (its card is
    missing, its folder is missing, its card is read-only); None if it can. `removing` are the members, by their place
    in `photo`, that this program has removed or was about to: it is durable before the first of them is touched.
    `resent` is how often it was sent again because the share had lost it.
    """

    id: PhotoId
    photo: Photo
    state: State
    found_at: datetime
    looked_at: datetime
    fingerprints: tuple[Fingerprint, ...] = ()
    decision: Decision | None = None
    transfer: TransferId | None = None
    proofs: tuple[Proof, ...] = ()
    receipt: Receipt | None = None
    reachable_at: datetime | None = None
    proven_at: datetime | None = None
    removed_at: datetime | None = None
    not_before: datetime | None = None
    attempts: int = 0
    reason: str | None = None
    volume: Volume | None = None
    away: Outcome | None = None
    removing: tuple[int, ...] = ()
    resent: int = 0
    ended: Ended | None = None

    @property
    def is_here(self) -> bool:
        """Whether the photo's folder was there when it was last looked for."""
        return self.away not in OUT_OF_REACH

    def waits(self, now: datetime) -> bool:
        """Whether it is too early to try the next step.

        A time further off than any pause was stored while the clock was ahead: it does not delay anything.
        """
        return self.not_before is not None and has_to_wait(self.not_before, now)

    def not_after(self, now: datetime) -> Self:
        """This photo with times from the future, left by a clock that was ahead, counted as `now`."""
        held_up = self.not_before is not None and self.not_before > now + LONGEST_PAUSE
        return replace(
            self,
            found_at=min(self.found_at, now),
            looked_at=min(self.looked_at, now),
            reachable_at=self.reachable_at and min(self.reachable_at, now),
            proven_at=self.proven_at and min(self.proven_at, now),
            removed_at=self.removed_at and min(self.removed_at, now),
            not_before=None if held_up else self.not_before,
        )

    def found_again(self, photo: Photo, at: datetime) -> Self:
        """This photo after its file changed: all that was learned about the old content is dropped."""
        ended = self.ended
        if self.state is State.RECORDED and self.transfer and self.decision and self.decision.visit:
            ended = Ended(self.transfer, self.decision.visit)
        return type(self)(self.id, photo, State.FOUND, self.found_at, at, volume=self.volume, ended=ended)

    def to_send_again(self) -> Self:
        """This photo after the share lost its proven copy: decided, without a proof."""
        return type(self)(
            self.id,
            self.photo,
            State.DECIDED,
            self.found_at,
            self.looked_at,
            decision=self.decision,
            reachable_at=self.reachable_at,
            volume=self.volume,
            resent=self.resent + 1,
        )

    def lacks(self) -> str | None:
        """What is missing for the state it claims, or None.

        The last check before a removal outside the pipeline: no photo is proven without a proof of every
        fingerprint, or recorded without a receipt.
        """
        if self.state is State.PRIVATE:
            return "a private photo is never stored as a row"
        if self.state in {State.DECIDED, State.SENT, State.PROVEN, State.RECORDED, State.REMOVED, State.GONE} and (
            self.decision is None or self.decision.verdict is not Verdict.VISIT
        ):
            return "no decision for a visit"
        if self.state in {State.PROVEN, State.RECORDED, State.REMOVED, State.GONE}:
            if not self.proofs:
                return "no proof"
            if not set(self.fingerprints) <= {proof.original for proof in self.proofs}:
                return "a file of it has no proof"
        if self.state in {State.RECORDED, State.REMOVED, State.GONE} and self.receipt is None:
            return "no receipt from the record"
        return None
