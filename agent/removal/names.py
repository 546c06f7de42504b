"""The names a removal uses: the private folder, and the name for a file that cannot go back to its own. Pure."""

import os
from pathlib import PurePath

PRIVATE_PREFIX = ".photo-agent-removing-"
"""The name of a folder beside a photo that holds the photo after it was moved aside and before it is unlinked."""

_LONGEST = 255  # bytes (POSIX, most file systems) or UTF-16 units (NTFS, APFS: never more than the bytes)


def kept_name(name: str, attempt: int) -> str:
    """`IMG_1 (kept by photo-agent).JPG`, then `… (kept by photo-agent 2).JPG`, if a new file has taken `name`.

    Never longer than a file system allows; cut by whole characters, so that it stays valid UTF-8.
    """
    path = PurePath(name)
    mark = f" (kept by photo-agent{f' {attempt}' if attempt > 1 else ''})"
    stem, ending = path.stem, path.suffix
    if len(os.fsencode(mark + ending)) >= _LONGEST:  # not an ending but a very long name with a dot in it
        stem, ending = name, ""
    while len(os.fsencode(stem + mark + ending)) > _LONGEST:
        stem = stem[:-1]
    return stem + mark + ending
