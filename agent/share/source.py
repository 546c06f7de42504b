"""The content to be sent, as a stream that is read once: the local file with its splice.

At its end the stream knows whether the file is still the one that was decided on, and which bytes the share must
return. They were worked out before (`Outgoing.held`, or `original` without a splice), so nothing is hashed here for
them: had anything else been read, the share's copy would differ, and would not be proven. `judge_local` then says whose
fault that is.
"""

import hashlib
from io import BytesIO
from typing import BinaryIO

from agent.errors import LocalFault
from agent.files.closing import Closing
from agent.model.delivery import Outgoing
from agent.model.files import Fingerprint
from agent.model.ids import Sha256
from agent.share.opening import CHANGED, GONE, is_same, open_same

AT_ONCE = 1 << 18  # bytes; for each new megabyte the kernel would have to give fresh pages


def as_sent(outgoing: Outgoing) -> Fingerprint:
    """What the share will hold for it. Reads the file if a tag is put into it; LocalFault if it cannot, or if the
    content is not the one that was decided on: what is worked out here is later taken for the truth.
    """
    if outgoing.held is not None:
        return outgoing.held
    if outgoing.splice is None:
        return outgoing.original
    with LocalSource(outgoing) as source:
        while source.read(AT_ONCE):
            pass
        return source.sent()


def expected(outgoing: Outgoing) -> Fingerprint:
    """What the share must return for it. LocalFault if the file is not, or no longer, the one that was examined."""
    with LocalSource(outgoing) as source:
        while source.expected is None and source.read(AT_ONCE):
            pass
        return source.expected or source.sent()


def judge_local(outgoing: Outgoing) -> None:
    """LocalFault if the local content is not, or no longer, the one that was decided on. Reads it in full."""
    source, digest, size = outgoing.source, hashlib.sha256(), 0
    with BytesIO(source) if isinstance(source, bytes) else open_same(source) as file:
        try:
            while size <= outgoing.original.size and (piece := file.read(AT_ONCE)):  # it may grow for ever
                digest.update(piece)
                size += len(piece)
        except OSError as error:
            raise LocalFault(GONE) from error
    if Fingerprint(Sha256(digest.hexdigest()), size) != outgoing.original:
        raise LocalFault(CHANGED)


class LocalSource(Closing):
    """The bytes of one `Outgoing`, in order, in pieces of any size; it holds one piece in memory.

    Raises `LocalFault` on opening if the file is not the one that was examined, and from `sent` if it is not any more.
    """

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._splice = outgoing.splice
        if self._splice is not None and not 0 <= self._splice.at <= self._splice.at + self._splice.drop <= (
            outgoing.original.size
        ):
            raise LocalFault("A photo's tag does not fit it. It will be looked at again.")
        source = outgoing.source
        self._file: BinaryIO = BytesIO(source) if isinstance(source, bytes) else open_same(source)
        self.expected = outgoing.held or (outgoing.original if self._splice is None else None)
        """What the share must return; None if that is not known before everything was read."""
        # The original is hashed too then: without that, nothing would show that it is the one that was decided on.
        self._original, self._sent = hashlib.sha256(), hashlib.sha256()
        self._taken = 0  # bytes of the original
        self._given = 0  # bytes as sent
        self._before, self._drop, self._insert = (  # the rest of the splice
            (0, 0, b"") if self._splice is None else (self._splice.at, self._splice.drop, self._splice.insert)
        )

    def read(self, length: int) -> bytes:
        """The next `length` bytes to be sent, fewer only at the end. Raises LocalFault."""
        pieces, missing = [], length
        while missing > 0 and (piece := self._next(missing)):
            pieces.append(piece)
            missing -= len(piece)
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._given += len(data)
        if self.expected is None:
            self._sent.update(data)
        return data

    def skip(self, length: int) -> Sha256:
        """Skip the first `length` bytes, which were sent before; returns their SHA-256. Raises LocalFault."""
        digest = hashlib.sha256()
        while (missing := length - self._given) > 0 and (data := self.read(min(missing, AT_ONCE))):
            digest.update(data)
        return Sha256(digest.hexdigest())

    def _next(self, length: int) -> bytes:
        if self._before > 0:
            piece = self._take(min(length, self._before))
            self._before -= len(piece)
            return piece
        while self._drop > 0 and (left_out := self._take(min(self._drop, AT_ONCE))):
            self._drop -= len(left_out)
        if self._insert:
            piece, self._insert = self._insert[:length], self._insert[length:]
            return piece
        return self._take(length)

    def _take(self, length: int) -> bytes:
        try:
            piece = self._file.read(length)
        except OSError as error:
            raise LocalFault(GONE) from error
        self._taken += len(piece)
        if self._taken > self._outgoing.original.size:
            raise LocalFault(CHANGED)  # it grew: without this, a file that grows for ever would be sent for ever
        if self.expected is None:
            self._original.update(piece)
        return piece

    def sent(self) -> Fingerprint:
        """What the share must return, after the last byte. Raises LocalFault if the file was changed meanwhile."""
        if self._next(1):
            raise LocalFault(CHANGED)
        source, original = self._outgoing.source, self._outgoing.original
        if self._taken != original.size or not (isinstance(source, bytes) or is_same(self._file, source)):
            raise LocalFault(CHANGED)
        if self.expected is not None:
            return self.expected
        if self._original.hexdigest() != original.sha256:
            raise LocalFault(CHANGED)
        return Fingerprint(Sha256(self._sent.hexdigest()), self._given)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
