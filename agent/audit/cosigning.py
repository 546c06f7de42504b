"""A witness's signature on somebody else's checkpoint (c2sp.org/tlog-cosignature), with Ed25519.

It says: at this time, this was the newest state of this log that I had seen, and it continues everything that I saw
before. The signed message is `cosignature/v1`, a line with the time, and the checkpoint's text; the signature line
holds the key id, the time (eight bytes, seconds since 1970) and the 64 bytes of the signature.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from agent.audit.keyfile import own_key
from agent.errors import UsageError
from agent.files.durable import replace_file
from agent.record.note import NoteFault, split_key, split_note

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
    def load_or_make(cls, file: Path, name: str) -> Self:
        """The key in `file`, made if there is none; its verifier key is written next to it, with `.pub` added to the
        name.

        UsageError if that key has another name; RecordError if it cannot be used.
        """
        key = cls(name, own_key(file, "The witness's key"))
        public = file.with_name(file.name + ".pub")
        if public.exists() and public.read_text("utf-8").strip() != str(key):
            raise UsageError(f"This witness has had another name until now, see {public}. Give that name with --name.")
        replace_file(public, f"{key}\n".encode())
        return key

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        """The four bytes that identify the key in a signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE_V1 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(COSIGNATURE_V1 + self.public).decode()}"

    def cosign(self, note: bytes, at: int) -> bytes:
        """The checkpoint with this witness's line added to its signatures; `at` is in seconds since 1970."""
        signature = self._private.sign(signed_message(split_note(note)[0], at))
        line = base64.b64encode(self.id + at.to_bytes(8, "big") + signature).decode()
        return note + f"— {self.name} {line}\n".encode()


def signed_message(checkpoint: str, at: int) -> bytes:
    """The message that a cosignature signs, for a checkpoint's text."""
    return f"cosignature/v1\ntime {at}\n{checkpoint}".encode()


@dataclass(frozen=True, slots=True)
class CosigningKey:
    """A witness's public key, as written in its `.pub` file."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `name+id+base64`; ValueError for anything else."""
        try:
            name, identity, decoded = split_key(text)
        except binascii.Error as fault:
            raise ValueError("this is not the key of a witness (name+id+base64)") from fault
        key = cls(name, decoded[1:])
        if decoded[:1] != COSIGNATURE_V1 or len(key.public) != 32 or identity != key.id.hex():
            raise ValueError("this is not the key of a witness, or it is damaged")
        return key

    @property
    def id(self) -> bytes:
        """The four bytes that identify the key in a signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE_V1 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(COSIGNATURE_V1 + self.public).decode()}"

    def seen_at(self, note: bytes) -> int:
        """When this witness saw the checkpoint, in seconds since 1970. NoteFault unless it cosigned it."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        text, signatures = split_note(note)
        for name, identity, rest in signatures:
            if (name, identity) == (self.name, self.id) and len(rest) == 8 + 64:
                at = int.from_bytes(rest[:8], "big")
                try:
                    Ed25519PublicKey.from_public_bytes(self.public).verify(rest[8:], signed_message(text, at))
                except (InvalidSignature, ValueError) as fault:  # ValueError: not a point on the curve
                    raise NoteFault(f"the signature of {self.name} is wrong") from fault
                return at
        raise NoteFault(f"it is not signed by {self.name}")
