"""Writing a small file so that after a crash it is the old one or the new one, whole, and never in between."""

import os
import sys
import tempfile
from pathlib import Path

_HALF = ".part"
_STALE_SECONDS = 24 * 3600


def write_durably(path: Path, content: bytes) -> None:
    """Replace `path` by `content`; on return it will outlast a power cut. Raises OSError, and then `path` is untouched.

    What a crash left half-written beside it is swept away a day later: it could be another process at work.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=_HALF, dir=path.parent)
    half = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    newest = path.stat().st_mtime
    for left in path.parent.glob(f"{path.name}.*{_HALF}"):
        try:
            if newest - left.stat().st_mtime > _STALE_SECONDS:
                left.unlink()
        except FileNotFoundError:
            continue  # the process that it belonged to has finished


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself durable. NTFS keeps its own journal of names, and Windows opens no folders for this."""
    if sys.platform != "win32":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
