"""This device's own SSH key. It is made here and never leaves the laptop; IT enters its public line on the server."""

from pathlib import Path

from agent.errors import LoginRefused, UsageError
from agent.files.durable import create_file
from agent.files.named import read_named

LARGEST = 100_000
"""The most bytes of a key file."""


def make_key(key_file: Path, comment: str) -> str:
    """Make an Ed25519 key in OpenSSH's format, readable by this user only; return its public line.

    An existing file is never overwritten: UsageError.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
    try:
        create_file(key_file, private)
    except FileExistsError as error:
        raise UsageError(f"An SSH key exists already and was not changed: {key_file}") from error
    return f"{public} {' '.join(comment.split())}".strip()


def public_key(key_file: Path) -> str:
    """The public line of a private key, without a comment. LoginRefused if there is no usable key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

    try:
        key = load_ssh_private_key(read_named(key_file, LARGEST), password=None)
    except FileNotFoundError as error:
        raise LoginRefused(f"This laptop has no SSH key yet ({key_file}). Run “photo-agent init”.") from error
    except (OSError, ValueError, TypeError) as error:  # TypeError: cryptography's word for "needs a password"
        raise LoginRefused(
            f"This laptop's SSH key cannot be used: {key_file} is unreadable, damaged or has a passphrase."
        ) from error
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
