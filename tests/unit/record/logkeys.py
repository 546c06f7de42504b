"""Log keys that are the same in every run."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.record.keys import LogKey


def key_of(device: str, which: str = "") -> LogKey:
    """A device's key; `which` tells its keys apart."""
    seed = hashlib.sha256(f"{device} {which}".encode()).digest()
    return LogKey.of(device, Ed25519PrivateKey.from_private_bytes(seed))
