"""The log key: made at enrolment, used to sign checkpoints, replaced by a rotation. It never leaves the laptop.

The system's keyring holds it where the optional `keyring` package finds a real one; otherwise it is in a file in
OpenSSH's format that only its owner can read. During a rotation the next key is stored beside it.
"""

import base64
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

from agent.errors import RecordError
from agent.files.durable import create_file, sync_folder
from agent.files.named import read_named
from agent.record.note import VerifierKey
from agent.record.published import origin

if TYPE_CHECKING:  # 40 ms, and only signing needs it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SERVICE = "visit-photo-agent log key"
"""The keyring's name for it; the user name there is the device's name."""

LARGEST = 100_000
"""Bytes that a key's file can have."""

NEXT = ".next"
"""Behind the name of a key that is not in use yet."""


class Ring(Protocol):
    """The part of the `keyring` package's interface that is used here."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """The password, or None."""
        ...

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Store this."""
        ...

    def delete_password(self, service: str, username: str, /) -> None:
        """Delete it."""
        ...


def system_ring() -> Ring | None:
    """The system's keyring, if `keyring` is installed and has found a real one."""
    try:
        keyring: Any = importlib.import_module("keyring")  # optional, and without types where it is not installed
    except ImportError:
        return None
    backend = keyring.get_keyring()
    # Its stand-ins for "none" have priority 0 and below, those that store plain text below 1.
    return cast("Ring", backend) if backend.priority >= 1 else None


@dataclass(frozen=True, slots=True)
class LogKey:
    """A private key with the name of the log that it signs."""

    key: VerifierKey
    _private: "Ed25519PrivateKey"

    @classmethod
    def of(cls, device: str, private: "Ed25519PrivateKey") -> Self:
        """The key of this device's log."""
        return cls(VerifierKey(origin(device), private.public_key().public_bytes_raw()), private)

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._private.sign(message)


class KeyPlace:
    """Where a device's log key is: in `ring`, if there is one, else at `file`."""

    def __init__(self, file: Path, device: str, ring: Ring | None) -> None:
        self._file = file
        self._device = device
        self._ring = ring

    @property
    def description(self) -> str:
        """Where the key is or would be made, for `doctor`."""
        if self._ring is not None and not self._file.exists():
            return "the system's keyring"
        return "a file that only you can read"

    def exists(self) -> bool:
        """Whether there is a key, usable or not."""
        return self._file.exists() or (
            self._ring is not None and self._ring.get_password(SERVICE, self._device) is not None
        )

    def load(self) -> LogKey:
        """The key in use. RecordError if there is no key, or it cannot be read."""
        found = self._read("")
        if found is None:
            raise RecordError("This laptop has no log key, so its record cannot be signed. Run `photo-agent init`.")
        return found

    def make(self) -> LogKey:
        """The key in use, made if it is missing. RecordError if it can be neither read nor written."""
        return self._read("") or self._make("")

    def next(self) -> LogKey:
        """The key that the next rotation passes the log on to, made if it is missing."""
        return self._read(NEXT) or self._make(NEXT)

    def following(self) -> LogKey | None:
        """The next key, if one was made."""
        return self._read(NEXT)

    def switch(self) -> None:
        """Replace the key in use by the next one."""
        if self._ring is not None and self._ring.get_password(SERVICE, self._device + NEXT) is not None:
            self._ring.set_password(SERVICE, self._device, self._ring.get_password(SERVICE, self._device + NEXT) or "")
            self._ring.delete_password(SERVICE, self._device + NEXT)
            self._file.unlink(missing_ok=True)
        else:
            try:
                self._next_file.replace(self._file)
                sync_folder(self._file.parent)
            except OSError as fault:
                raise RecordError(f"The next log key cannot be put in place: {fault.strerror}.") from fault

    @property
    def _next_file(self) -> Path:
        return self._file.with_name(self._file.name + NEXT)

    def _read(self, which: str) -> LogKey | None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_ssh_private_key

        file = self._next_file if which else self._file
        try:
            private = load_ssh_private_key(read_named(file, LARGEST), password=None)
        except FileNotFoundError:
            seed = None if self._ring is None else self._ring.get_password(SERVICE, self._device + which)
            return None if seed is None else LogKey.of(self._device, Ed25519PrivateKey.from_private_bytes(_raw(seed)))
        except (OSError, ValueError, TypeError) as fault:  # TypeError: cryptography's word for "needs a password"
            raise RecordError(
                f"The log key cannot be used: {file} is unreadable, damaged or has a passphrase."
            ) from fault
        if not isinstance(private, Ed25519PrivateKey):
            raise RecordError(f"The log key in {file} is not an Ed25519 key, as it must be.")
        return LogKey.of(self._device, private)

    def _make(self, which: str) -> LogKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        private = Ed25519PrivateKey.generate()
        if self._ring is not None:
            seed = base64.b64encode(private.private_bytes_raw()).decode()
            self._ring.set_password(SERVICE, self._device + which, seed)
            return LogKey.of(self._device, private)
        file = self._next_file if which else self._file
        try:
            create_file(file, private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        except OSError as fault:
            raise RecordError(f"The log key cannot be written to {file}: {fault.strerror}.") from fault
        return LogKey.of(self._device, private)


def _raw(seed: str) -> bytes:
    try:
        return base64.b64decode(seed, validate=True)
    except ValueError as fault:
        raise RecordError("The log key in the system's keyring is damaged.") from fault


def ssh_line(key: VerifierKey, comment: str) -> str:
    """The public key as a line in OpenSSH's format."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = Ed25519PublicKey.from_public_bytes(key.public).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return f"{public.decode('ascii')} {comment}"


def read_keys(text: str) -> list[VerifierKey]:
    """The keys that IT enrolled, one a line: verifier keys, or lines `ssh-ed25519 … photo-agent log DEVICE` of `init`.

    Empty lines and those that start with `#` are ignored. ValueError, with the line's number, for any other.
    """
    keys = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            keys.append(_of_ssh(stripped) if stripped.startswith("ssh-") else VerifierKey.parse(stripped))
        except ValueError as fault:
            raise ValueError(f"line {number}: {fault}") from fault
    return keys


def _of_ssh(line: str) -> VerifierKey:
    parts = line.split()
    if parts[0] != "ssh-ed25519" or len(parts) != 5 or parts[2:4] != ["photo-agent", "log"]:
        raise ValueError("this is not a log key: the line of an SSH key ends with `photo-agent log DEVICE`")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except ValueError as fault:
        raise ValueError("this key is damaged") from fault
    # RFC 8709: string "ssh-ed25519", string of 32 bytes
    if len(blob) != 51 or not blob.startswith(b"\0\0\0\x0bssh-ed25519\0\0\0\x20"):
        raise ValueError("this key is damaged")
    return VerifierKey(origin(parts[4]), blob[19:])
