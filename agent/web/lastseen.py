"""When a page counts as closed. Pure: the time comes in."""

from dataclasses import dataclass

CLOSED_AFTER = 5 * 60.0
"""Seconds without a request after which a page with script counts as closed. Such a page asks every few seconds, and in
the background browsers let it ask once a minute."""

LEFT_AFTER = 60 * 60.0
"""The same for a browser without script, which sends nothing between two clicks."""


@dataclass(slots=True)
class LastSeen:
    """When the page last sent a request, by the monotonic clock in seconds, and whether its script sends them."""

    at: float = 0.0
    by_script: bool = False

    def expired(self, now: float) -> bool:
        """Whether nobody is looking at the page any more."""
        return now - self.at > (CLOSED_AFTER if self.by_script else LEFT_AFTER)
