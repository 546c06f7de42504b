"""The folders below a folder, a few levels deep and limited in number: for a quick look, not for a scan."""

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

MOST = 2000
"""The most folders to look at, even in a crowded home folder; a photo library has fewer on its first levels."""


def folders_below(top: Path, depth: int) -> Iterator[Path]:
    """Folders down to `depth` levels, the nearest first; links and unreadable folders are skipped."""
    waiting: deque[tuple[Path, int]] = deque([(top, 0)])
    seen = 0
    while waiting:
        place, level = waiting.popleft()
        if level == depth:
            continue
        try:
            with os.scandir(place) as entries:
                inside = [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        for one in inside:
            seen += 1
            if seen > MOST:
                return
            yield one
            waiting.append((one, level + 1))
