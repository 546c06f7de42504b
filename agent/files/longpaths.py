"""Windows' limit on the length of a path, and the form of a path to which it does not apply.

Unless IT has switched on long paths (LongPathsEnabled), Windows claims that a file whose path has 260 characters or
more does not exist. It does exist, and a program that looks for photos has to say so.
"""

import errno
from collections.abc import Callable
from pathlib import PurePath

LONGEST = 259
"""Characters of a path that every program can use (MAX_PATH, less the NUL at its end)."""

LISTED = LONGEST - 2
"""Characters of a folder's path that can be listed: Windows appends a backslash and a star."""


def extended(path: PurePath) -> str:
    """The path in the form that may be longer than 260 characters and is used letter by letter."""
    text = str(path)
    if text.startswith("\\\\?\\"):
        return text
    if text.startswith("\\\\"):
        return "\\\\?\\UNC\\" + text[2:]
    return "\\\\?\\" + text if path.is_absolute() else text


def why_not_there(
    path: PurePath, fault: FileNotFoundError, is_there: Callable[[str], bool], longest: int = LONGEST
) -> OSError:
    """`fault`; or, if the file exists under the extended form of its path, a fault saying that its path is too long."""
    if len(str(path)) > longest and is_there(extended(path)):
        return OSError(errno.ENAMETOOLONG, "its path is too long for Windows")
    return fault
