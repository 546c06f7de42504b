"""The entries of published copies that are proven, one device after the other, in the one pass that verifies them.

An entry counts once a trusted signature stands under a tree that has it in its place; until then it waits here, and
what was not signed in the end is never given on. Of a device that signed two histories nothing counts.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from agent.audit.findings import RecordFault, Report
from agent.audit.verify import verify_copy
from agent.record.entry import Entry
from agent.record.note import VerifierKey
from agent.record.tree import Frontier

MOST_WAITING = 64 * 1024 * 1024
"""Bytes of lines that wait for a signature: several publications; the agent signs at least every eight megabytes."""


class Sink(Protocol):
    """Where proven entries go: each device's in their order."""

    def entry(self, entry: Entry) -> None:
        """One proven entry."""

    def forget(self, device: str) -> None:
        """Nothing that was given of this device may count."""


def read_verified(
    folder: Path, keys: Iterable[VerifierKey], sink: Sink, *, now: datetime, max_silence: timedelta | None = None
) -> list[Report]:
    """Verify a copy of the share as `verify_copy` does, and give every proven entry to `sink` meanwhile."""
    reports = verify_copy(folder, keys, now=now, max_silence=max_silence, reader=lambda _: Signed(sink))
    for report in reports:
        if any(finding.damage is RecordFault.FORKED for finding in report.findings):
            sink.forget(report.device)
    return reports


class Signed:
    """Reads along with one device's record; holds each entry back until it is signed."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._proven = Frontier()
        self._leaves: list[bytes] = []
        self._entries: list[Entry] = []
        self._bytes = 0
        self._lost = False

    def leaf(self, index: int, leaf: bytes, entry: Entry | None, size: int) -> None:
        """One more; the same stretch may come several times, as different people wrote it."""
        at = index - self._proven.size
        if at < 0:
            return
        if at < len(self._leaves) or (at == 0 and self._lost):  # published twice: the later one counts
            del self._leaves[at:]
            self._entries = [one for one in self._entries if one.index < index]
            self._lost = False
            self._bytes = self._bytes if at else 0
        if self._lost or at != len(self._leaves):
            self._lost = True
            return
        self._bytes += size
        if self._bytes > MOST_WAITING:
            self._lost = True
            self._entries.clear()
            return
        self._leaves.append(leaf)
        if entry is not None:
            self._entries.append(entry)

    def head(self, size: int, root: bytes) -> None:
        """Give on what this signature proves."""
        if size <= self._proven.size or size - self._proven.size > len(self._leaves):
            return
        tree = self._proven.copy()
        now = size - self._proven.size
        for leaf in self._leaves[:now]:
            tree.add(leaf)
        if tree.root() != root:
            return
        self._proven = tree
        del self._leaves[:now]
        proven = [one for one in self._entries if one.index < size]
        del self._entries[: len(proven)]
        self._bytes = 0
        for entry in proven:
            self._sink.entry(entry)
