"""Comparing what the record says the share holds with what is there, by names and sizes. No file is opened.

A photo reaches the share a little before its entry does, and a photo that is being sent has a temporary name: neither
is reported. A witness remembers how long a file has been there without an entry, because anyone can change the time in
a file's attributes.
"""

import json
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.audit.evidence import PublishedEvidence, Source
from agent.audit.lines import LONGEST_LINE
from agent.files.beneath import Beneath, NotPlain

SETTLING = timedelta(hours=24)
"""The age from which a file must have an entry, which is published after the run that sent the file."""

VISITS = "visits"

MOST_PHOTOS = 5_000_000
"""The most names below `visits/` that are read."""

DEEPEST = 8
"""How deep folders there are read: the agent makes one level."""

_TRANSFERRED = b'"kind":"transferred"'


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file on the share, as far as this program can see it; `size` is None if it is not a plain file."""

    size: int | None
    size_known: bool = True
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many files match the record; the names of files without an entry, entries without a file, and wrong sizes.

    `not_compared` says why the share's photos could not be read.
    """

    right: int
    without_entry: tuple[str, ...]
    without_file: tuple[str, ...]
    of_other_size: tuple[str, ...]
    not_compared: str | None = None

    @property
    def agree(self) -> bool:
        """Whether share and record say the same."""
        return self.not_compared is None and not (self.without_entry or self.without_file or self.of_other_size)

    def lines(self) -> Iterator[str]:
        """For people: visit by visit, if something is wrong."""
        if self.agree:
            yield "share: 1 file, as recorded" if self.right == 1 else f"share: {self.right} files, each as recorded"
            return
        if self.not_compared is not None:
            yield f"share: NOT COMPARED with the record: {self.not_compared}"
            return
        files = "1 file is" if self.right == 1 else f"{self.right} files are"
        yield f"share: DISAGREES with the record: {files} as recorded"
        for what, names in (
            ("on the share with no entry", self.without_entry),
            ("on record, but not on the share", self.without_file),
            ("different in size from the record", self.of_other_size),
        ):
            for visit, count in Counter(name.split("/")[1] for name in names).items():
                one = next(name for name in names if name.split("/")[1] == visit)
                yield f"  {what}: {count} of {visit}" + (f": {one}" if count == 1 else f", among them {one}")

    def as_json(self) -> dict[str, object]:
        """One object, for scripts."""
        return {
            "share": True,
            "agrees": self.agree,
            "right": self.right,
            "not_compared": self.not_compared,
            "without_entry": list(self.without_entry),
            "without_file": list(self.without_file),
            "of_other_size": list(self.of_other_size),
        }


def recorded(evidences: Iterable[PublishedEvidence]) -> dict[str, int]:
    """Every file that an entry says is on the share, with its size there. Lines that are not entries are skipped."""
    found: dict[str, int] = {}
    for evidence in evidences:
        for piece in evidence.pieces:
            if piece.entries is not None:
                found.update(_files_in(piece.entries))
    return found


def _files_in(segment: Source) -> Iterator[tuple[str, int]]:
    try:
        with segment.open() as lines:
            while line := lines.readline(LONGEST_LINE):
                if _TRANSFERRED in line:
                    yield from _files_of(line)
    except (OSError, NotPlain):
        return  # verifying reports it


def _files_of(line: bytes) -> list[tuple[str, int]]:
    try:
        entry = json.loads(line)
        if entry["kind"] != "transferred":
            return []
        return [(str(file["name"]), int(file["held_size"])) for file in entry["body"]["files"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []  # verifying reports it


def on_disk(visits: Path) -> dict[str, HeldFile]:
    """All files in a mounted or copied `visits/`, by their names on the share.

    NotPlain if it holds more than is read, OSError if it may not be read.
    """
    found = {}
    with Beneath(visits) as copy:
        for name, about in copy.walk((), MOST_PHOTOS, DEEPEST):
            size = about.st_size if stat.S_ISREG(about.st_mode) else None
            found[f"{VISITS}/{name}"] = HeldFile(size, modified=_time(about.st_mtime))
    return found


def not_compared(reason: str) -> Holdings:
    """The result if the share's photos could not be read."""
    return Holdings(0, (), (), (), not_compared=reason)


def _time(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # a year outside the calendar
        return None


def compare(
    there: Mapping[str, HeldFile],
    said: Mapping[str, int],
    now: datetime,
    retired: Collection[str] = (),
    *,
    strange_since: Mapping[str, datetime] | None = None,
    settling: timedelta = SETTLING,
) -> Holdings:
    """Compare what is under `visits/` with what is recorded; IT removed the visits in `retired` on purpose.

    `strange_since` says when a file without an entry was first seen.
    """
    right = 0
    without_entry, other_size = [], []
    for name, file in there.items():
        if is_under_way(name):
            continue
        if name not in said:
            times = (file.modified, (strange_since or {}).get(name))
            if any(since is not None and now - since > settling for since in times):
                without_entry.append(name)
        elif file.size_known and file.size != said[name]:
            other_size.append(name)
        else:
            right += 1
    gone = sorted(name for name in said.keys() - there if name.split("/")[1] not in retired)
    return Holdings(right, tuple(without_entry), tuple(gone), tuple(other_size))


def is_under_way(name: str) -> bool:
    """Whether this is a name that a file has while it is being sent."""
    return name.rpartition("/")[2].startswith(".uploading-")
