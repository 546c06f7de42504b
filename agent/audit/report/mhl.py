"""An ASC Media Hash List (ASC-MHL 2.0) of each visit's folder, so that archives and other tools can check the files.

Every file is read in full. A file is listed, with its C4 hash (SHA-512 in base 58, SMPTE ST 2114), only if it matches a
verified record byte for byte; the others are counted. Nothing is written on the share: to check a copy of a visit's
folder, put `ascmhl/` from here into it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape

from agent.files.beneath import Beneath, NotPlain
from agent.record.entry import Entry
from agent.record.kinds import EntryKind

LARGEST = 64 * 1024**3
"""The most bytes of a file that are read."""

MOST_FILES = 2_000_000
"""The most files on record that are remembered."""

MOST_CLAIMS = 1_000
"""The most different contents of one file that are remembered."""

_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"visits/([^/]+)/([^/]+)")


@dataclass(slots=True)
class Recorded:
    """Which bytes the verified entries say are on the share, by visit folder and name; a sink for entries.

    One laptop may name another's file. Then both entries count, so that neither laptop can suppress the other's file.
    """

    digests: dict[str, dict[str, frozenset[bytes]]] = field(default_factory=dict)
    count: int = 0
    _device: str = ""
    _new: list[tuple[str, str, bytes]] = field(default_factory=list)
    _before: int = 0

    def entry(self, entry: Entry) -> None:
        """Remember the files of a transfer."""
        if entry.device != self._device:
            self._device, self._new, self._before = entry.device, [], self.count
        files = entry.body.get("files")
        if entry.kind is not EntryKind.TRANSFERRED or not isinstance(files, list):
            return
        for one in files:
            if not isinstance(one, dict) or self.count >= MOST_FILES:
                continue
            name, digest = _NAME.fullmatch(str(one.get("name"))), str(one.get("held_sha256"))
            if name is not None and _SHA256.fullmatch(digest):
                self._add(name[1], name[2], bytes.fromhex(digest))

    def _add(self, visit: str, name: str, digest: bytes) -> None:
        there = self.digests.setdefault(visit, {})
        before = there.get(name, frozenset())
        if digest not in before and len(before) < MOST_CLAIMS:
            there[name] = before | {digest}
            self._new.append((visit, name, digest))
        self.count += 1

    def forget(self, device: str) -> None:
        """Remove what only this laptop, the last one, recorded."""
        if device != self._device:
            return
        for visit, name, digest in self._new:
            there = self.digests[visit]
            there[name] -= {digest}
            if not there[name]:
                del there[name]
            if not there:
                del self.digests[visit]
        self._new, self.count = [], self._before


@dataclass(frozen=True, slots=True)
class Manifest:
    """One visit's manifest and chain file, by their names; how many files it lists, and how many it leaves out."""

    files: Mapping[str, bytes]
    listed: int
    left_out: int


def manifest(
    copy: Beneath, visit: str, recorded: Mapping[str, frozenset[bytes]], now: datetime, version: str
) -> Manifest | None:
    """The manifest of `visits/<visit>/`; None if there is no such folder."""
    try:
        names = copy.names(("visits", visit), MOST_FILES)
    except (OSError, NotPlain):
        return None
    lines, left_out = [], 0
    for one in names:
        line = _hashed(copy, visit, one.name, recorded[one.name], now) if one.name in recorded else None
        if line is None:
            left_out += 1
        else:
            lines.append(line)
    at = now.astimezone(UTC)
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", visit)[:60]
    name = f"0001_{safe}_{at:%Y-%m-%d_%H%M%S}Z.mhl"
    content = _manifest(lines, at, version)
    return Manifest({name: content, "ascmhl_chain.xml": _chain(name, content)}, len(lines), left_out)


def _hashed(copy: Beneath, visit: str, name: str, wanted: frozenset[bytes], now: datetime) -> str | None:
    """A file's entry in the manifest; None if it does not match the record."""
    if not name.isprintable():
        return None
    sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
    try:
        with copy.open(("visits", visit, name), LARGEST) as file:
            written = datetime.fromtimestamp(copy.modified(file), UTC)
            while piece := file.read(1 << 20):
                sha256.update(piece)
                sha512.update(piece)
                size += len(piece)
    except (OSError, ValueError, OverflowError, NotPlain):
        return None
    if sha256.digest() not in wanted:
        return None
    modified = written.isoformat(timespec="seconds")
    return (
        "    <hash>\n"
        f'      <path size="{size}" lastmodificationdate="{modified}">{escape(name)}</path>\n'
        f'      <c4 action="original" hashdate="{now.astimezone(UTC).isoformat()}">{c4(sha512.digest())}</c4>\n'
        "    </hash>\n"
    )


def _manifest(lines: list[str], at: datetime, version: str) -> bytes:
    return "".join(_head(at, version) + lines + ["  </hashes>\n</hashlist>\n"]).encode()


def _head(at: datetime, version: str) -> list[str]:
    return [
        '<?xml version="1.0" encoding="UTF-8"?>\n<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">\n',
        f"  <creatorinfo>\n    <creationdate>{at.isoformat(timespec='seconds')}</creationdate>\n",
        "    <hostname>photo-agent</hostname>\n",  # the format requires one; the machine's own name stays private
        f'    <tool version="{escape(version)}">visit-photo-agent</tool>\n  </creatorinfo>\n',
        "  <processinfo>\n    <process>in-place</process>\n    <ignore>\n      <pattern>.DS_Store</pattern>\n",
        "      <pattern>ascmhl</pattern>\n      <pattern>ascmhl/</pattern>\n    </ignore>\n  </processinfo>\n",
        "  <hashes>\n",
    ]


def _chain(name: str, content: bytes) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ascmhldirectory xmlns="urn:ASC:MHL:DIRECTORY:v2.0">\n'
        f'  <hashlist sequencenr="1">\n    <path>{name}</path>\n'
        f"    <c4>{c4(hashlib.sha512(content).digest())}</c4>\n  </hashlist>\n</ascmhldirectory>\n"
    ).encode()


def c4(digest: bytes) -> str:
    """A SHA-512 as a C4 id: `c4` and 88 digits in base 58."""
    number, digits = int.from_bytes(digest, "big"), []
    while number:
        number, rest = divmod(number, 58)
        digits.append(_DIGITS[rest])
    return "c4" + "".join(reversed(digits)).rjust(88, "1")
