"""What the record says the share holds, compared with what lies there. Names and sizes only; nothing is opened.

A photo is on the share a little before its entry is, and one that is being sent has a name of its own: neither is told.
How long a file has been there without an entry, a witness remembers: the time that a file bears anyone can set.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.audit.evidence import Evidence, opened

SETTLING = timedelta(hours=24)
"""How old a file must be to be missed in the record: the entry is published after the run that sent it."""

VISITS = "visits"
_TRANSFERRED = b'"kind":"transferred"'


@dataclass(frozen=True, slots=True)
class Held:
    """A file on the share, as far as it can be known from where one looks; `size` is None of what is no plain file."""

    size: int | None
    size_known: bool = True
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many files are as recorded; names of files with no entry, of entries with no file, and of other size."""

    right: int
    without_entry: tuple[str, ...]
    without_file: tuple[str, ...]
    of_other_size: tuple[str, ...]

    @property
    def agree(self) -> bool:
        """Whether share and record say the same."""
        return not (self.without_entry or self.without_file or self.of_other_size)

    def lines(self) -> Iterator[str]:
        """For people: visit by visit, where something is wrong."""
        if self.agree:
            yield f"share: {self.right} files, each as recorded"
            return
        yield f"share: DISAGREES with the record: {self.right} files are as recorded"
        for what, names in (
            ("on the share with no entry", self.without_entry),
            ("on record, and not on the share", self.without_file),
            ("of another size than recorded", self.of_other_size),
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
            "without_entry": list(self.without_entry),
            "without_file": list(self.without_file),
            "of_other_size": list(self.of_other_size),
        }


def recorded(evidences: Iterable[Evidence]) -> dict[str, int]:
    """Every file that an entry says is on the share, with its size there. Lines that are no entries are passed over."""
    found: dict[str, int] = {}
    for evidence in evidences:
        for piece in evidence.pieces:
            if piece.entries is not None:
                found.update(_files_in(piece.entries))
    return found


def _files_in(segment: Path) -> Iterator[tuple[str, int]]:
    with opened(segment) as lines:
        for line in lines:
            if _TRANSFERRED not in line:
                continue
            try:
                entry = json.loads(line)
                if entry["kind"] == "transferred":
                    for file in entry["body"]["files"]:
                        yield str(file["name"]), int(file["held_size"])
            except (ValueError, KeyError, TypeError):
                continue  # verifying tells of it


def on_disk(visits: Path) -> dict[str, Held]:
    """All files in a mounted or copied `visits/`, by their names on the share."""
    found = {}
    for path in sorted(visits.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        stat = path.lstat()
        size = None if path.is_symlink() else stat.st_size
        name = f"{VISITS}/{path.relative_to(visits).as_posix()}"
        found[name] = Held(size, modified=datetime.fromtimestamp(stat.st_mtime, UTC))
    return found


def compare(
    there: Mapping[str, Held],
    said: Mapping[str, int],
    now: datetime,
    retired: Collection[str] = (),
    *,
    strange_since: Mapping[str, datetime] | None = None,
    settling: timedelta = SETTLING,
) -> Holdings:
    """Compare what is under `visits/` with what is recorded; visits in `retired` were cleared away by IT on purpose.

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
    """Whether this is a name that a file has while it is sent."""
    return name.rpartition("/")[2].startswith(".uploading-")
