"""A record that continues under another name: what one device's folder holds of the record it had before.

Anyone who may write to a folder can put files there with the names of somebody else's record. They count as that record
only if its own key signed them. Pure, except for what `evidence` reads.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from agent.audit.evidence import Note, PublishedEvidence, devices_in, holds_others, of_folder
from agent.audit.findings import RecordFault, Report
from agent.audit.trust import TrustedKeys, trusted
from agent.files.beneath import Beneath
from agent.record.note import NoteFault, VerifierKey
from agent.record.published import origin

Examined = tuple[PublishedEvidence, Sequence[VerifierKey]]
"""The evidence of one device's record, and the keys to verify it with."""


def all_evidence(
    copy: Beneath, keys: Sequence[VerifierKey], seen: Callable[[str], Sequence[Note]]
) -> tuple[Iterator[Examined], bool]:
    """What a copy has of each device, one after the other; and whether the copy holds one device alone.

    A share has the records of thousands: each is read when it is asked for, except those that had another name.
    """
    named = {key.name for key in keys}
    places, alone = devices_in(copy, lambda device: origin(device) in named)
    found = {
        device: of_folder(copy, parts, device, seen(device))
        for device, parts in places.items()
        if holds_others(copy, parts, device)
    }
    holders = list(found.values())
    for held in [held for holder in holders for held in holder.held_for]:
        if held.device in places and held.device not in found:
            found[held.device] = of_folder(copy, places[held.device], held.device, seen(held.device))
    by_keys = _joined(found, holders, keys, seen)

    def each() -> Iterator[Examined]:
        for device, parts in places.items():
            evidence = found.pop(device, None) or of_folder(copy, parts, device, seen(device))
            yield evidence, by_keys.get(device, keys)
        yield from ((evidence, by_keys.get(device, keys)) for device, evidence in found.items())

    return each(), alone


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
