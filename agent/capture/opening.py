"""Opening a file of an import folder, which may be anything, to read it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from agent.errors import LocalFault
from agent.files.opening import IsLink, NotRegular, open_plain


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The file, open for reading without Python's buffer, and its size.

    Any OSError, from opening or inside the block, becomes `LocalFault`; so does anything but a regular file.
    """
    try:
        with os.fdopen(open_plain(path), "rb", buffering=0) as handle:
            yield handle, os.fstat(handle.fileno()).st_size
    except IsLink:
        raise LocalFault("this is a link to another file, so it was not read") from None
    except NotRegular:
        raise LocalFault("this is not a regular file, so it was not read") from None
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        raise LocalFault(f"a file in the import folder cannot be read ({reason}); it stays where it is") from None
