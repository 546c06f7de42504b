"""Why a removal failed, in words for a person and never with a file's name."""

import errno

from agent.errors import LocalFault, RemovalRefused


class Vanished(LocalFault):
    """The file was gone before anything was touched: another program or a person has moved or deleted it."""


class ReadOnly(LocalFault):
    """The card or folder cannot be written to."""


class Unconfirmed(LocalFault):
    """This program has removed the file, but because of an error it is not certain that it will stay removed."""


def vanished() -> Vanished:
    """The file is missing."""
    return Vanished("A photo was gone before it could be removed: another program has moved or deleted it.")


def changed(what: str) -> RemovalRefused:
    """`what` is the second half of the sentence, e.g. "its content is not what was proven on the share"."""
    return RemovalRefused(f"A photo was not removed: {what}. The file that is there now has been left in place.")


def read_only() -> ReadOnly:
    """The card is locked by its switch, or the disk is mounted read-only."""
    return ReadOnly(
        "A photo was sent and stays here too, because its card or folder is read-only. Unlock the card (the small"
        " switch on its side) and put it in again."
    )


def in_use() -> LocalFault:
    """Another program could still change the proven file."""
    return LocalFault(
        "A photo was not removed: another program has it open for writing. Close that program; the removal will be"
        " tried again."
    )


def unconfirmed(fault: OSError) -> Unconfirmed:
    """The file no longer has a name, but a later step failed."""
    return Unconfirmed(
        "A photo was removed from this folder, and the disk or card then reported an error"
        f" ({fault.strerror or 'unknown fault'}). The next run checks that the photo is gone."
        " Ask IT to look at the disk."
    )


def still_open() -> Unconfirmed:
    """Windows: the file is marked as removed, and disappears when the last program closes it."""
    return Unconfirmed(
        "A photo will disappear as soon as the program that has it open closes it. Close that program; the next run"
        " checks that the photo is gone."
    )


def as_local_fault(fault: OSError) -> LocalFault:
    """A fault of the system, with advice on what to do."""
    if isinstance(fault, FileNotFoundError | NotADirectoryError):
        return vanished()
    number = fault.errno
    if number == errno.EROFS:
        return read_only()
    if isinstance(fault, PermissionError):
        return LocalFault(
            "A photo cannot be removed: this program may not change the folder. Check the folder's permissions and"
            " whether the file is locked, or ask IT."
        )
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return LocalFault(
            "A photo cannot be removed: the disk is full. Free some space; the removal will be tried again."
        )
    if number == errno.EIO:
        return LocalFault("A photo cannot be removed: the disk or card reports an error. Ask IT to look at it.")
    return LocalFault(
        f"A photo cannot be removed: {fault.strerror or 'unknown fault'}. The removal will be tried again."
    )


def stranded(fault: OSError) -> LocalFault:
    """A file that was moved aside could not be moved back; it is whole, and `recover` will try."""
    return LocalFault(
        "A photo was not removed, and could not be put back under its name yet"
        f" ({fault.strerror or 'unknown fault'}). It is complete, in a hidden folder beside its place, and will be put"
        " back when the agent starts again."
    )
