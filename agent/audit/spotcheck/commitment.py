"""Commit and reveal: a seed that nobody could choose.

*The commitment* comes first. This program draws a secret of 32 random bytes and writes it into a file that only the
reviewer can read, with the checkpoints seen so far and the size of the draw. The file's SHA-256 is given to somebody
else (to the head, say) at once: from then on, any change to the file would show.

*The reveal* comes later. The draw is made from the entries in checkpoints that the witness saw before it. The seed is
SHA-256 over the secrets of all commitments that are revealed together, and over the first checkpoint that each device
signed after the commitment. So

- staff cannot choose: they do not know the secret before the reveal, and entries that they write after it are not
  drawn;
- IT cannot choose: the secret was fixed before those checkpoints existed, and their roots are hashes over salts that
  laptops choose. If no laptop has signed anything since, this does not hold, and the draw says so;
- with the commitments of two people neither needs to trust the other, whatever the laptops do.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from agent.audit.spotcheck.frozen import FrozenRecord, SeenCheckpoint
from agent.audit.spotcheck.signing import NotSigned, canonical, opened, signed
from agent.audit.spotcheck.size import Size
from agent.errors import SignatureWrong, UsageError
from agent.files.durable import create_file
from agent.files.named import read_named
from agent.record.checkpoint import Checkpoint
from agent.record.note import Signer

KIND = "spot-check-commitment"
SEED = b"photo-agent spot-check seed v1\n"
LARGEST = 16 * 1024 * 1024
"""The most bytes of a commitment's file, which has a line for each device."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """What was committed to. `seen` is how many entries of each record had been seen by then, by its origin."""

    body: Mapping[str, Any]
    at: datetime
    reviewer: str
    secret: bytes
    seen: Mapping[str, int]
    size: Size | None

    @property
    def hash(self) -> str:
        """The hash that was given away: SHA-256 over everything that the file says, in canonical JSON."""
        return hashlib.sha256(canonical(self.body)).hexdigest()

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> Self:
        """ValueError if this is not a commitment."""
        try:
            if body["kind"] != KIND:
                raise ValueError("this is not the file of a commitment")
            secret = bytes.fromhex(body["secret"])
            at = datetime.fromisoformat(body["at"])
            seen = {str(origin): int(size) for origin, size in body["seen"].items()}
            size = None if body["size"] is None else Size.of_json(body["size"])
            if len(secret) != 32 or at.tzinfo is None:
                raise ValueError("this is not the file of a commitment")
            return cls(body, at, str(body["reviewer"]), secret, seen, size)
        except (KeyError, TypeError, AttributeError) as fault:
            raise ValueError("this is not the file of a commitment") from fault


def commit(
    file: Path, seen: Sequence[SeenCheckpoint], size: Size | None, reviewer: str, signer: Signer, now: datetime
) -> Commitment:
    """Draw a secret and write it to `file`, durable on return. UsageError if the file exists or cannot be made."""
    body: dict[str, object] = {
        "kind": KIND,
        "at": now.astimezone(UTC).isoformat(),
        "reviewer": reviewer,
        "secret": secrets.token_hex(32),
        "seen": {one.origin: one.size for one in seen},
        "size": None if size is None else size.as_json(),
    }
    try:
        create_file(file, signed(body, signer))
    except FileExistsError:
        raise UsageError(f"{file} exists already. A commitment is made once. Name another file.") from None
    except OSError as fault:
        raise UsageError(f"{file} cannot be written: {fault.strerror}.") from fault
    return Commitment.of_json(json.loads(json.dumps(body)))


def read_commitment(file: Path) -> Commitment:
    """UsageError if there is none; SignatureWrong if it was changed."""
    try:
        body, _ = opened(read_named(file, LARGEST))
        return Commitment.of_json(body)
    except NotSigned as fault:
        raise SignatureWrong(f"The commitment in {file} cannot be used: {fault}.") from fault
    except ValueError as fault:
        raise UsageError(f"{file} is not the file that --commit wrote: {fault}.") from fault
    except OSError as fault:
        raise UsageError(f"{file} cannot be read: {fault.strerror}.") from fault


def agreed_size(commitments: Sequence[Commitment], asked: Size | None) -> Size:
    """The size of the draw: the one committed to, if there is one. UsageError if they differ, or none was given."""
    said = [one.size for one in commitments if one.size is not None]
    if asked is not None:
        said.append(asked)
    if not said:
        raise UsageError("Say how large the draw should be: --sample N, or --max-error such as 1%.")
    if any(one != said[0] for one in said):
        raise UsageError("The size of the draw is not the one that was committed to. Leave it out at the reveal.")
    return said[0]


def came_after(commitments: Sequence[Commitment], records: Sequence[FrozenRecord]) -> tuple[Checkpoint, ...]:
    """For each device seen at the commitment, its first checkpoint after that, if the witness has seen one."""
    before: dict[str, int] = {}
    for one in commitments:
        for origin, size in one.seen.items():
            before[origin] = max(size, before.get(origin, 0))
    later = []
    for record in records:
        if record.seen.origin in before:
            later += [one for one in record.published if one.size > before[record.seen.origin]][:1]
    return tuple(sorted(later, key=lambda one: one.origin))


def seed_of(commitments: Sequence[Commitment], later: Sequence[Checkpoint]) -> str:
    """The seed, 64 hexadecimal digits: secrets in the order of their commitments' hashes, checkpoints by origin."""
    digest = hashlib.sha256(SEED)
    for one in sorted(commitments, key=lambda one: one.hash):
        digest.update(one.secret)
    for checkpoint in later:
        root = base64.b64encode(checkpoint.root).decode()
        digest.update(f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n".encode())
    return digest.hexdigest()


def why_not_independent(commitments: Sequence[Commitment], later: Sequence[Checkpoint]) -> str | None:
    """Why somebody could have chosen this draw after all; None where nobody could."""
    if later or len({one.secret for one in commitments}) > 1:
        return None
    return (
        "No laptop has signed anything since the commitment, and only one person committed: only that person's word "
        "shows that the secret was not chosen to suit. Reveal after the laptops' next run, or commit as two people."
    )
