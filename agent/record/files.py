"""The files of one device's record on the laptop, and the few ways in which they are written.

::

    record/<device>/entries.jsonl   the entries, as they are published, one after the other
    record/<device>/leaves.txt      their leaves and salts, likewise
    record/<device>/seals.jsonl     which of them were signed together, with the checkpoint
    record/<device>/tree.json       the tree's frontier at the last seal; may be lost, it only saves time
    record/<device>/recent          where recent events begin; may be lost, it only saves time
    record/<device>/erasing.json    while an entry is being erased
    record/<device>/torn-*          what a crash left of a line
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.files.durable import make_folder, sync_file, sync_folder


@dataclass(frozen=True, slots=True)
class Files:
    """Where one device's record lies."""

    folder: Path

    @property
    def entries(self) -> Path:
        """The entries."""
        return self.folder / "entries.jsonl"

    @property
    def leaves(self) -> Path:
        """Their leaves and salts."""
        return self.folder / "leaves.txt"

    @property
    def seals(self) -> Path:
        """What was signed."""
        return self.folder / "seals.jsonl"

    @property
    def tree(self) -> Path:
        """The frontier."""
        return self.folder / "tree.json"

    @property
    def recent(self) -> Path:
        """Where recent events begin."""
        return self.folder / "recent"

    @property
    def erasing(self) -> Path:
        """The erasure under way."""
        return self.folder / "erasing.json"

    def make(self) -> None:
        """Make the folder, for its owner alone, durable up to the state folder's own name."""
        for folder in (self.folder.parent.parent, self.folder.parent, self.folder):
            make_folder(folder)


def size_of(path: Path) -> int:
    """Bytes in the file; 0 if it is missing."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def append(path: Path, content: bytes, size: int) -> None:
    """Append `content` to the first `size` bytes, durable on return; on a fault the file is cut back to them."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        sync_file(descriptor)
        if size == 0:
            sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise
    finally:
        os.close(descriptor)


def cut(path: Path, size: int, ending: bytes = b"") -> None:
    """Cut the file to `size` bytes and append `ending`; durable on return."""
    with path.open("r+b") as file:
        file.truncate(size)
        file.seek(size)
        file.write(ending)
        file.flush()
        sync_file(file.fileno())


def overwrite(path: Path, offset: int, content: bytes) -> None:
    """Overwrite the bytes from `offset` on with `content`; durable on return."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)
        file.flush()
        sync_file(file.fileno())
