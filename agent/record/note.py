"""Signed notes as C2SP has them (c2sp.org/signed-note), with Ed25519: a text that people can read, and who signed it.

A note is its text, an empty line, and a line `— NAME BASE64` for each signature, over the text with its last line feed.
The base64 is of a key id (four bytes: the first of SHA-256(NAME || 0x0A || 0x01 || public key)) and the signature.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

ED25519 = b"\x01"
"""The algorithm byte of signed-note for Ed25519."""

_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_LARGEST = 1_000_000  # bytes, as Go's reader allows


class NoteFault(ValueError):
    """This is not a signed note, or a signature in it is wrong; says which, for a report."""


def split_key(text: str) -> tuple[str, str, bytes]:
    """Name, id and key from `name+id+base64`, the form of signed-note. binascii.Error if the key is not base64."""
    name, _, rest = text.strip().partition("+")
    identity, _, encoded = rest.partition("+")
    return name, identity, base64.b64decode(encoded, validate=True)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A name and its Ed25519 public key (32 bytes). `str` gives the form in which it is enrolled."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.public) != 32:
            raise ValueError("a verifier key has a name without spaces and plus signs, and 32 bytes")

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names it."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `name+id+base64`; ValueError for anything else, and for an id that is not this key's."""
        try:
            name, identity, decoded = split_key(text)
            key = cls(name, decoded[1:])
        except (binascii.Error, ValueError) as fault:
            raise ValueError("this is not a verifier key (name+id+base64)") from fault
        if decoded[:1] != ED25519 or identity != key.id.hex():
            raise ValueError("this verifier key is damaged, or of an algorithm other than Ed25519")
        return key

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the signature."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):  # ValueError: 32 bytes that are not a point of the curve
            return False
        return True


class Signer(Protocol):
    """Whoever holds a private key."""

    @property
    def key(self) -> VerifierKey:
        """Its public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note's text, the known keys that signed it in the order of their lines, and how many other lines it has:
    from unknown keys, and repeated from the same key.
    """

    text: str
    signed_by: tuple[VerifierKey, ...]
    unknown: int
    repeated: int = 0


def sign_note(text: str, *signers: Signer) -> str:
    """The text, which ends with a line feed, with a signature line for each signer."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise ValueError("a note's text is whole lines, without control characters")
    lines = [f"— {one.key.name} {base64.b64encode(one.key.id + one.sign(text.encode())).decode()}\n" for one in signers]
    return text + "\n" + "".join(lines)


def open_note(note: bytes, keys: Iterable[VerifierKey]) -> OpenedNote:
    """Check a note against the known keys. NoteFault if it is not a note, or a signature by a known key is wrong.

    A note that no known key signed opens too: `signed_by` is empty then, and nobody may believe what it says.
    """
    text, signatures = split_note(note)
    known = {(key.name, key.id): key for key in keys}
    signed_by: list[VerifierKey] = []
    unknown = repeated = 0
    for name, identity, signature in signatures:
        key = known.get((name, identity))
        if key is None:
            unknown += 1
        elif not key.verifies(signature, text.encode()):
            raise NoteFault(f"the signature of {name} is wrong")
        elif key in signed_by:
            repeated += 1
        else:
            signed_by.append(key)
    return OpenedNote(text, tuple(signed_by), unknown, repeated)


def split_note(note: bytes) -> tuple[str, Sequence[tuple[str, bytes, bytes]]]:
    """A note's text, and the name, the key id and the rest of each signature. NoteFault if it is not a note."""
    if len(note) > _LARGEST:
        raise NoteFault("it is too long for a signed note")
    try:
        content = note.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise NoteFault("it is not UTF-8") from fault
    if _CONTROL.search(content):
        raise NoteFault("it has control characters")
    text, gap, below = content.rpartition("\n\n")
    if not gap or not text or not below.endswith("\n"):
        raise NoteFault("it has no signature")
    return text + "\n", [_signature(line) for line in below[:-1].split("\n")]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    found = _SIGNATURE.fullmatch(line)
    if found is None:
        raise NoteFault("a line among its signatures is not a signature")
    try:
        decoded = base64.b64decode(found[2], validate=True)
    except binascii.Error as fault:
        raise NoteFault("a signature is not base64") from fault
    # Base64 has spare bits at its end: only the one writing of a signature counts.
    if len(decoded) < 5 or base64.b64encode(decoded).decode() != found[2]:
        raise NoteFault("a signature is not in base64 as it must be written")
    return found[1], decoded[:4], decoded[4:]
