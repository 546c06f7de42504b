"""The interface of a service, on every system."""

from dataclasses import dataclass
from typing import Protocol

from agent.model.removal import Known


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """Whether the service is set up and runs; `detail` is a sentence for a person."""

    installed: bool
    running: Known
    detail: str


class Service(Protocol):
    """The service of the user who asks. Every method but `status` raises UsageError if this session has no services (a
    container, a log-in by SSH on a system without one), and AgentError, with the output of the system's tool, if that
    tool fails. Each is safe to repeat.
    """

    def install(self) -> None:
        """Set the service up for every log-in, in place of an older set-up, and start it now."""
        ...

    def uninstall(self) -> None:
        """Stop it and remove it completely; settings, keys, journal and record stay. If not installed, do nothing."""
        ...

    def start(self) -> None:
        """Start it now. If it is running already, do nothing. UsageError if it is not installed."""
        ...

    def stop(self) -> None:
        """Ask it to end, and wait until it has. It starts at the next log-in; on Windows only `start` starts it."""
        ...

    def status(self) -> ServiceStatus:
        """The present state; never raises for a system that cannot tell."""
        ...
