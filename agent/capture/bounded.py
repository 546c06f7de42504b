"""Reading content that nobody vouches for: every byte and every jump is counted, and there is an end to both.

A reader asks a `ByteSource` for bytes at an offset. An offset outside the content, or a read that goes beyond what a
file may cost, is `Broken`: the reason in plain English, caught inside this room and turned into a note. Nothing here
allocates more than it was asked for, and nobody asks for a size that the content itself names without a limit of their
own.
"""

from typing import BinaryIO, Protocol

MAX_BYTES = 32 * 1024 * 1024
"""What the readers may read of one file. Real ones need 16 KB to 300 KB; a depth map in XMP of 20 MB, some 6 MB."""

MAX_READS = 4_000
"""How many times they may go to the file; a real file takes under 40."""

CHUNK = 16 * 1024
"""What one visit to the file brings, so that neighbours cost nothing more. Most photos are read in one."""

SCAN_CHUNK = 1024 * 1024


class Broken(Exception):
    """The content is not what its format promises; the message says how, without naming the file."""


class Exhausted(Broken):
    """Reading on would cost more than one file may; no file that a camera writes comes here."""


class ByteSource(Protocol):
    """Some bytes with a known length, read at offsets."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def at(self, offset: int, size: int) -> bytes:
        """Exactly `size` bytes from `offset`; `Broken` where they are not all there."""
        ...


class BoundedFile:
    """A seekable binary file as a source, with the limits above for all that is read from it together."""

    def __init__(self, handle: BinaryIO, size: int, max_bytes: int = MAX_BYTES, max_reads: int = MAX_READS) -> None:
        self._handle = handle
        self._size = size
        self._bytes_left = max_bytes
        self._reads_left = max_reads
        self._start = 0
        self._held = b""

    @property
    def size(self) -> int:
        """Bytes in the file when it was opened."""
        return self._size

    def at(self, offset: int, size: int) -> bytes:
        """As `ByteSource.at`; also `Exhausted`. OSError from the file itself is let through."""
        inside = offset - self._start
        if inside >= 0 and size >= 0 and inside + size <= len(self._held):
            return self._held[inside : inside + size]
        if offset < 0 or size < 0 or offset + size > self._size:
            raise Broken("it points past the end of the file")
        wanted = min(max(size, CHUNK), self._size - offset)
        self._bytes_left -= wanted
        self._reads_left -= 1
        if self._bytes_left < 0 or self._reads_left < 0:
            raise Exhausted("it asks for more reading than any camera's file does")
        self._handle.seek(offset)
        self._held = self._handle.read(wanted)
        self._start = offset
        if len(self._held) < size:
            raise Broken("it ended earlier than its size said")
        return self._held[:size]

    def find(self, needle: bytes, start: int, limit: int) -> int | None:
        """Where `needle` first stands at or after `start`, looking at `limit` bytes; not counted against the limits.

        For the one thing that can lie anywhere (a JPEG's end before a trailer). Holds one chunk at a time.
        """
        overlap = len(needle) - 1
        position, end = max(start, 0), min(self._size, start + limit)
        carried = b""
        while position < end:
            self._handle.seek(position)
            chunk = self._handle.read(min(SCAN_CHUNK, end - position))
            if not chunk:
                return None
            window = carried + chunk
            found = window.find(needle)
            if found >= 0:
                return position - len(carried) + found
            carried = window[-overlap:] if overlap else b""
            position += len(chunk)
        return None


class Block:
    """Bytes already in hand as a source: an Exif block taken out of its container."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def size(self) -> int:
        """Bytes in the block."""
        return len(self._content)

    def at(self, offset: int, size: int) -> bytes:
        """As `ByteSource.at`."""
        if offset < 0 or size < 0 or offset + size > len(self._content):
            raise Broken("it points past the end of its block")
        return self._content[offset : offset + size]


class ByteRange:
    """A part of another source, as a source of its own: offsets in it start at 0 and cannot leave it."""

    def __init__(self, source: ByteSource, start: int, size: int) -> None:
        self._source = source
        self._start = start
        self._size = max(0, min(size, source.size - start))

    @property
    def size(self) -> int:
        """Bytes in the part."""
        return self._size

    def at(self, offset: int, size: int) -> bytes:
        """As `ByteSource.at`."""
        if offset < 0 or size < 0 or offset + size > self._size:
            raise Broken("it points past the end of its block")
        return self._source.at(self._start + offset, size)
