"""The whole job, with sample photos and an SFTP server of its own; needs the extra `demo`."""

import importlib.util


def demo_missing() -> str | None:
    """What to install so that the demo can be played; None if it is there."""
    if all(importlib.util.find_spec(name) is not None for name in ("asyncssh", "piexif")):
        return None
    return 'The demo needs two more packages. Install them: python -m pip install "visit-photo-agent[demo]"'
