"""What waits, since when and why; how the register, the share and the service stand. Reads only, and needs no share."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import filelock

from agent.journal import Standing, State
from agent.pipeline.clocks import age, earliest
from agent.pipeline.damage import Damage, so_far
from agent.pipeline.events import Exit
from agent.pipeline.facts import LAST_REACHED, REGISTER_REFUSAL, SHARE_TROUBLE, UNPUBLISHED
from agent.pipeline.forwarding import Receiver, receivers
from agent.pipeline.misgivings import misgivings
from agent.pipeline.renew import no_register
from agent.pipeline.stages import Stages, lock_file
from agent.settings import Settings

WAITING = (State.FOUND, State.SETTLED, State.DECIDED, State.SENT, State.PROVEN, State.RECORDED, State.REFUSED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One photo on its way, and why it is not yet gone."""

    standing: Standing
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
    waiting: tuple[Waiting, ...]
    register_version: str | None
    register_visits: int
    register_read_at: datetime | None
    register_trouble: str | None
    share_trouble: "ShareTrouble | None"
    share_last_reached: datetime | None
    record_trouble: str | None
    running: bool
    damage: Damage | None
    forwarding: tuple[Receiver, ...]

    @property
    def overdue(self) -> int:
        """Photos that should have left by now."""
        return sum(one.overdue for one in self.waiting)

    @property
    def needs_a_person(self) -> int:
        """Photos that a person has to look at."""
        return self.counts.get(State.REVIEW, 0) + self.counts.get(State.REFUSED, 0)

    @property
    def to_go(self) -> tuple[Waiting, ...]:
        """Photos that go, or are removed, by themselves; those kept on purpose do not count."""
        return tuple(one for one in self.waiting if one.standing.state is not State.REFUSED and not one.kept)

    @property
    def exit_code(self) -> int:
        """As of a run: what is wrong with the share, with the register, what is not yet sent, what waits."""
        if self.share_trouble is not None and self.to_go:
            return self.share_trouble.exit_code
        if self.register_trouble is not None and self.register_version is not None:
            return Exit.REGISTER
        if self.to_go:
            return Exit.NOT_YET_SENT
        return Exit.REVIEW if self.needs_a_person else Exit.DONE


def status(stages: Stages) -> Status:
    """Gather it from the journal, the register's store and the lock."""
    register = stages.registers.current()
    reached = stages.journal.fact(LAST_REACHED)
    return Status(
        counts=stages.journal.counts(),
        waiting=tuple(_waiting(stages, standing) for standing in stages.journal.standings(*WAITING)),
        register_version=None if register is None else register.version,
        register_visits=0 if register is None else len(register.visits),
        register_read_at=None if register is None else register.read_at,
        register_trouble=stages.journal.fact(REGISTER_REFUSAL)
        or no_register(stages, register)
        or misgivings(stages, register),
        share_trouble=share_trouble(stages),
        share_last_reached=None if reached is None else datetime.fromisoformat(reached),
        record_trouble=stages.journal.fact(UNPUBLISHED),
        running=is_running(stages.settings),
        damage=so_far(stages),
        forwarding=receivers(stages),
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


def is_overdue(stages: Stages, standing: Standing) -> bool:
    """Whether the photo should have left by now."""
    allowed = timedelta(hours=stages.settings.removal.overdue_hours)
    if not standing.is_here:
        return False  # nobody can send what is on a card in a drawer
    return standing.reachable_at is not None and age(standing.reachable_at, earliest(stages)) > allowed


def _waiting(stages: Stages, standing: Standing) -> Waiting:
    kept = standing.state is State.RECORDED and standing.proven_at is not None and is_kept(stages, standing.proven_at)
    return Waiting(standing, standing.found_at, standing.reason, is_overdue(stages, standing), kept)


def is_kept(stages: Stages, proven_at: datetime) -> bool:
    """Whether the settings keep a photo on the laptop that was proven then."""
    return age(proven_at, stages.clock()) < timedelta(hours=stages.settings.removal.keep_hours)


def share_trouble(stages: Stages) -> ShareTrouble | None:
    """What the last attempt to use the share ended in; None where it went well."""
    fact = stages.journal.fact(SHARE_TROUBLE)
    if fact is None:
        return None
    code, why, since, *other = json.loads(fact)
    return ShareTrouble(int(code), str(why), datetime.fromisoformat(since), other == [True])
