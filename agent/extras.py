"""The packages of an extra, for the message if they are missing.

This program is on no package index. Its name is not given to pip, because somebody else may use that name there.
"""

import re
import shlex
import subprocess
import sys

PROGRAM = "visit-photo-agent"


def to_install(extra: str) -> str:
    """The command that installs the packages of an extra for the Python that runs this program."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        needs = requires(PROGRAM) or []
    except PackageNotFoundError:  # not installed, but run from its folder
        needs = []
    wanted = [need.partition(";")[0].strip() for need in needs if re.search(rf"extra == ['\"]{extra}['\"]", need)]
    words = [sys.executable, "-m", "pip", "install", *(wanted or [f".[{extra}]"])]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
