"""Recognises a camera's card by the names of its folders alone: nothing is opened, no link is followed.

Cameras write to DCIM (DCF, JEITA CP-3461); camcorders to AVCHD, also below PRIVATE, and Sony's to PRIVATE/M4ROOT.
"""

import os
from itertools import islice
from pathlib import Path

from agent.folders.listing import is_folder

_BY_ITSELF = frozenset({"dcim", "avchd"})
_IN_PRIVATE = frozenset({"avchd", "m4root"})
_PRIVATE = "private"

MOST = 2000
"""The most names examined in a folder; a camera leaves a handful there."""


def looks_like_a_card(top: Path) -> bool:
    """Whether a camera has written to the volume mounted at `top`; False if that cannot be determined."""
    try:
        names = _folders(top)
        if names.keys() & _BY_ITSELF:
            return True
        return _PRIVATE in names and bool(_folders(names[_PRIVATE]).keys() & _IN_PRIVATE)
    except OSError:
        return False


def _folders(place: Path) -> dict[str, Path]:
    """The real folders in `place`, by their names in lower case."""
    with os.scandir(place) as entries:
        some = [Path(entry.path) for entry in islice(entries, MOST)]
    return {one.name.lower(): one for one in some if is_folder(os.lstat(one))}
