"""Removing one file. Each system has its own race-free way; both promise the same."""

import sys

from agent.model.files import Fingerprint, LocalFile

if sys.platform == "win32":
    from agent.removal.windows import take_away
else:
    from agent.removal.posix import take_away


def remove(file: LocalFile, expected: Fingerprint) -> None:
    """Remove `file`, but only if the file there now is that file and its content is `expected`.

    On return the file is gone, and as durably as the system says. A file that was swapped in, changed, or appeared
    under the name meanwhile is left in place, and no link is followed to another place. Raises:

    - `RemovalRefused`: another file is there now, or other content; it is still there, under its own name (or, if a
      new file has taken that, beside it as "NAME (kept by photo-agent).EXT");
    - `Vanished` (a LocalFault): the file was already gone. This does not count as done, because the caller has to put
      on record that something else removed it;
    - `LocalFault`: the system refused the removal (read-only card, permission, in use); the file is still there.
    """
    take_away(file, expected)
