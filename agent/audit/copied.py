"""The entries of published copies, one device after the other, for showing. `verify` says whether to believe them.

Still, each entry is checked against its leaf, and a device's entries end at the first that does not fit: after damage,
nothing is shown as if all were well.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.audit.evidence import PublishedEvidence, opened_copy
from agent.audit.following import Pieces
from agent.audit.renaming import all_evidence
from agent.errors import RecordError
from agent.files.beneath import NotPlain
from agent.record.entry import Entry
from agent.record.note import VerifierKey
from agent.record.reading import as_record_error, walk


def copied_entries(folder: Path, keys: Sequence[VerifierKey] = ()) -> Iterator[Entry]:
    """All intact entries of a copy of the share, of its `record/`, or of one device's folder."""
    with as_record_error(), opened_copy(folder) as copy:
        for evidence, _ in all_evidence(copy, keys, lambda _: ())[0]:
            yield from _entries(evidence)


def _entries(evidence: PublishedEvidence) -> Iterator[Entry]:
    return (entry for _, entry in leaves_and_entries(evidence) if entry is not None)


def leaves_and_entries(evidence: PublishedEvidence) -> Iterator[tuple[bytes, Entry | None]]:
    """From the first entry on, the data of each leaf with its entry, or None if that was erased; see `walk`.

    If two publications have the same entries, one is enough; after a gap nothing is shown.
    """
    pieces, reached = Pieces(evidence.pieces), 0
    while (piece := pieces.at(reached)) is not None and piece.entries is not None and piece.leaves is not None:
        before = reached
        with contextlib.suppress(RecordError, NotPlain), piece.entries.open() as entries, piece.leaves.open() as leaves:
            for index, (data, entry) in enumerate(walk(entries, leaves, piece.first), start=piece.first):
                if index == reached:
                    reached += 1
                    yield data, entry
        if reached == before:
            pieces.drop(piece)
        elif reached != piece.size:
            return
