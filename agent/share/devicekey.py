"""This device's own SSH key: made here, never leaves the laptop; IT enters its public line on the server."""

import os
from pathlib import Path

from agent.errors import LoginRefused, UsageError


def make_key(key_file: Path, comment: str) -> str:
    """Make an Ed25519 key in OpenSSH's format, readable by this user only; return its public line.

    A file that is there already is never overwritten: UsageError.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
    key_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError as error:
        raise UsageError(f"There is an SSH key already, which is kept: {key_file}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)
        file.flush()
        os.fsync(file.fileno())
    return f"{public} {' '.join(comment.split())}".strip()


def public_key(key_file: Path) -> str:
    """The public line of a private key, without a comment. LoginRefused where there is no usable key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

    try:
        key = load_ssh_private_key(key_file.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise LoginRefused(f"This laptop has no SSH key yet ({key_file}). Run “photo-agent init”.") from error
    except (OSError, ValueError, TypeError) as error:  # TypeError: cryptography's word for "needs a password"
        raise LoginRefused(
            f"This laptop's SSH key cannot be used: {key_file} is unreadable, damaged or has a passphrase."
        ) from error
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
