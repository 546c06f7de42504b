"""What can go wrong while forwarding. It never leaves this room: the forwarder logs it and tries again."""

from agent.errors import AgentError


class NotForwarded(AgentError):
    """A receiver did not take what it was given, or cannot be trusted with it. Nothing is lost: it stays queued."""
