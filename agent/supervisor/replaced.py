"""Another version of the program, installed over the one that runs.

A running program imports some modules late. After an upgrade in place, these would be the new version's, beside the
old one's that are already there. So the program looks now and then which version is on the disk, and ends itself, if
the system is going to start it again.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import agent

LOOK = 20.0
"""Seconds between two looks."""

LONGEST = 10_000
"""Bytes of the file to read; it has a few hundred."""


@dataclass(slots=True)
class Installed:
    """The program's files on the disk: `source` states the version, `running` is the version of this process."""

    source: Path = field(default_factory=lambda: Path(agent.__file__))
    running: str = agent.__version__
    _next_look: float = 0.0

    def another(self, now: float) -> str | None:
        """The version on the disk if it is not the running one; None if it is, or if it cannot be read just now.

        In the middle of an upgrade there may be no file. `now` is monotonic, in seconds.
        """
        if now < self._next_look:
            return None
        self._next_look = now + LOOK
        try:
            with self.source.open("rb") as file:
                text = file.read(LONGEST)
        except OSError:
            return None
        found = re.search(rb'^__version__ = "([\w.+-]{1,40})"', text, re.MULTILINE)
        version = None if found is None else found[1].decode("ascii", "replace")
        return None if version == self.running else version
