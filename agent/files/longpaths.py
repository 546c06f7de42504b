"""Windows' limit on the length of a path, and the form of a path that it does not hold for.

Where IT has not switched on long paths (LongPathsEnabled), Windows says of a file whose path has 260 characters or more
that it is not there. It is there all the same, and whoever looks for photos has to say so.
"""

import errno
from collections.abc import Callable
from pathlib import PurePath

LONGEST = 259
"""Characters of a path that every program can use (MAX_PATH, less the NUL at its end)."""

LISTED = LONGEST - 2
"""Characters of a folder's path that can be listed: Windows puts a backslash and a star behind it."""


def extended(path: PurePath) -> str:
    """The path in the form that may be longer than 260 characters and is taken letter by letter."""
    text = str(path)
    if text.startswith("\\\\?\\"):
        return text
    if text.startswith("\\\\"):
        return "\\\\?\\UNC\\" + text[2:]
    return "\\\\?\\" + text if path.is_absolute() else text


def why_not_there(
    path: PurePath, fault: FileNotFoundError, is_there: Callable[[str], bool], longest: int = LONGEST
) -> OSError:
    """`fault`, or what it is in truth: the file is there, by its extended form, and its path is too long."""
    if len(str(path)) > longest and is_there(extended(path)):
        return OSError(errno.ENAMETOOLONG, "its path is too long for Windows")
    return fault
