"""What a file system may have of a run's writes after the power was cut: built from the trace of its effects.

The promises of POSIX, and no more: bytes are on the disk after an fsync of their file, names after an fsync of their
folder. Until then each may be there or not, in any order, and a write may be there in part, sector by sector; a file
whose length came to the disk before its bytes has zeros there. A rename is one step, whole or not at all. Nothing that
was synced is ever lost, and what one file has says nothing about another.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from tests.faults.effects import Effect

SECTOR = 512


class Weather(Enum):
    """How bad it is: what becomes of everything that was not synced."""

    NOTHING_STAYS = "nothing unsynced stays"
    NAMES_STAY = "names stay, bytes do not"
    BYTES_STAY = "bytes stay, names do not"
    BY_CHANCE = "by chance, torn and out of order"
    IN_ORDER = "a beginning of what was done to each file"


@dataclass(slots=True)
class _File:
    """An inode: its content on the disk, and what was done since it was last synced."""

    content: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        for offset, content in self.pending:
            _apply(self.content, offset, content)
        self.pending.clear()

    def after(self, weather: Weather, chance: random.Random) -> bytes:
        """What may be there: writes are (offset, bytes), cuts are (length, None)."""
        found = bytearray(self.content)
        match weather:
            case Weather.NOTHING_STAYS | Weather.NAMES_STAY:
                return bytes(found)
            case Weather.BYTES_STAY:
                kept = self.pending
            case Weather.IN_ORDER:
                kept = self.pending[: chance.randint(0, len(self.pending))]
            case Weather.BY_CHANCE:
                kept = [one for one in self.pending if chance.random() < 0.6]
                chance.shuffle(kept)
        for offset, content in kept:
            if content is not None and weather is Weather.BY_CHANCE and chance.random() < 0.4:
                _apply_torn(found, offset, content, chance)
            else:
                _apply(found, offset, content)
        return bytes(found)


@dataclass(slots=True)
class Disk:
    """The folders below one root, as the trace leaves them; `at` is the number of effects replayed so far.

    Files have numbers of their own, for inodes are used again: `numbers` says which is meant by one just now. Folders
    have -1.
    """

    files: dict[int, _File] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    synced: dict[Path, int | None] = field(default_factory=dict)
    names: dict[Path, int | None] = field(default_factory=dict)
    unsynced: dict[Path, list[dict[Path, int | None]]] = field(default_factory=dict)
    at: int = 0

    def already_there(self, paths: Iterable[Path]) -> None:
        """Files and folders that were on the disk before."""
        for path in paths:
            number = -1
            if path.is_file():
                number = self._new(path.lstat().st_ino)
                self.files[number].content.extend(path.read_bytes())
            self.names[path] = self.synced[path] = number

    def _new(self, inode: int) -> int:
        number = self.numbers[inode] = len(self.files)
        self.files[number] = _File()
        return number

    def play(self, effects: Iterable[Effect]) -> Iterator[Effect]:
        """Do each effect, and yield it when it is done."""
        for effect in effects:
            self._do(effect)
            self.at += 1
            yield effect

    def _do(self, effect: Effect) -> None:
        match effect.kind:
            case "create":
                self._named({effect.path: self._new(effect.inode)})
            case "mkdir":
                self._named({effect.path: -1})
            case "write":
                self._file(effect).pending.append((effect.offset, effect.content))
            case "cut":
                self._file(effect).pending.append((effect.offset, None))
            case "sync":
                if effect.path in self.names and self.names[effect.path] != -1:
                    self._file(effect).sync()
                for change in self.unsynced.pop(effect.path, []):
                    self.synced.update(change)
            case "unlink" | "rmdir":
                self._named({effect.path: None})
            case "rename":
                self._named({effect.path: None, effect.other: self.names.get(effect.path)})
            case "link":
                self._named({effect.other: self.names.get(effect.path)})

    def _file(self, effect: Effect) -> _File:
        return self.files[self.numbers[effect.inode]]

    def _named(self, change: dict[Path, int | None]) -> None:
        """A change of names waits for a sync of its folder; of a rename between two folders, of either."""
        self.names.update(change)
        folder = next(reversed(change)).parent
        self.unsynced.setdefault(folder, []).append(change)

    def after_a_power_cut(self, weather: Weather, chance: random.Random) -> dict[Path, bytes | None]:
        """One possible state: the content of each file, and None for a folder."""
        names = dict(self.synced)
        for changes in self.unsynced.values():
            match weather:
                case Weather.NOTHING_STAYS | Weather.BYTES_STAY:
                    kept = []
                case Weather.NAMES_STAY:
                    kept = changes
                case Weather.IN_ORDER:
                    kept = changes[: chance.randint(0, len(changes))]
                case Weather.BY_CHANCE:
                    kept = [change for change in changes if chance.random() < 0.6]
            for change in kept:
                names.update(change)
        found: dict[Path, bytes | None] = {}
        for path, number in names.items():
            if number is not None:
                found[path] = None if number < 0 else self.files[number].after(weather, chance)
        folders = {path for path, content in found.items() if content is None}
        return {path: content for path, content in found.items() if _reached(path, folders, self.names)}


def _reached(path: Path, folders: set[Path], known: dict[Path, int | None]) -> bool:
    """Whether every folder above is there, of those that the trace knows."""
    return all(parent in folders for parent in path.parents if parent in known)


def _apply(content: bytearray, offset: int, written: bytes | None) -> None:
    if written is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(written)] = written


def _apply_torn(content: bytearray, offset: int, written: bytes, chance: random.Random) -> None:
    """Some of its sectors; where the length came first, the others are zeros."""
    if chance.random() < 0.5 and offset + len(written) > len(content):
        content.extend(bytes(offset + len(written) - len(content)))
    at = offset
    while at < offset + len(written):
        end = min((at // SECTOR + 1) * SECTOR, offset + len(written))
        if chance.random() < 0.5:
            _apply(content, at, written[at - offset : end - offset])
        at = end
