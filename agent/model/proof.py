"""What shows that a photo is safe: on the share, and on record."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.model.files import Fingerprint
from agent.model.ids import RemoteName, Sha256


class Method(StrEnum):
    """How a proof was made."""

    READ_BACK = "read-back"  # sent now, and read back
    ALREADY_THERE = "already-there"  # the share held this very content under this name; read back


@dataclass(frozen=True, slots=True)
class Proof:
    """The share holds, under `name`, exactly `held`, from which the local content `original` can be rebuilt.

    Only made by reading every byte back from the final file or the temporary file before it. `synced` says whether the
    server confirmed that the bytes are on disk (fsync@openssh.com).
    """

    name: RemoteName
    held: Fingerprint
    original: Fingerprint
    method: Method
    synced: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """Shows that an entry is durably in the record: its place in it, from 0, and its hash."""

    index: int
    hash: Sha256
