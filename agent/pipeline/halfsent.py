"""Remembers, before the first byte leaves, which transfers may leave something on the share.

A device cannot list a visit's folder on a school's share, so the leftovers of a broken transfer can only be found by
name. That holds even if the photo is never sent again, because it was taken away here or turned out to be private.
Temporary files are removed by these names (`Share.sweep`); a file that already has its final name stays, and is
recorded (`leftonshare`).
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from agent.journal import Journal
from agent.model.delivery import Delivery
from agent.model.files import Fingerprint
from agent.model.ids import RemoteName, Sha256, TransferId
from agent.pipeline.journal_keys import HALF_SENT
from agent.share import HalfSent, as_sent

MOST_NAMES = 64
"""The most final names remembered for one transfer: it gets others when the register or a camera's name changes."""

MOST_LEFT = 1000
"""The most transfers remembered of which only temporary files may be on the share."""

Named = tuple[RemoteName, Fingerprint]
"""A final name, and the content that the transfer would have put there."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A transfer that began, and the final names that it may have given."""

    left: HalfSent
    names: tuple[Named, ...]


@dataclass(slots=True)
class HalfSentTransfers:
    """The transfers begun, as in the journal; every change except `arrived` is on disk when its method returns."""

    journal: Journal
    _begun: dict[TransferId, Begun] = field(init=False)

    def __post_init__(self) -> None:
        saved: dict[str, list[Any]] = json.loads(self.journal.fact(HALF_SENT) or "{}")
        self._begun = {TransferId(transfer): _read(TransferId(transfer), *of_it) for transfer, of_it in saved.items()}

    def known(self) -> tuple[HalfSent, ...]:
        """The places where temporary files may be."""
        return tuple(begun.left for begun in self._begun.values())

    def begun(self) -> tuple[Begun, ...]:
        """All transfers that have begun."""
        return tuple(self._begun.values())

    def begin(self, deliveries: Iterable[tuple[Delivery, tuple[Named, ...]]]) -> None:
        """These transfers are sent next, each with its `names_of`. Names from an earlier attempt stay known."""
        for delivery, names in deliveries:
            folder = delivery.files[0].name.rpartition("/")[0]
            before = self._begun.get(delivery.transfer)
            earlier = () if before is None else tuple(one for one in before.names if one not in names)
            left = HalfSent(folder, delivery.transfer, len(delivery.files))
            self._begun[delivery.transfer] = Begun(left, (*names, *earlier)[:MOST_NAMES])
        self.save()

    def arrived(self, transfer: TransferId, names: Collection[RemoteName], *, leftover: bool) -> None:
        """Forget these names: the transfer has them, and the journal knows. On disk with the next batch, or `save`.

        The transfer itself is remembered while it has other names, or if it has a `leftover` under a temporary name.
        """
        begun = self._begun.pop(transfer, None)
        others = () if begun is None else tuple(one for one in begun.names if one[0] not in names)
        if begun is not None and (others or leftover):
            self._begun[transfer] = replace(begun, names=others)

    def keep_only(self, transfers: Collection[TransferId], *, temporary: bool = False) -> None:
        """Forget all transfers but these: the others were looked for on the share, and are dealt with.

        With `temporary` they may still have files there under temporary names, which are not forgotten: those of the
        newest transfers, if there are very many.
        """
        wanted = set(transfers)
        others = [replace(begun, names=()) for transfer, begun in self._begun.items() if transfer not in wanted]
        left = {begun.left.transfer: begun for begun in others[-MOST_LEFT:]} if temporary else {}
        self._begun = left | {transfer: begun for transfer, begun in self._begun.items() if transfer in wanted}
        self.save()

    def save(self) -> None:
        """Write everything to disk."""
        text = json.dumps({begun.left.transfer: _written(begun) for begun in self._begun.values()})
        if text != (self.journal.fact(HALF_SENT) or "{}"):
            self.journal.set_fact(HALF_SENT, None if text == "{}" else text)


def worked_out(delivery: Delivery) -> Delivery:
    """The delivery with what the share will hold of each of its files. LocalFault."""
    return replace(delivery, files=tuple(replace(one, held=as_sent(one)) for one in delivery.files))


def names_of(delivery: Delivery) -> tuple[Named, ...]:
    """The final names that a delivery gives unless they are taken, with the content of each. Raises LocalFault."""
    return tuple((one.name, as_sent(one)) for one in delivery.files)


def _written(begun: Begun) -> list[object]:
    left = begun.left
    return [left.folder, left.files, [[name, held.sha256, held.size] for name, held in begun.names]]


def _read(transfer: TransferId, folder: str, files: int, names: Iterable[tuple[str, str, int]] = ()) -> Begun:
    """Entries from before version 0.2 have no names."""
    named = ((RemoteName(name), Fingerprint(Sha256(sha256), size)) for name, sha256, size in names)
    return Begun(HalfSent(folder, transfer, files), tuple(named))
