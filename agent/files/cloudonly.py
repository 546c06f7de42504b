"""Files that are listed here but stored with a cloud service: reading one would fetch it over the network.

One `lstat` shows this, and fetches nothing. Pure over its result, so that each system's marks can be tested on any.
"""

import os
import sys

# winnt.h: opening the file fetches its content, or the whole name, from elsewhere. stat has only the first.
_OFFLINE = 0x1000
_RECALL_ON_OPEN = 0x40000
_RECALL_ON_DATA_ACCESS = 0x400000

_DATALESS = 0x40000000  # sys/stat.h, SF_DATALESS: an APFS file or folder whose content a file provider has

_STAND_INS = (".nextcloud", ".owncloud")
"""The ending that Nextcloud and ownCloud on Linux add to the name of a file that is only on the server."""


def lies_elsewhere(seen: os.stat_result) -> bool:
    """Whether reading this file, or listing this folder, would fetch it."""
    if sys.platform == "win32":
        return is_recalled(seen.st_file_attributes)
    if sys.platform == "darwin":
        return is_dataless(seen.st_flags)
    return False


def is_recalled(attributes: int) -> bool:
    """By a file's attributes on Windows."""
    return bool(attributes & (_OFFLINE | _RECALL_ON_OPEN | _RECALL_ON_DATA_ACCESS))


def is_dataless(flags: int) -> bool:
    """By a file's flags on macOS."""
    return bool(flags & _DATALESS)


def stands_for_another(name: str) -> bool:
    """Whether a file of this name only represents one in a cloud: `.IMG_1.HEIC.icloud`, `IMG_1.jpg.nextcloud`."""
    return name.endswith(_STAND_INS) or (name.startswith(".") and name.endswith(".icloud"))
