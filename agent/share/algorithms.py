"""The SSH algorithms that both clients use: no SHA-1, no CBC, no compression. Pure.

AES-GCM comes first: counter mode with a separate MAC costs twice as much.
"""

from agent.share.hostkeys import Pinned

CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
MACS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
RSA = ("rsa-sha2-512", "rsa-sha2-256")
KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", *RSA)


def host_key_algorithms(known: Pinned) -> list[str]:
    """The algorithms with which a server can show a pinned key; empty if no key is pinned."""
    types = {key.type for key in known.keys}
    return [kind for kind in KEY_TYPES if kind in types or (kind in RSA and "ssh-rsa" in types)]
