"""The contents that this laptop has sent, so that an identical copy is recognised wherever it is.

The record contains each file's hash and size, as it was here and as the share holds it. A file is read only if its size
is among them. A photo that the share has lost does not count as sent. Sidecars do not count either: programs write
identical ones beside photos that have nothing to do with each other.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import cast

from agent.folders import fingerprint
from agent.formats import Kind, kind_of
from agent.model.files import LocalFile
from agent.model.ids import VisitId
from agent.pipeline.former import own_entries
from agent.record import JSON, EntryKind
from agent.settings import Settings


@dataclass(frozen=True, slots=True)
class Sent:
    """The visit of each content that was sent: by size, then by SHA-256 as bytes."""

    by_size: dict[int, dict[bytes, VisitId]]

    def visit_of(self, file: LocalFile, progress: Callable[[int], None] | None = None) -> VisitId | None:
        """The visit for which this content was sent; None if it was not sent, or is a sidecar.

        `progress`: see `fingerprint`.

        Raises LocalFault if a file that may be a copy cannot be read.
        """
        known = self.by_size.get(file.size)
        if not known or kind_of(file.path) is Kind.SIDECAR:
            return None
        return known.get(bytes.fromhex(fingerprint(file, progress=progress).sha256))


def sent_from(settings: Settings) -> Sent:
    """All transfers in this laptop's records, under all its names. Raises RecordError if a record is damaged."""
    by_transfer: dict[JSON, list[tuple[int, bytes]]] = {}
    visits: dict[JSON, VisitId] = {}
    for entry in own_entries(settings):
        transfer = entry.body.get("transfer")
        if entry.kind is EntryKind.SHARE_LOST:
            by_transfer.pop(transfer, None)
        elif entry.kind is EntryKind.TRANSFERRED:
            files = cast("list[dict[str, JSON]]", entry.body["files"])
            by_transfer[transfer] = [content for file in files for content in _contents(file)]
            visits[transfer] = VisitId(str(entry.body["visit"]))
    by_size: defaultdict[int, dict[bytes, VisitId]] = defaultdict(dict)
    for transfer, contents in by_transfer.items():
        for size, sha256 in contents:
            by_size[size][sha256] = visits[transfer]
    return Sent(dict(by_size))


def _contents(file: Mapping[str, JSON]) -> Iterator[tuple[int, bytes]]:
    """The contents as they were here and as the share holds them, without sidecars."""
    if kind_of(PurePosixPath(str(file["name"]))) is Kind.SIDECAR:
        return
    for which in ("original", "held"):
        size = cast("int", file[f"{which}_size"])
        if size:
            yield size, bytes.fromhex(str(file[f"{which}_sha256"]))
