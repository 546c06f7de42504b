"""A record that continues under another name: what one device's folder holds of the record it had before.

Anyone who may write to a folder can put files there with the names of somebody else's record. They count as that record
only if its own key signed them. Pure, except for what `evidence` reads.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from agent.audit.evidence import Note, PublishedEvidence, devices_in, holds_others, of_folder
from agent.audit.findings import RecordFault, Report
from agent.audit.trust import TrustedKeys, trusted
from agent.files.beneath import Beneath, Parts
from agent.record.note import NoteFault, VerifierKey
from agent.record.published import origin

Examined = tuple[PublishedEvidence, Sequence[VerifierKey]]
"""The evidence of one device's record, and the keys to verify it with."""


class Records:
    """What a copy has of each device. `alone` says whether it holds one device alone, `places` are their folders.

    A share has the records of thousands: each is read when it is asked for, except those that had another name.
    """

    def __init__(self, copy: Beneath, keys: Sequence[VerifierKey], seen: Callable[[str], Sequence[Note]]) -> None:
        self._copy = copy
        self._keys = keys
        self._seen = seen
        named = {key.name for key in keys}
        self._places, self.alone = devices_in(copy, lambda device: origin(device) in named)
        self._found = {
            device: of_folder(copy, parts, device, seen(device))
            for device, parts in self._places.items()
            if holds_others(copy, parts, device)
        }
        holders = list(self._found.values())
        for held in [held for holder in holders for held in holder.held_for]:
            if held.device in self._places and held.device not in self._found:
                place = self._places[held.device]
                self._found[held.device] = of_folder(copy, place, held.device, seen(held.device))
        self._by_keys = _joined(self._found, holders, keys, seen)

    @property
    def devices(self) -> list[str]:
        """Their names: first those with a folder, then those of which only others hold something."""
        return [*self._places, *(device for device in self._found if device not in self._places)]

    @property
    def places(self) -> list[Parts]:
        """Their folders."""
        return list(self._places.values())

    def of(self, device: str) -> Examined:
        """What there is of this device; nothing if its folder was removed in the meantime."""
        evidence = self._found.get(device)
        if evidence is None and device in self._places:
            evidence = of_folder(self._copy, self._places[device], device, self._seen(device))
        if evidence is None:
            evidence = PublishedEvidence(device, (), (), (), self._seen(device))
        return evidence, self._by_keys.get(device, self._keys)


def all_evidence(
    copy: Beneath, keys: Sequence[VerifierKey], seen: Callable[[str], Sequence[Note]]
) -> tuple[Iterator[Examined], bool]:
    """What a copy has of each device, one after the other; and whether the copy holds one device alone."""
    records = Records(copy, keys, seen)
    return map(records.of, records.devices), records.alone


def _joined(
    found: dict[str, PublishedEvidence],
    holders: Sequence[PublishedEvidence],
    keys: Sequence[VerifierKey],
    seen: Callable[[str], Sequence[Note]],
) -> dict[str, Sequence[VerifierKey]]:
    """Add to each record in `found` what other folders hold of it, with the keys of devices that have none enrolled."""
    named = {key.name for key in keys}
    by_keys: dict[str, Sequence[VerifierKey]] = {}
    for holder in holders:
        for held in holder.held_for:
            if held.device in found or origin(held.device) in named:
                before = found.get(held.device) or PublishedEvidence(held.device, (), (), (), seen(held.device))
                trust, _ = trusted(origin(held.device), keys, (*before.rotations, *held.rotations))
                signed, strange = _signed(held, trust)
                found[held.device] = before.with_more(signed)
                mine = found[holder.device]
                found[holder.device] = replace(mine, unusable=(*mine.unusable, *strange))
            else:
                # No key was enrolled under that name: the laptop used it, with the same key, before IT enrolled it.
                found[held.device] = replace(held, seen=seen(held.device))
                by_keys[held.device] = [
                    VerifierKey(origin(held.device), key.public) for key in keys if key.name == origin(holder.device)
                ]
    return by_keys


def _signed(held: PublishedEvidence, trust: TrustedKeys) -> tuple[PublishedEvidence, list[tuple[str, str]]]:
    """The part of this that its device's key signed, and the names of the files that it did not sign."""
    good, strange = [], []
    for note in held.checkpoints:
        try:
            trust.checkpoint(note)
            good.append(note)
        except NoteFault as fault:
            strange.append((note.source, f"{fault}"))
    heads = {(note.name.size, note.name.root) for note in good if note.name is not None}
    pieces = []
    for piece in held.pieces:
        if (piece.size, piece.root) in heads:
            pieces.append(piece)
        else:
            names = [source.name for source in (piece.entries, piece.leaves) if source is not None]
            strange += [(name, f"it is not signed by any key that is enrolled for {held.device}") for name in names]
    return replace(held, pieces=pieces, checkpoints=good), [*strange, *held.unusable]


def succeeded(reports: Sequence[Report]) -> set[str]:
    """Devices whose record continues under another name, if that record is here and says the same."""
    formers = {(former.name, report.device) for report in reports for former in report.formers if report.signed}
    return {report.device for report in reports if (report.device, report.renamed_to) in formers}


def with_former_names(reports: Sequence[Report]) -> list[Report]:
    """The reports; one gets a finding if it says that its record under an older name had more entries than are here."""
    by_device = {report.device: report for report in reports}
    checked = []
    for report in reports:
        amended = report
        for former in report.formers:
            before = by_device.get(former.name)
            there = 0 if before is None else before.signed
            if there < former.entries:
                amended = amended.with_finding(
                    RecordFault.TRUNCATED,
                    f"its record under its old name, {former.name}, had {former.entries} entries: {there} are here",
                )
        checked.append(amended)
    return checked
