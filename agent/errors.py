"""All errors, as one tree. Each kind has the exit code on which IT's scripts rely.

::

    AgentError                         1   an unexpected fault
    ├── UsageError                     2   the command was asked for something it cannot do
    │   ├── SettingsError              2   agent.toml is missing, unreadable or wrong
    │   ├── RegisterError              2   the register of visits or cameras cannot be used
    │   └── AlreadyRunning             2   another instance holds this laptop's lock
    ├── LocalFault                     3   a file on this laptop cannot be read, or changed while it was used
    │   └── Unforeseen                 1   an unexpected fault that concerns one photo, folder or item
    ├── ShareFault                     3   one file could not be written to the share, or read from it
    │   ├── ShareFull                  3   no space, or over quota
    │   ├── ShareDenied                3   no permission for this file or folder
    │   ├── FolderNotTrusted           3   a folder on the share is a link, or belongs to somebody else
    │   ├── ServerUnfit                3   the server cannot take photos: a test file showed it, no photo was sent
    │   └── NotProven                  3   the share does not hold the bytes that were sent
    ├── ShareUnreachable               5   no network, no answer, connection lost
    ├── ShareRefused                   6   the server's identity has changed, or it does not let this laptop in
    │   ├── HostKeyRefused             6   the host key is unknown or has changed
    │   └── LoginRefused               6   the key or user is not accepted
    ├── RemovalRefused                 3   the local file is not the one that was proven, so it stays
    ├── JournalError                   1   the journal cannot be written or was written by a newer version
    └── RecordError                    1   the record cannot be written
        ├── SignatureWrong            12   a signed file has no signature, or a wrong one
        ├── RecordAltered             10   an entry of the record was changed
        └── RecordTruncated           11   entries are missing from the end of the record

Messages say what happened, to which thing, and what to do, for a teacher or an IT technician. They never name a private
file; they name a photo by its id in the journal.
"""

import contextlib
import errno
from collections.abc import Iterator
from typing import ClassVar


class AgentError(Exception):
    """Something this program can explain; shown without a traceback."""

    exit_code: ClassVar[int] = 1


class UsageError(AgentError):
    """The command was asked for something it cannot do."""

    exit_code = 2


class SettingsError(UsageError):
    """agent.toml is missing, unreadable or wrong."""


class RegisterError(UsageError):
    """The register of visits or cameras cannot be used in its present form."""


class AlreadyRunning(UsageError):
    """Another instance holds this laptop's lock."""


class LocalFault(AgentError):
    """A file on this laptop cannot be read, or changed while it was used; the other photos are not affected."""

    exit_code = 3


class Unforeseen(LocalFault):
    """An unexpected fault that concerns one photo, folder or item; `contained` turns any other exception into it.

    Its message gives the kind of the fault and its place in the code, never the fault's own text, which may name a
    private file.
    """

    exit_code = 1


class ShareFault(AgentError):
    """One file could not be written or read on the share; other photos are not affected, and it is tried again."""

    exit_code = 3


class ShareFull(ShareFault):
    """The share has no space left, or this device is over its quota."""


class ShareFullLate(ShareFull):
    """The share said that it is full only when it had taken all of a photo: each attempt sends everything again."""


class ShareDenied(ShareFault):
    """This device has no permission for a file or folder on the share."""


class FolderNotTrusted(ShareFault):
    """A folder on the share is a link, is not a folder, or belongs to somebody else: IT must look at it."""


class ServerUnfit(ShareFault):
    """The server cannot do something that sending a photo needs. A small test file showed it; no photo was sent."""


class NotProven(ShareFault):
    """The share does not hold the bytes that were sent; nothing is removed from this laptop."""


class ShareUnreachable(AgentError):
    """No network, no answer in time, or the connection was lost; tried again later."""

    exit_code = 5


class ShareRefused(AgentError):
    """The server's identity has changed, or it does not let this laptop in; a person must act."""

    exit_code = 6


class HostKeyRefused(ShareRefused):
    """The server's host key is not known here, or has changed. Nothing was sent and nothing was removed."""


class LoginRefused(ShareRefused):
    """The server does not accept this device's key or user name."""


class RemovalRefused(AgentError):
    """The file now in the folder is not the one that was proven on the share, so it stays."""

    exit_code = 3


class JournalError(AgentError):
    """The journal cannot be read or written, or was written by a newer version of this program."""


class RecordError(AgentError):
    """The record cannot be read or written."""


class SignatureWrong(RecordError):
    """A signed file has no signature, or one that does not fit what the file says."""

    exit_code = 12


class RecordAltered(RecordError):
    """An entry of the record was changed after it was written."""

    exit_code = 10


class RecordTruncated(RecordError):
    """Entries are missing from the end of the record."""

    exit_code = 11


# --- The boundary around one thing -----------------------------------------------------------------------------------


@contextlib.contextmanager
def contained(thing: str) -> Iterator[None]:
    """A boundary around `thing` ("a photo", "a folder"): an unexpected fault comes out of it as `Unforeseen`.

    Errors of this program's own kinds pass through unchanged: a journal or record that cannot be written ends the run,
    as it must. So do Ctrl-C and the end of the process, which are not faults.
    """
    try:
        yield
    except AgentError:
        raise
    except Exception as fault:
        raise unforeseen(thing, fault) from fault


def unforeseen(thing: str, fault: Exception) -> Unforeseen:
    """An error that says what happened to `thing`."""
    return Unforeseen(
        f"Something unexpected happened to {thing} ({kind_and_place(fault)}). Everything else continues, and this will "
        "be tried again. If it happens again, send this message to IT."
    )


def kind_and_place(fault: BaseException) -> str:
    """The class of a fault and the last line of this program that it came through: `ValueError, agent.errors:58`."""
    kind = type(fault).__name__
    if isinstance(fault, OSError) and fault.errno is not None:
        kind += f" {errno.errorcode.get(fault.errno, fault.errno)}"
    place = "place not known"
    step = fault.__traceback__
    while step is not None:
        module = str(step.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] == "agent" and module != __name__:
            place = f"{module}:{step.tb_lineno}"
        step = step.tb_next
    return f"{kind}, {place}"
