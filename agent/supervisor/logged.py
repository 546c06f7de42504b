"""What the service writes to the system's event log after a run: counts without names, each kind once a day."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from agent.counting import counted
from agent.errors import ShareRefused
from agent.journal import State
from agent.notices import EventLog, LogEvent
from agent.pipeline.context import Context
from agent.pipeline.damage import so_far
from agent.pipeline.journal_keys import EVENTS_LOGGED
from agent.pipeline.overdue import WAITING, is_overdue
from agent.pipeline.status import share_trouble

_HOST_KEY = (
    "The server showed another identity (host key) than the one this laptop knows. Nothing was sent. Find out why "
    "before any laptop accepts the new one."
)


@dataclass(frozen=True, slots=True)
class RunLogged:
    """Writes to the event log after each run what IT should know."""

    context: Context
    log: EventLog

    def after_run(self) -> None:
        """Write every event that was not written today. Damaged photos are written once for each new number."""
        said: dict[str, str] = json.loads(self.context.journal.fact(EVENTS_LOGGED) or "{}")
        now = dict(said)
        for event, occasion, text in self._worth_writing():
            if said.get(event.name) != occasion:
                self.log.write(event, text)
                now[event.name] = occasion
        if now != said:
            self.context.journal.set_fact(EVENTS_LOGGED, json.dumps(now))

    def _worth_writing(self) -> Iterator[tuple[LogEvent, str, str]]:
        """Each event with its text, and the occasion on which it is written once."""
        today = self.context.clock().astimezone(self.context.zone).date().isoformat()
        overdue = sum(is_overdue(self.context, one) for one in self.context.journal.tracked_photos(*WAITING))
        if overdue:
            photos = counted(overdue, "visit photo")
            text = f"{photos} should have left this laptop by now. Run photo-agent status on it."
            yield LogEvent.OVERDUE, today, text
        trouble = share_trouble(self.context)
        if trouble is not None and trouble.exit_code == ShareRefused.exit_code:
            if trouble.other_identity:
                yield LogEvent.HOST_KEY, today, _HOST_KEY
            else:
                text = "The server did not let this laptop in. Nothing was sent. Run photo-agent doctor on it."
                yield LogEvent.LOGIN_REFUSED, today, text
        damage = so_far(self.context)
        if damage is not None:
            photos = counted(damage.photos, "damaged photo")
            text = f"{photos} so far came from cameras of this laptop. A card may be failing."
            yield LogEvent.DAMAGED, str(damage.photos), text
        refused = self.context.journal.counts()[State.REFUSED]
        if refused:
            text = f"{counted(refused, 'visit photo')} cannot be sent. The staff page says what to do."
            yield LogEvent.CANNOT_BE_SENT, today, text
