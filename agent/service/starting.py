"""Starting the service, and making sure that it runs: a system's tool reports success before the program has begun."""

import time

from agent.errors import AgentError
from agent.model.removal import Known
from agent.service.port import Service

FIRST_LOOK = 1.0
"""Seconds in which a program with wrong settings has ended again."""

PATIENCE = 10.0
"""Seconds until which it may begin: Task Scheduler takes a few on a busy laptop."""


def start(service: Service, first_look: float = FIRST_LOOK, patience: float = PATIENCE) -> None:
    """Start it. AgentError, with what the system says, if it does not run then; nothing if the system cannot tell."""
    service.start()
    until = time.monotonic() + patience
    time.sleep(first_look)
    while (status := service.status()).running is Known.NO:
        if time.monotonic() > until:
            raise AgentError(
                f"The service was started, but is not running: {status.detail}. `photo-agent doctor` says more."
            )
        time.sleep(0.5)
