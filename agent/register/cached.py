"""A small file that several processes read often and replace as a whole. It is read again only once it was replaced."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from agent.errors import LocalFault
from agent.files.durable import replace_file

Content = TypeVar("Content")


class Cached(Generic[Content]):
    """A file's content, as `read` parses it from its bytes. `read` raises ValueError for content it did not write."""

    def __init__(self, path: Path, read: Callable[[bytes], Content]) -> None:
        self._path = path
        self._read = read
        self._seen: tuple[int, int, int] | None = None
        self._content: Content | None = None
        self.damaged: str | None = None

    def content(self) -> Content | None:
        """What the file holds; None if it is missing, or damaged, with the reason in `damaged`.

        Raises LocalFault if it exists and cannot be read.
        """
        try:
            look = self._path.stat()
            seen = look.st_mtime_ns, look.st_size, look.st_ino
            if seen != self._seen:
                self._take(self._path.read_bytes())
                self._seen = seen  # taken before reading: a file that has been replaced since is read once more
        except FileNotFoundError:
            self._seen, self._content, self.damaged = None, None, None
        except OSError as fault:
            raise LocalFault(f"the register stored on this laptop cannot be read: {fault.strerror}") from fault
        return self._content

    def write(self, raw: bytes) -> None:
        """Replace the file durably. Raises LocalFault, and then the old content remains."""
        try:
            replace_file(self._path, raw)
        except OSError as fault:
            raise LocalFault(
                f"the register cannot be stored on this laptop: {fault.strerror}; is its disk full?"
            ) from fault

    def _take(self, raw: bytes) -> None:
        try:
            self._content, self.damaged = self._read(raw), None
        except ValueError as fault:
            self._content, self.damaged = None, str(fault)
