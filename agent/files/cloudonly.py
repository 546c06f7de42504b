"""Files that are listed here and lie with a cloud service: reading one would fetch it over the network.

Seen by one `lstat`, which fetches nothing. Pure over what it saw, so that each system's marks can be tested on any.
"""

import os
import sys

# winnt.h: content, or the whole name, comes from elsewhere when it is opened. stat has the first alone.
_OFFLINE = 0x1000
_RECALL_ON_OPEN = 0x40000
_RECALL_ON_DATA_ACCESS = 0x400000

_DATALESS = 0x40000000  # sys/stat.h, SF_DATALESS: a file or folder of APFS whose content a file provider has

_STAND_INS = (".nextcloud", ".owncloud")
"""What Nextcloud and ownCloud on Linux put behind the name of a file that is on the server alone."""


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
    """Whether a file of this name is only a sign for one in a cloud: `.IMG_1.HEIC.icloud`, `IMG_1.jpg.nextcloud`."""
    return name.endswith(_STAND_INS) or (name.startswith(".") and name.endswith(".icloud"))
