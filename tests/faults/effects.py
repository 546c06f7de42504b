"""The side effects of a run, as the preloaded library put them down, and what can go wrong at each."""

import errno
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from tests.faults.starting import How, Plan

CREATING = frozenset({"create", "mkdir", "link"})
NAMING = frozenset({"rename", "unlink", "rmdir"})


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect: `count` from 1; `kind` as in `preload.c`; `inode` of the file; `other` is a rename's new name."""

    count: int
    kind: str
    offset: int
    inode: int
    path: Path
    other: Path
    content: bytes = field(default=b"", repr=False)

    @property
    def where(self) -> str:
        """The target of the effect, in a word that is the same from run to run."""
        name = self.path.name
        if name.endswith(".part"):  # a draft: its name, and a random part
            name = name.rsplit(".", 2)[0]
        if ".photo-agent-removing-" in str(self.path):
            return "removal"
        return name.split(".")[0].split("-")[0] + "".join(PurePath(name).suffixes[:1]) if self.kind != "send" else ""


def read_trace(trace: Path) -> list[Effect]:
    """All effects of a run, in their order."""
    found = []
    content = trace.read_bytes()
    at = 0
    while at < len(content):
        end = content.index(b"\n", at)
        count, kind, offset, size, inode, path, other = content[at:end].decode("utf-8", "surrogateescape").split("\t")
        data = content[end + 1 : end + 1 + int(size)]
        found.append(Effect(int(count), kind, int(offset), int(inode), Path(path), Path(other), data))
        at = end + 1 + int(size) + 1
    return found


def faults_at(effect: Effect) -> Iterator[Plan]:
    """Everything that is tried at one effect."""
    yield Plan(effect.count, How.KILL_BEFORE)
    yield Plan(effect.count, How.KILL_AFTER)
    if effect.kind in {"write", "send"}:
        yield Plan(effect.count, How.KILL_HALF)
        yield Plan(effect.count, How.SHORT)
    if effect.kind == "send":
        yield Plan(effect.count, How.FAIL_ONCE)
        return
    yield Plan(effect.count, How.FAIL_ONCE, errno.EIO)
    if effect.kind in {"write", "sync", "cut"} | CREATING:
        yield Plan(effect.count, How.FAIL_ONCE, errno.ENOSPC)
        yield Plan(effect.count, How.FAIL_ON, errno.ENOSPC)
    if effect.kind in CREATING | NAMING:
        yield Plan(effect.count, How.FAIL_ONCE, errno.EACCES)
