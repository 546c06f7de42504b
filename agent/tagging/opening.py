"""Opening a photo for reading: never through a link, and only a regular file."""

import os
from pathlib import Path
from typing import BinaryIO

from agent.errors import LocalFault
from agent.files.opening import IsLink, NotRegular, open_plain

_UNREADABLE = "a photo cannot be opened for tagging ({reason}): check that it is still there and may be read"


def open_photo(path: Path) -> BinaryIO:
    """`path` opened for reading bytes, unbuffered. LocalFault if it is not a regular file or cannot be read."""
    try:
        return os.fdopen(open_plain(path), "rb", buffering=0)
    except (IsLink, NotRegular) as fault:
        raise LocalFault(_UNREADABLE.format(reason=fault.strerror)) from None
    except (OSError, ValueError) as fault:  # ValueError: a NUL in the path
        reason = os.strerror(fault.errno) if isinstance(fault, OSError) and fault.errno else "not a usable path"
        raise LocalFault(_UNREADABLE.format(reason=reason)) from None
