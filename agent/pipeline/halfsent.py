"""Which transfers may have left something on the share, remembered before their first byte leaves.

On a school's share a device cannot list a visit's folder, so what a cut transfer left there is found by its name only:
also when its photo is never sent again, because it was taken away here or turned out to be private. Temporary files are
swept away by them (`Share.sweep`); what had its final name already stays, and is put on record (`leftonshare`).
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from agent.journal import Journal
from agent.model import Delivery, Fingerprint, RemoteName, Sha256, TransferId
from agent.pipeline.journal_keys import HALF_SENT
from agent.share import HalfSent, as_sent

MOST_NAMES = 64
"""Final names remembered of one transfer, which has others each time that the register or a camera's name changed."""

Named = tuple[RemoteName, Fingerprint]
"""A final name, and what the transfer would have put there."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A transfer that began, and the final names that it may have given."""

    left: HalfSent
    names: tuple[Named, ...]


@dataclass(slots=True)
class HalfSentTransfers:
    """What the journal knows of them; every change is on disk when a method returns, but for `arrived`."""

    journal: Journal
    _begun: dict[TransferId, Begun] = field(init=False)

    def __post_init__(self) -> None:
        kept: dict[str, list[Any]] = json.loads(self.journal.fact(HALF_SENT) or "{}")
        self._begun = {TransferId(transfer): _read(TransferId(transfer), *of_it) for transfer, of_it in kept.items()}

    def known(self) -> tuple[HalfSent, ...]:
        """Where temporary files may be."""
        return tuple(begun.left for begun in self._begun.values())

    def begun(self) -> tuple[Begun, ...]:
        """All of them."""
        return tuple(self._begun.values())

    def begin(self, deliveries: Iterable[tuple[Delivery, tuple[Named, ...]]]) -> None:
        """These are sent next; with each, `names_of` it. Names that an earlier try may have given stay known."""
        for delivery, names in deliveries:
            folder = delivery.files[0].name.rpartition("/")[0]
            before = self._begun.get(delivery.transfer)
            earlier = () if before is None else tuple(one for one in before.names if one not in names)
            left = HalfSent(folder, delivery.transfer, len(delivery.files))
            self._begun[delivery.transfer] = Begun(left, (*names, *earlier)[:MOST_NAMES])
        self.put_down()

    def arrived(self, transfer: TransferId, names: Collection[RemoteName]) -> None:
        """This one has these names now, and the journal has that. On disk with the next batch, or `put_down`."""
        begun = self._begun.pop(transfer, None)
        others = () if begun is None else tuple(one for one in begun.names if one[0] not in names)
        if begun is not None and others:
            self._begun[transfer] = replace(begun, names=others)

    def keep_only(self, transfers: Collection[TransferId]) -> None:
        """The others were looked for on the share, and nothing of them is left to be said."""
        wanted = set(transfers)
        self._begun = {transfer: begun for transfer, begun in self._begun.items() if transfer in wanted}
        self.put_down()

    def put_down(self) -> None:
        """Have on disk what is known."""
        text = json.dumps({begun.left.transfer: _written(begun) for begun in self._begun.values()})
        if text != (self.journal.fact(HALF_SENT) or "{}"):
            self.journal.set_fact(HALF_SENT, None if text == "{}" else text)


def worked_out(delivery: Delivery) -> Delivery:
    """The delivery with what the share will hold of each of its files. LocalFault."""
    return replace(delivery, files=tuple(replace(one, held=as_sent(one)) for one in delivery.files))


def names_of(delivery: Delivery) -> tuple[Named, ...]:
    """The final names that a delivery gives, unless they are taken, and the content of each. LocalFault."""
    return tuple((one.name, as_sent(one)) for one in delivery.files)


def _written(begun: Begun) -> list[object]:
    left = begun.left
    return [left.folder, left.files, [[name, held.sha256, held.size] for name, held in begun.names]]


def _read(transfer: TransferId, folder: str, files: int, names: Iterable[tuple[str, str, int]] = ()) -> Begun:
    """Before version 0.2 there were no names."""
    named = ((RemoteName(name), Fingerprint(Sha256(sha256), size)) for name, sha256, size in names)
    return Begun(HalfSent(folder, transfer, files), tuple(named))
