"""The faults of forwarding. They never leave this room: the forwarder logs them and tries again."""

from agent.errors import AgentError


class NotForwarded(AgentError):
    """A receiver did not accept the events, or cannot be trusted with them. Nothing is lost: they stay queued."""
