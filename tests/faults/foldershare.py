"""The disk of a share in memory, as a folder: it is there yet when the process that wrote to it was killed.

A dict by its face, so that `agent.share.memory` works on it as it stands; the contract suite runs over it too.
"""

import os
import secrets
import sys
import time
from collections.abc import Iterator, MutableMapping
from pathlib import Path

_HALF = ".half-"


class FolderFiles(MutableMapping[str, bytes]):
    """The files below `folder`, by name. A write is whole or not there; giving another name is one step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> bytes:
        path = self._folder / name
        try:
            return path.read_bytes()
        except PermissionError:  # how Windows says that it is a folder
            if path.is_dir():
                raise KeyError(name) from None
            raise
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise KeyError(name) from None

    def __setitem__(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        half = self._folder / f"{_HALF}{secrets.token_hex(4)}"
        half.write_bytes(content)
        deadline = time.monotonic() + 5
        while True:
            try:
                half.replace(path)
            except PermissionError:  # on Windows, while somebody else reads it
                if sys.platform != "win32" or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def __delitem__(self, name: str) -> None:
        try:
            (self._folder / name).unlink()
        except FileNotFoundError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        for folder, _, names in os.walk(self._folder):
            for name in names:
                if not name.startswith(_HALF):
                    yield (Path(folder) / name).relative_to(self._folder).as_posix()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (self._folder / name).is_file()
