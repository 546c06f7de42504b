"""What the share still needs of a record: each seal becomes one delivery, of one file.

A delivery is made again, byte for byte the same, until the share has it, so one that was cut is simply repeated. The
file's name gives the range and the tree's root: another content has another name.
"""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from agent.model.delivery import Delivery, Outgoing
from agent.model.files import Fingerprint
from agent.model.ids import PhotoId, Sha256, TransferId
from agent.record import published
from agent.record.leaf import LEAF_LINE
from agent.record.packed import pack
from agent.record.published import Part
from agent.record.reading import altered, as_record_error
from agent.record.record import Record
from agent.record.seals import Seal

NOT_A_PHOTO = PhotoId("record")
"""In a delivery, in place of a photo's id."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A seal on its way. When its delivery is proven, the record is published up to entry `size`, and `checkpoint`."""

    size: int
    checkpoint: str
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class PublishProgress:
    """How many entries the share has; `lost` says that the entries there do not belong to this record."""

    size: int
    lost: bool = False


def to_publish(record: Record, done: int, holder: str | None = None) -> Iterator[Publication]:
    """What the share does not have yet, oldest first; `done` is how many entries it has.

    `holder` is the device in whose folder it will lie, if that is not the record's own.

    Each is read when it is asked for, eight megabytes at most. RecordAltered if the record is not what was sealed.
    """
    waiting = list(itertools.takewhile(lambda seal: seal.size > done, record.seals_from_the_end()))
    for seal in reversed(waiting):
        yield Publication(seal.size, seal.checkpoint, _delivery(record, seal, holder))


def progress(record: Record, checkpoint: str | None) -> PublishProgress:
    """How far the record is published, by the last checkpoint that arrived.

    A record without that checkpoint was restored from a backup, or begun again: all of it is published then, beside
    what is there, because IT must see that.
    """
    if checkpoint is None:
        return PublishProgress(0)
    found = next((seal for seal in record.seals_from_the_end() if seal.checkpoint == checkpoint), None)
    return PublishProgress(0, lost=True) if found is None else PublishProgress(found.size)


def _delivery(record: Record, seal: Seal, holder: str | None) -> Delivery:
    name = published.remote(record.device, published.publication_name(seal.first, seal.size, seal.head.root), holder)
    content = _content(record, seal)
    fingerprint = Fingerprint(Sha256(hashlib.sha256(content).hexdigest()), len(content))
    named = hashlib.sha256(name.encode()).hexdigest()
    return Delivery(TransferId(named[:32]), NOT_A_PHOTO, (Outgoing(name, content, fingerprint),))


def _content(record: Record, seal: Seal) -> bytes:
    with as_record_error(), record.files.entries.open("rb") as entries, record.files.leaves.open("rb") as leaves:
        entries.seek(seal.start)
        lines = entries.read(seal.end - seal.start)
        leaves.seek(seal.first * LEAF_LINE)
        commitments = leaves.read((seal.size - seal.first) * LEAF_LINE)
    if lines.count(b"\n") != seal.size - seal.first or len(commitments) != (seal.size - seal.first) * LEAF_LINE:
        raise altered(seal.first, "what was signed is not there any more")
    notes = [] if seal.rotation is None else [(Part.ROTATION, seal.rotation.encode())]
    return pack([*notes, (Part.CHECKPOINT, seal.checkpoint.encode())], commitments, lines)
