"""The reviewer's signature on a certificate: a signed note (c2sp.org/signed-note) over the hash of its data."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from agent.errors import UsageError
from agent.record.note import VerifierKey, sign_note

if TYPE_CHECKING:  # 40 ms, and only signing needs it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "visit-photo-agent certificate"

LARGEST_KEY = 100_000
"""Bytes."""


@dataclass(frozen=True, slots=True)
class ReviewerKey:
    """A reviewer's private key, and the name that its signatures carry."""

    key: VerifierKey
    _private: "Ed25519PrivateKey"

    @classmethod
    def read(cls, file: Path) -> Self:
        """From a file in OpenSSH's format, as `ssh-keygen -t ed25519` makes it; the key is named after the file."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_ssh_private_key

        from agent.files.named import read_named

        try:
            private = load_ssh_private_key(read_named(file, LARGEST_KEY), password=None)
        except (OSError, ValueError, TypeError) as fault:  # TypeError: cryptography's word for "needs a password"
            raise UsageError(f"The key {file} cannot be read, is damaged or has a passphrase.") from fault
        if not isinstance(private, Ed25519PrivateKey):
            raise UsageError(f"The key {file} is not an Ed25519 key. Make one with `ssh-keygen -t ed25519`.")
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem) or "reviewer"
        return cls(VerifierKey(f"reviewer/{name}", private.public_key().public_bytes_raw()), private)

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._private.sign(message)


def certificate_note(file: str, digest: str, key: ReviewerKey) -> bytes:
    """The note: what it certifies, the file's name and its SHA-256, and the signature."""
    return sign_note(f"{ORIGIN}\n{file}\nsha256 {digest}\n", key).encode()
