"""Signed JSON: an object with all its fields, and the reviewer's signature over it.

The signature is Ed25519 over the line `photo-agent spot-check v1` and the object in canonical JSON (RFC 8785) without
its field `signature`, which holds the verifier key (C2SP signed-note's form) and the signature in base64.
"""

import base64
import binascii
import getpass
import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from agent.audit.keyfile import own_key
from agent.errors import RecordError
from agent.files.durable import replace_file
from agent.record.note import Signer, VerifierKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX = b"photo-agent spot-check v1\n"

KEY_FILE = "reviewer.key"


class NotSigned(ValueError):
    """This is not a signed object, or it was changed after it was signed; the message says which."""


@dataclass(frozen=True, slots=True)
class ReviewerKey:
    """The key of the person who makes spot checks on this machine."""

    key: VerifierKey
    _private: "Ed25519PrivateKey"

    @classmethod
    def load_or_make(cls, folder: Path) -> Self:
        """The key in that folder, made if there is none, with `reviewer.key.pub` beside it. RecordError if unusable."""
        file = folder / KEY_FILE
        public = file.with_name(file.name + ".pub")
        try:
            private = own_key(file, "The reviewer's key")
            raw = private.public_key().public_bytes_raw()
            known = known_keys(folder)
            name = known[0].name if known and known[0].public == raw else f"reviewer/{_host()}"
            key = cls(VerifierKey(name, raw), private)
            if not known or known[0] != key.key:
                replace_file(public, f"{key.key}\n".encode())
        except OSError as fault:
            raise RecordError(f"The reviewer's folder {folder} cannot be used: {fault.strerror}.") from fault
        return key

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._private.sign(message)


def known_keys(folder: Path) -> list[VerifierKey]:
    """The reviewer's public key in that folder; an empty list if none can be read."""
    try:
        return [VerifierKey.parse((folder / f"{KEY_FILE}.pub").read_text("utf-8"))]
    except (OSError, ValueError):
        return []


def default_reviewer() -> str:
    """The reviewer's name if none is given: the user of this machine."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name
        return _host()
    return "".join(character for character in user if character.isprintable())[:100] or _host()


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", socket.gethostname()) or "unnamed"


def canonical(body: Mapping[str, object]) -> bytes:
    """The object in canonical JSON. NotSigned if canonical JSON cannot hold it."""
    import rfc8785

    try:
        return rfc8785.dumps(dict(body))  # type: ignore[arg-type]  # it raises for anything but JSON
    except (rfc8785.CanonicalizationError, RecursionError, ValueError, TypeError) as fault:
        raise NotSigned("it holds what canonical JSON cannot") from fault


def signed(body: Mapping[str, object], signer: Signer) -> bytes:
    """The object with its signature, as it is written to a file."""
    signature = base64.b64encode(signer.sign(PREFIX + canonical(body))).decode()
    whole = {**body, "signature": {"key": str(signer.key), "signature": signature}}
    return json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n"


def opened(content: bytes) -> tuple[dict[str, Any], VerifierKey]:
    """What a file says, without the signature, and whose key signed it. NotSigned unless that key did."""
    try:
        body = json.loads(content)
        signature = body.pop("signature")
        key = VerifierKey.parse(str(signature["key"]))
        raw = base64.b64decode(str(signature["signature"]), validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as fault:
        raise NotSigned("it is not a file that photo-agent signed") from fault
    if not isinstance(body, dict) or not key.verifies(raw, PREFIX + canonical(body)):
        raise NotSigned("its signature is wrong: it was changed after it was signed")
    return body, key
