"""The entries of published copies, one device after the other, for showing; `verify` says whether to believe them.

Each entry is checked against its leaf all the same, and one that does not fit ends that device's entries: what follows
damage is not shown as if nothing were wrong.
"""

from collections.abc import Iterator
from pathlib import Path

from agent.audit.evidence import Evidence, copies, device_of, of_folder, opened
from agent.errors import RecordError
from agent.record.entry import Entry
from agent.record.reading import told, walk


def copied_entries(folder: Path) -> Iterator[Entry]:
    """All entries of a copy of the share, of its `record/`, or of one device's folder, that are whole."""
    with told():
        for path, name in copies(folder):
            yield from _entries(of_folder(path, name or device_of(path, lambda _: False)))


def _entries(evidence: Evidence) -> Iterator[Entry]:
    reached = 0
    for piece in evidence.pieces:
        # Of two publications of the same entries one is enough; behind a gap nothing is shown.
        if piece.first != reached or piece.entries is None or piece.leaves is None:
            continue
        with opened(piece.entries) as entries, opened(piece.leaves) as leaves:
            try:
                for _, entry in walk(entries, leaves, piece.first):
                    reached += 1
                    if entry is not None:
                        yield entry
            except RecordError:
                return
