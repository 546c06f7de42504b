"""How much is taken from the pipeline ahead of delivery, and how long delivery may continue after a request to stop."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.model.delivery import Delivery
from agent.model.ids import TransferId

MOST = 192  # the most deliveries taken before the first has its outcome
MOST_BYTES = 128 * 1024 * 1024  # and the most bytes: ten seconds' worth at 100 Mbit/s
MOST_OF_ONE = MOST_BYTES // 8  # the most bytes that one counts for, so that photos are sent alongside a video
GRACE = 3.0  # seconds, less than any system gives at log-out


def never() -> bool:
    """Never asks to stop; the default."""
    return False


@dataclass(slots=True)
class InFlight:
    """Deliveries that were taken and have no outcome yet."""

    count: int = 0
    _units: int = 0
    _of: dict[TransferId, int] = field(default_factory=dict)

    @property
    def room(self) -> bool:
        """Whether one more may be taken."""
        return self.count < MOST and self._units < MOST_BYTES

    def took(self, delivery: Delivery) -> None:
        """Note that one more was taken."""
        self.count += 1
        self._of[delivery.transfer] = min(delivery.size, MOST_OF_ONE)
        self._units += self._of[delivery.transfer]

    def done(self, transfer: TransferId) -> None:
        """Note that one has its outcome."""
        self.count -= 1
        self._units -= self._of[transfer]


@dataclass(slots=True)
class Patience:
    """How long deliveries in flight may continue once `stopping` says so."""

    stopping: Callable[[], bool]
    _until: float | None = None  # by the steady clock

    def ended(self) -> bool:
        """Whether that time is over."""
        if self._until is None and self.stopping():
            self._until = time.monotonic() + GRACE
        return self._until is not None and time.monotonic() >= self._until
