"""The demo: the whole job with sample photos and an SFTP server of its own. Needs the extra `demo`."""

import importlib.util

from agent.extras import to_install


def demo_missing() -> str | None:
    """The message that says what to install for the demo; None if everything is installed."""
    if all(importlib.util.find_spec(name) is not None for name in ("asyncssh", "piexif")):
        return None
    return f"The demo needs two more packages. To install them: {to_install('demo')}"
