"""A witness's signature under somebody else's checkpoint (c2sp.org/tlog-cosignature), with Ed25519.

It says: at this time, this is the head of this log that I had seen, and all that I saw before is the beginning of it.
The signed message is `cosignature/v1`, a line with the time, and the checkpoint's text; the signature line holds the
key id, the time (eight bytes, seconds since 1970) and the 64 bytes of the signature.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from agent.errors import RecordError, UsageError
from agent.files.durable import create_file, replace_file
from agent.files.named import read_named
from agent.record.note import split_note

LARGEST = 100_000
"""Bytes that a key's file can have."""

if TYPE_CHECKING:  # 40 ms, and only signing needs it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

COSIGNATURE_V1 = b"\x04"
"""The algorithm byte of signed-note for Ed25519 cosignatures."""


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's name and private key. `str` gives the verifier key that others check its cosignatures with."""

    name: str
    _private: "Ed25519PrivateKey"

    @classmethod
    def kept(cls, file: Path, name: str) -> Self:
        """The key in `file`, made if there is none; its verifier key then lies beside it, with `.pub`.

        UsageError where the key there goes by another name; RecordError where it cannot be used.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_ssh_private_key

        try:
            private = load_ssh_private_key(read_named(file, LARGEST), password=None)
        except FileNotFoundError:
            return cls._made(file, name)
        except (OSError, ValueError, TypeError) as fault:  # TypeError: cryptography's word for "needs a password"
            raise RecordError(f"The witness's key {file} is unreadable, damaged or has a passphrase.") from fault
        if not isinstance(private, Ed25519PrivateKey):
            raise RecordError(f"The witness's key {file} is not an Ed25519 key, as it must be.")
        key = cls(name, private)
        public = file.with_name(file.name + ".pub")
        if public.exists() and public.read_text("utf-8").strip() != str(key):
            raise UsageError(f"this witness has gone by another name until now, see {public}; give it with --name")
        replace_file(public, f"{key}\n".encode())
        return key

    @classmethod
    def _made(cls, file: Path, name: str) -> Self:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        private = Ed25519PrivateKey.generate()
        create_file(file, private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        key = cls(name, private)
        replace_file(file.with_name(file.name + ".pub"), f"{key}\n".encode())
        return key

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names it."""
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE_V1 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(COSIGNATURE_V1 + self.public).decode()}"

    def cosign(self, note: bytes, at: int) -> bytes:
        """The checkpoint with this witness's line under the signatures it has; `at` is in seconds since 1970."""
        signature = self._private.sign(signed_message(split_note(note)[0], at))
        line = base64.b64encode(self.id + at.to_bytes(8, "big") + signature).decode()
        return note + f"— {self.name} {line}\n".encode()


def signed_message(checkpoint: str, at: int) -> bytes:
    """What a cosignature signs of a checkpoint's text."""
    return f"cosignature/v1\ntime {at}\n{checkpoint}".encode()
