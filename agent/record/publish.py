"""What the share still needs of a record: each seal becomes one delivery of three files, or four.

A delivery is made again, byte for byte the same, until the share has it, so one that was cut is simply repeated. The
files' names give the range and the tree's root: no other content is ever meant for the same name.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from agent.model import Delivery, Fingerprint, Outgoing, PhotoId, Sha256, TransferId
from agent.record import published
from agent.record.leaf import LEAF_LINE
from agent.record.reading import altered, as_record_error
from agent.record.record import Record
from agent.record.seals import Seal

NOT_A_PHOTO = PhotoId("record")
"""In a delivery, where a photo's id stands."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A seal on its way: when its delivery is proven, the record is published up to entry `size`, and `checkpoint`."""

    size: int
    checkpoint: str
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class PublishProgress:
    """How many entries the share has; `lost` says that what it has is not of this record."""

    size: int
    lost: bool = False


def to_publish(record: Record, done: int, holder: str | None = None) -> Iterator[Publication]:
    """What the share does not have yet, oldest first; `done` is how many entries it has.

    `holder` is the device in whose folder it is to lie, where that is not the record's own.

    Each is read when it is asked for, eight megabytes at most. RecordAltered if the record is not what was sealed.
    """
    for seal in record.seals():
        if seal.size > done:
            yield Publication(seal.size, seal.checkpoint, _delivery(record, seal, holder))


def progress(record: Record, checkpoint: str | None) -> PublishProgress:
    """How far the record is published, by the last checkpoint that arrived.

    A record that does not have that checkpoint was put back from a backup, or begun anew: all of it is published then,
    beside what is there, for that is what IT must see.
    """
    if checkpoint is None:
        return PublishProgress(0)
    found = next((seal for seal in record.seals() if seal.checkpoint == checkpoint), None)
    return PublishProgress(0, lost=True) if found is None else PublishProgress(found.size)


def _delivery(record: Record, seal: Seal, holder: str | None) -> Delivery:
    contents = _contents(record, seal)
    files = tuple(
        Outgoing(
            published.remote(record.device, name, holder),
            content,
            Fingerprint(Sha256(hashlib.sha256(content).hexdigest()), len(content)),
        )
        for name, content in contents.items()
    )
    named = hashlib.sha256("\n".join(file.name for file in files).encode()).hexdigest()
    return Delivery(TransferId(named[:32]), NOT_A_PHOTO, files)


def _contents(record: Record, seal: Seal) -> dict[str, bytes]:
    with as_record_error(), record.files.entries.open("rb") as entries, record.files.leaves.open("rb") as leaves:
        entries.seek(seal.start)
        lines = entries.read(seal.end - seal.start)
        leaves.seek(seal.first * LEAF_LINE)
        commitments = leaves.read((seal.size - seal.first) * LEAF_LINE)
    root = seal.head.root
    if lines.count(b"\n") != seal.size - seal.first or len(commitments) != (seal.size - seal.first) * LEAF_LINE:
        raise altered(seal.first, "what was signed is not there any more")
    contents = {
        published.segment_name(seal.first, seal.size, root): lines,
        published.leaves_name(seal.first, seal.size, root): commitments,
    }
    if seal.rotation is not None:
        contents[published.rotation_name(seal.size, root)] = seal.rotation.encode()
    contents[published.checkpoint_name(seal.size, root)] = seal.checkpoint.encode()
    return contents
