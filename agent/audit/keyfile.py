"""A private key that belongs to IT (a witness's or a reviewer's), in a file that only its owner can read."""

from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import RecordError
from agent.files.durable import create_file
from agent.files.named import read_named

if TYPE_CHECKING:  # 40 ms, and only signing needs it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LARGEST = 100_000
"""The most bytes that a key file can have."""


def own_key(file: Path, whose: str) -> "Ed25519PrivateKey":
    """The Ed25519 key in `file`, made if it is missing. RecordError, beginning with `whose`, if unusable."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        private = load_ssh_private_key(read_named(file, LARGEST), password=None)
    except FileNotFoundError:
        return _made(file)
    except (OSError, ValueError, TypeError) as fault:  # TypeError: cryptography's word for "needs a password"
        raise RecordError(f"{whose} {file} is unreadable, damaged or has a passphrase.") from fault
    if not isinstance(private, Ed25519PrivateKey):
        raise RecordError(f"{whose} {file} is not an Ed25519 key, as it must be.")
    return private


def _made(file: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.generate()
    create_file(file, private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return private
