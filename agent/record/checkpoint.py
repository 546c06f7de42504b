"""What the device signs: the heads of its tree (c2sp.org/tlog-checkpoint), and the change to a new log key. Pure."""

import base64
import binascii
import re
from dataclasses import dataclass

from agent.record.note import NoteFault, Signer, VerifierKey, open_note, sign_note, split_note

_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_ROTATION = "key rotation"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """It says that the log `origin` has `size` entries, whose tree has this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """As it is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def read_checkpoint(text: str) -> Checkpoint:
    """A note's text as a checkpoint; NoteFault for other text. Lines after the third are allowed and ignored."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]) or not all(lines[:-1]):
        raise NoteFault("it is not a checkpoint")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error as fault:
        raise NoteFault("its root is not base64") from fault
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise NoteFault("its root is not 32 bytes in base64")
    return Checkpoint(lines[0], int(lines[1]), root)


def checkpoint_of(note: bytes) -> Checkpoint:
    """What a signed note says, whoever signed it."""
    return read_checkpoint(split_note(note)[0])


@dataclass(frozen=True, slots=True)
class Rotation:
    """From the entry with index `size` on, the log is signed by `new` instead of `old`."""

    origin: str
    size: int
    old: VerifierKey
    new: VerifierKey

    @property
    def text(self) -> str:
        """As it is signed."""
        return f"{self.origin}\n{_ROTATION}\n{self.size}\n{self.old}\n{self.new}\n"


def sign_rotation(origin: str, size: int, old: Signer | VerifierKey, new: Signer) -> str:
    """The note that passes the log on. If the old key is lost and cannot sign, it only says what happened."""
    if isinstance(old, VerifierKey):
        return sign_note(Rotation(origin, size, old, new.key).text, new)
    return sign_note(Rotation(origin, size, old.key, new.key).text, old, new)


def read_rotation(note: bytes) -> tuple[Rotation, bool]:
    """A rotation that the new key signed, and whether the old key did too. NoteFault for any other note."""
    lines = split_note(note)[0].split("\n")
    if len(lines) != 6 or lines[1] != _ROTATION or not _SIZE.fullmatch(lines[2]):
        raise NoteFault("it is not a key rotation")
    try:
        old, new = VerifierKey.parse(lines[3]), VerifierKey.parse(lines[4])
    except ValueError as fault:
        raise NoteFault(str(fault)) from fault
    if lines[3:5] != [str(old), str(new)]:
        raise NoteFault("its keys are not as they are written")
    opened = open_note(note, (old, new))
    if opened.unknown or opened.repeated or opened.signed_by not in ((old, new), (new,)):
        raise NoteFault("it is not signed by the keys that it names")
    return Rotation(lines[0], int(lines[2]), old, new), old in opened.signed_by
