"""A draw's file: signed and written before anything of it is shown, so that nobody can redraw until it suits."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from agent.audit.cosigning import CosigningKey
from agent.audit.spotcheck.commitment import Commitment, came_after, seed_of, why_not_independent
from agent.audit.spotcheck.frozen import Population, Seen, SeenCheckpoint, seen_checkpoint
from agent.audit.spotcheck.leaves import Tree
from agent.audit.spotcheck.lots import Candidate, Drawn, draw
from agent.audit.spotcheck.sampling import as_number
from agent.audit.spotcheck.signing import NotSigned, canonical, opened, signed
from agent.audit.spotcheck.size import Size
from agent.audit.spotcheck.words import promised
from agent.counting import counted
from agent.errors import SignatureWrong, UsageError
from agent.files.durable import create_file
from agent.files.named import open_named
from agent.record.checkpoint import Checkpoint
from agent.record.note import Signer, VerifierKey
from agent.record.published import ORIGIN

KIND = "spot-check-draw"
LARGEST = 256 * 1024 * 1024
"""The most bytes of a draw's file: a kilobyte or two for each transfer drawn, one for each device."""

MOST_DRAWN = 100_000
LONGEST_SEED = 1000


@dataclass(frozen=True, slots=True)
class Proven:
    """A transfer that was drawn, with the inclusion proof of its entry (RFC 6962) in the checkpoint seen."""

    drawn: Drawn
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw. `population` is how many transfers there were, `sample` how many were drawn by lot from all of them."""

    id: str
    at: datetime
    reviewer: str
    seed: str
    commitments: tuple[Commitment, ...]
    later: tuple[Checkpoint, ...]
    seen: Seen
    size: Size
    population: int
    erased: int
    sample: int
    drawn: tuple[Proven, ...]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def statement(self) -> str:
        """What it proves if all are right."""
        return promised(self.population, self.sample, self.size.confidence)

    @property
    def max_error(self) -> Fraction:
        """What is claimed if all are right, as a part of one."""
        return self.size.error(self.population)

    @property
    def strata(self) -> dict[str, dict[str, int]]:
        """How many were drawn of each device and of each visit."""
        some = [one.drawn.candidate for one in self.drawn]
        devices = Counter(one.origin.removeprefix(ORIGIN) for one in some)
        return {
            "devices": dict(sorted(devices.items())),
            "visits": dict(sorted(Counter(one.visit for one in some).items())),
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        more = len(self.drawn) - self.sample
        yield (
            f"Draw {self.id}: {counted(self.sample, 'transfer', grouped=True)} of {self.population:,}"
            + (f", and {more:,} more so that each device and each visit is looked at" if more else "")
        )
        yield self.statement
        for one in self.drawn:
            which = one.drawn.candidate
            name = f"{which.origin.removeprefix(ORIGIN)} entry {which.index}"
            yield f"  {name}, transfer {which.transfer[:12]}, {which.visit or 'no visit'}"
        yield from (f"  left out: {device}: {why}" for device, why in self.left_out)
        yield from (f"  note: {note}" for note in self.notes)

    def as_json(self) -> dict[str, object]:
        """Everything, as it is signed."""
        return {"kind": KIND, "id": self.id, **_body(self)}


def make(
    population: Population,
    seen: Seen,
    size: Size,
    *,
    seed: str | None,
    commitments: Sequence[Commitment],
    reviewer: str,
    now: datetime,
    notes: Sequence[str] = (),
) -> Draw:
    """Draw by a given seed, or by commitments. UsageError if there is nothing to draw from."""
    if population.size == 0:
        why = "; ".join(f"{device}: {reason}" for device, reason in population.left_out[:5])
        raise UsageError(f"There is no transfer to draw from in the checkpoints seen{f' ({why})' if why else ''}.")
    later = came_after(commitments, population.records)
    notes = list(notes)
    if seed is None:
        seed = seed_of(commitments, later)
        note = why_not_independent(commitments, later)
        notes += [] if note is None else [note]
    elif not 0 < len(seed) <= LONGEST_SEED or not seed.isprintable():
        raise UsageError(f"A seed is text of 1 to {LONGEST_SEED} characters.")
    if population.erased:
        erased = "1 entry was" if population.erased == 1 else f"{population.erased} entries were"
        notes.append(f"{erased} erased on request and could not be drawn.")
    sample = size.of(population.size)
    if sample > MOST_DRAWN:
        raise UsageError(f"That would be a draw of {sample}; the most is {MOST_DRAWN}. Allow a larger error.")
    found = draw(population.candidates(), seed, sample)
    proofs: dict[Candidate, tuple[bytes, ...]] = {}
    for record in population.records:
        mine = [one.candidate for one in found if one.candidate.origin == record.seen.origin]
        if mine:  # one tree in memory at a time
            tree = Tree(record.leaves)
            proofs |= {one: tuple(tree.proof(one.index)) for one in mine}
    proven = tuple(Proven(one, proofs[one.candidate]) for one in found)
    made = Draw(
        "", now.astimezone(UTC), reviewer, seed, tuple(commitments), later,
        Seen(seen.key, tuple(record.seen for record in population.records)),
        size, population.size, population.erased, sample, proven, population.left_out, tuple(notes),
    )  # fmt: skip
    return _with_id(made)


def _with_id(made: Draw) -> Draw:
    digest = hashlib.sha256(canonical({"kind": KIND, **_body(made)})).hexdigest()
    return replace(made, id=f"{made.at:%Y%m%d}-{digest[:12]}")


def repeats(made: Draw, population: Population) -> str | None:
    """Why this draw is not what its seed gives from these records; None if it is."""
    if made.commitments:
        later = came_after(made.commitments, population.records)
        if later != made.later or seed_of(made.commitments, later) != made.seed:
            return "its seed is not the one that its commitments and the laptops' next checkpoints give"
    if (population.size, made.size.of(population.size)) != (made.population, made.sample):
        return "it was drawn from another number of transfers than the checkpoints hold"
    if draw(population.candidates(), made.seed, made.sample) != tuple(one.drawn for one in made.drawn):
        return "it does not hold the transfers that its seed gives"
    return None


def write(file: Path, made: Draw, signer: Signer) -> None:
    """Sign it and write it to a file, durable on return. UsageError if the file exists or cannot be made."""
    try:
        create_file(file, signed(made.as_json(), signer))
    except FileExistsError:
        raise UsageError(
            f"{file} exists already and was not overwritten. A draw is made once. Name another file."
        ) from None
    except OSError as fault:
        raise UsageError(f"{file} cannot be written: {fault.strerror}.") from fault


def read(file: Path) -> tuple[Draw, VerifierKey]:
    """A draw, and whose key signed it. UsageError if the file is not a draw; SignatureWrong if it was changed."""
    try:
        with open_named(file) as source:
            content = source.read(LARGEST + 1)
    except OSError as fault:
        raise UsageError(f"{file} cannot be read: {fault.strerror}.") from fault
    if len(content) > LARGEST:
        raise UsageError(f"{file} is too large for a draw.")
    try:
        body, key = opened(content)
        made = _of_json(body)
    except NotSigned as fault:
        raise SignatureWrong(f"The draw in {file} cannot be used: {fault}.") from fault
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as fault:
        raise UsageError(f"{file} is not the file of a draw.") from fault
    return made, key


def _body(made: Draw) -> dict[str, object]:
    return {
        "drawn_at": made.at.isoformat(),
        "reviewer": made.reviewer,
        "seed": made.seed,
        "commitments": [{**one.body, "commitment": one.hash} for one in made.commitments],
        "later_checkpoints": [_checkpoint(one) for one in made.later],
        "witness": str(made.seen.key),
        "checkpoints": [
            {
                "origin": one.origin,
                "size": one.size,
                "root": one.root.hex(),
                "seen_at": one.at.isoformat(),
                "note": one.note.decode(),
            }
            for one in made.seen.checkpoints
        ],
        "asked": made.size.as_json(),
        "population": made.population,
        "erased": made.erased,
        "sample": made.sample,
        "confidence": as_number(made.size.confidence),
        "max_error": as_number(made.max_error),
        "statement": made.statement,
        "strata": made.strata,
        "drawn": [
            {
                "origin": one.drawn.candidate.origin,
                "index": one.drawn.candidate.index,
                "transfer": one.drawn.candidate.transfer,
                "visit": one.drawn.candidate.visit,
                "why": one.drawn.why,
                "hash": one.drawn.candidate.hash,
                "proof": [step.hex() for step in one.proof],
            }
            for one in made.drawn
        ],
        "left_out": [{"device": device, "why": why} for device, why in made.left_out],
        "notes": list(made.notes),
    }


def _checkpoint(one: Checkpoint) -> dict[str, object]:
    return {"origin": one.origin, "size": one.size, "root": one.root.hex()}


def _of_json(body: Mapping[str, Any]) -> Draw:
    if body["kind"] != KIND:
        raise ValueError("this is not a draw")
    key = CosigningKey.parse(body["witness"])
    made = Draw(
        id=str(body["id"]),
        at=datetime.fromisoformat(body["drawn_at"]),
        reviewer=str(body["reviewer"]),
        seed=str(body["seed"]),
        commitments=tuple(_commitment(one) for one in body["commitments"]),
        later=tuple(
            Checkpoint(str(one["origin"]), int(one["size"]), bytes.fromhex(one["root"]))
            for one in body["later_checkpoints"]
        ),
        seen=Seen(key, tuple(_seen(one, key) for one in body["checkpoints"])),
        size=Size.of_json(body["asked"]),
        population=int(body["population"]),
        erased=int(body["erased"]),
        sample=int(body["sample"]),
        drawn=tuple(_drawn(one) for one in body["drawn"]),
        left_out=tuple((str(one["device"]), str(one["why"])) for one in body["left_out"]),
        notes=tuple(str(one) for one in body["notes"]),
    )
    seen = {one.origin: one.size for one in made.seen.checkpoints}
    if any(one.drawn.candidate.index >= seen.get(one.drawn.candidate.origin, 0) for one in made.drawn):
        raise ValueError("a transfer was drawn from beyond the checkpoints")
    if made.at.tzinfo is None or len(made.drawn) > MOST_DRAWN * 2 or _with_id(made).id != made.id:
        raise ValueError("this is not a draw of this program")
    return made


def _commitment(said: Mapping[str, Any]) -> Commitment:
    body = dict(said)
    given_away = body.pop("commitment")
    one = Commitment.of_json(body)
    if one.hash != given_away:
        raise ValueError("a commitment is not the one that was given away")
    return one


def _seen(said: Mapping[str, Any], key: CosigningKey) -> SeenCheckpoint:
    one = seen_checkpoint(str(said["note"]).encode(), key)
    if (one.origin, one.size, one.root.hex()) != (said["origin"], said["size"], said["root"]):
        raise ValueError("a checkpoint is not the one that was seen")
    return one


def _drawn(said: Mapping[str, Any]) -> Proven:
    candidate = Candidate(
        str(said["origin"]), int(said["index"]), str(said["hash"]), str(said["transfer"]), str(said["visit"])
    )
    return Proven(Drawn(candidate, str(said["why"])), tuple(bytes.fromhex(step) for step in said["proof"]))
