"""What waits, since when and why; how the register, the share and the service stand. Reads only, and needs no share."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import filelock

from agent.journal import Standing, State
from agent.pipeline.damage import Damage, so_far
from agent.pipeline.facts import LAST_REACHED, REGISTER_REFUSAL
from agent.pipeline.forwarding import Receiver, receivers
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


@dataclass(frozen=True, slots=True)
class Status:
    """Everything `status` shows."""

    counts: dict[State, int]
    waiting: tuple[Waiting, ...]
    register_version: str | None
    register_visits: int
    register_read_at: datetime | None
    register_trouble: str | None
    share_last_reached: datetime | None
    running: bool
    damage: Damage | None
    forwarding: tuple[Receiver, ...]

    @property
    def overdue(self) -> int:
        """Photos that should have left by now."""
        return sum(one.overdue for one in self.waiting)


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
        register_trouble=stages.journal.fact(REGISTER_REFUSAL) or no_register(stages, register),
        share_last_reached=None if reached is None else datetime.fromisoformat(reached),
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
    return standing.reachable_at is not None and stages.clock() - standing.reachable_at > allowed


def _waiting(stages: Stages, standing: Standing) -> Waiting:
    return Waiting(standing, standing.found_at, standing.reason, is_overdue(stages, standing))
