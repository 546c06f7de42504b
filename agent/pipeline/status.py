"""What waits, since when and why, and the state of the register, the share and the service. Only reads."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import filelock

from agent.errors import ShareRefused
from agent.journal import State, TrackedPhoto
from agent.model.removal import Outcome
from agent.pipeline.cards import spoken_cards
from agent.pipeline.clocks import age, known_wrong, went_back
from agent.pipeline.context import Context
from agent.pipeline.damage import DamagedPhotos, so_far
from agent.pipeline.events import Exit
from agent.pipeline.inspect_record import LastInspection, last_inspection
from agent.pipeline.journal_keys import LAST_REACHED, REGISTER_REFUSAL, SHARE_TROUBLE, UNPUBLISHED
from agent.pipeline.misgivings import misgivings
from agent.pipeline.overdue import WAITING, is_overdue
from agent.pipeline.places import lock_file
from agent.pipeline.receivers import Receiver, receivers
from agent.pipeline.renew import no_register
from agent.settings import Settings


@dataclass(frozen=True, slots=True)
class WaitingPhoto:
    """One photo on its way, and why it is still here."""

    tracked: TrackedPhoto
    since: datetime
    reason: str | None
    overdue: bool
    kept: bool = False


@dataclass(frozen=True, slots=True)
class ShareTrouble:
    """Why the share cannot be used, and since when; the exit code of such a fault."""

    exit_code: int
    why: str
    since: datetime
    other_identity: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """Everything `status` shows."""

    counts: dict[State, int]
    waiting: tuple[WaitingPhoto, ...]
    register_version: str | None
    register_visits: int
    register_read_at: datetime | None
    register_trouble: str | None
    share_trouble: "ShareTrouble | None"
    share_last_reached: datetime | None
    record_trouble: str | None
    running: bool
    damage: DamagedPhotos | None
    cards: tuple[str, ...]
    forwarding: tuple[Receiver, ...]
    inspection: LastInspection | None = None
    asked: tuple[WaitingPhoto, ...] = ()
    register_refused: bool = False
    clock_trouble: str | None = None

    @property
    def overdue(self) -> int:
        """Photos that should have left by now."""
        return sum(one.overdue for one in self.waiting)

    @property
    def needs_a_person(self) -> int:
        """Photos that a person has to answer about."""
        return self.counts.get(State.REVIEW, 0) + self.counts.get(State.REFUSED, 0)

    @property
    def to_go(self) -> tuple[WaitingPhoto, ...]:
        """Photos that will be sent or removed by themselves; those left here on purpose do not count."""
        return tuple(one for one in self.waiting if one.tracked.state is not State.REFUSED and not one.kept)

    @property
    def exit_code(self) -> int:
        """The exit code, as of a run: for the share, the register, unsent photos, or open questions."""
        never_read = self.register_version is None  # nobody knows yet which photos are of a visit
        trouble = self.share_trouble
        # Being away from the school's network is normal while nothing waits. Being refused never is.
        if trouble is not None and (self.to_go or never_read or trouble.exit_code == ShareRefused.exit_code):
            return trouble.exit_code
        if self.register_trouble is not None and not never_read:
            return Exit.REGISTER
        if self.to_go:
            return Exit.NOT_YET_SENT
        if never_read and self.register_refused:
            return Exit.REGISTER
        return Exit.REVIEW if self.needs_a_person else Exit.DONE


def status(context: Context) -> Status:
    """The status from the journal, the register's store and the lock."""
    register = context.registers.current()
    reached = context.journal.fact(LAST_REACHED)
    return Status(
        counts=context.journal.counts(),
        waiting=tuple(_waiting(context, tracked) for tracked in context.journal.tracked_photos(*WAITING)),
        register_version=None if register is None else register.version,
        register_visits=0 if register is None else len(register.visits),
        register_read_at=None if register is None else register.read_at,
        register_trouble=context.journal.fact(REGISTER_REFUSAL)
        or no_register(context, register)
        or misgivings(context, register),
        share_trouble=share_trouble(context),
        share_last_reached=None if reached is None else datetime.fromisoformat(reached),
        record_trouble=context.journal.fact(UNPUBLISHED),
        running=is_running(context.settings),
        damage=so_far(context),
        cards=spoken_cards(context) if is_running(context.settings) else (),
        forwarding=receivers(context),
        inspection=last_inspection(context),
        asked=tuple(_waiting(context, tracked) for tracked in context.journal.tracked_photos(State.REVIEW)),
        register_refused=context.journal.fact(REGISTER_REFUSAL) is not None,
        clock_trouble=known_wrong(context) or went_back(context),
    )


def is_running(settings: Settings) -> bool:
    """Whether another instance holds this laptop's lock now."""
    file = lock_file(settings)
    if not file.exists():
        return False
    lock = filelock.FileLock(file, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        return True
    lock.release()
    return False


def _waiting(context: Context, tracked: TrackedPhoto) -> WaitingPhoto:
    kept = tracked.state is State.RECORDED and tracked.proven_at is not None and is_kept(context, tracked.proven_at)
    kept = kept or tracked.away is Outcome.KEPT
    return WaitingPhoto(tracked, tracked.found_at, tracked.reason, is_overdue(context, tracked), kept)


def is_kept(context: Context, proven_at: datetime) -> bool:
    """Whether the settings leave a photo on the laptop that was proven at that time."""
    return age(proven_at, context.clock()) < timedelta(hours=context.settings.removal.keep_hours)


def share_trouble(context: Context) -> ShareTrouble | None:
    """Why the last attempt to use the share failed; None if it succeeded."""
    fact = context.journal.fact(SHARE_TROUBLE)
    if fact is None:
        return None
    code, why, since, *other = json.loads(fact)
    return ShareTrouble(int(code), str(why), datetime.fromisoformat(since), other == [True])
