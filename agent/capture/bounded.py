"""Reading untrusted content: every byte and every jump is counted, and both are limited.

A reader asks a `ByteSource` for bytes at an offset. An offset outside the content, or a read beyond what a file may
cost, raises `Broken` with the reason in plain English; this room catches it and turns it into a note. Nothing here
allocates more than it was asked for, and callers limit every size that the content itself names.
"""

from typing import BinaryIO, Protocol

MAX_BYTES = 32 * 1024 * 1024
"""Bytes that may be read of one file. Real ones need 16 KB to 300 KB; a depth map in XMP of 20 MB, some 6 MB."""

MAX_READS = 4_000
"""How many reads one file may take; a real file takes under 40."""

CHUNK = 16 * 1024
"""Bytes fetched in one read, so that neighbouring values cost nothing more. Most photos need only one."""

SCAN_CHUNK = 1024 * 1024


class Broken(Exception):
    """The content breaks the rules of its format; the message says how, without naming the file."""


class Exhausted(Broken):
    """Reading on would cost more than one file may; no camera's file reaches this limit."""


class ByteSource(Protocol):
    """Bytes with a known length, read at offsets."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def at(self, offset: int, size: int) -> bytes:
        """Exactly `size` bytes from `offset`; raises `Broken` if they are not all there."""
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
        """As `ByteSource.at`; may also raise `Exhausted`. An OSError from the file itself is passed on."""
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
        """The first offset of `needle` from `start`, within `limit` bytes; not counted against the limits.

        For the one marker that may be anywhere (a JPEG's end before a trailer). Holds one chunk at a time.
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
    """Bytes already in memory as a source: an Exif block taken out of its container."""

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
