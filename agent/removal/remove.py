"""Removing one file. Each system has its own race-free way; both promise the same."""

import sys

from agent.model import Fingerprint, LocalFile

if sys.platform == "win32":
    from agent.removal.windows import take_away
else:
    from agent.removal.posix import take_away


def remove(file: LocalFile, expected: Fingerprint) -> None:
    """Remove `file`, if and only if what is there now is that file and its content is `expected`.

    On return the file is gone, and as durably as the system says. Whatever was swapped in, changed, or appeared under
    the name meanwhile is kept, and no link is followed to another place. Raises:

    - `RemovalRefused`: something else is there now, or other content; it is there still, under its own name (or, where
      a new file has taken that, beside it as "NAME (kept by photo-agent).EXT");
    - `Vanished` (a LocalFault): nothing was there any more. It does not pass for done, since who took it away, and
      where to, is for the caller to put on record;
    - `Unconfirmed` (a LocalFault): the file was removed, and the system did not confirm that this will last (an error
      when the folder was synced; on Windows a program that has the file open yet);
    - any other `LocalFault`: the system would not let it be removed (read-only card, permission, in use); it is there
      still.
    """
    take_away(file, expected)
