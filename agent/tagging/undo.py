"""Removes a tag again, or reads it in place: for `untag`, for proofs, and for checks of the share.

Promises: memory stays bounded however large the photo is; the result is compared with the size and SHA-256 in the tag,
and a difference is an error, so that a wrong file is never returned as the original.
"""

import hashlib
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from agent.errors import LocalFault, UsageError
from agent.model.files import Fingerprint
from agent.model.ids import Sha256, TransferId, VisitId
from agent.tagging.head import APP1, HEAD_LIMIT, MOST_IN_SEGMENT, SOI, XMP_HEADER, BrokenHead, Head, Segment
from agent.tagging.packet import find
from agent.tagging.tag import FoundTag, Tag, TagKind

SIDECAR_LIMIT = 48 * 1024 * 1024
"""Larger files that are not JPEGs are not treated as sidecars: twice what `sidecar` can make."""

_CHUNK = 256 * 1024
_TAGGED_HEAD_LIMIT = HEAD_LIMIT + MOST_IN_SEGMENT + 4  # the largest head for `plan`, with our segment in it

_NO_TAG = "this file has no tag from visit-photo-agent, so there is nothing to remove"
_DAMAGED = "the tag in this file is damaged: {reason}. The file was changed after it was sent; use another copy"
_CHANGED = (
    "removing the tag did not give back the photo that was sent: this file was changed after it was sent. "
    "Do not use the written file; use another copy"
)


@dataclass(frozen=True, slots=True)
class Untagged:
    """The result of removing a tag. `original` is the photo as it left the laptop.

    `restored` is the content that was written, checked: for a JPEG the same as `original`, for a sidecar the one before
    it. None: there was no file before this sidecar, and nothing was written.
    """

    kind: TagKind
    visit: VisitId
    transfer: TransferId
    original: Fingerprint
    restored: Fingerprint | None

    @property
    def was_no_file(self) -> bool:
        """Whether undoing means that the file should not exist at all."""
        return self.restored is None


def untag(source: BinaryIO, out: BinaryIO) -> Untagged:
    """Write to `out` the content of `source` before it was tagged; both are streamed.

    UsageError if `source` carries no tag of ours; LocalFault if tag or file were damaged or changed since. The content
    of `out` after an error must not be used.
    """
    undoing = untagged_chunks(iter(partial(source.read, _CHUNK), b""))
    while True:
        try:
            chunk = next(undoing)
        except StopIteration as end:
            return _result(end)
        out.write(chunk)


def untagged_chunks(chunks: Iterable[bytes]) -> Generator[bytes, None, Untagged]:
    """As `untag`, from chunks to chunks; the generator's return value gives the result, and it raises the errors."""
    stream = iter(chunks)
    beginning = _beginning(stream)
    if beginning == SOI[: len(beginning)] or beginning.startswith(SOI):
        return (yield from _jpeg(beginning, stream))
    return (yield from _sidecar(beginning, stream))


def read_tag(source: BinaryIO) -> Tag | None:
    """The tag that a photo or a sidecar carries; None if it has none, or none that can be read."""
    stream = iter(partial(source.read, _CHUNK), b"")
    beginning = _beginning(stream)
    try:
        if beginning.startswith(SOI):
            found = marked_segment(_head(beginning, stream))
            return found[1].tag if found else None
        mark = find(_whole(beginning, stream))
    except ValueError:
        return None
    return mark.tag if mark else None


def marked_segment(head: Head) -> tuple[Segment, FoundTag] | None:
    """The XMP segment that carries our tag, and the tag. ValueError if one is damaged or there are two."""
    found = []
    for segment in head.segments:
        if head.holds(segment, APP1, XMP_HEADER):
            mark = find(head.content(segment)[len(XMP_HEADER) :])
            if mark is not None:
                found.append((segment, mark))
    if len(found) > 1:
        raise ValueError("it is there twice")
    return found[0] if found else None


def _jpeg(beginning: bytes, stream: Iterator[bytes]) -> Generator[bytes, None, Untagged]:
    try:
        head = _head(beginning, stream)
        found = marked_segment(head)
    except BrokenHead:
        raise UsageError(_NO_TAG) from None
    except ValueError as reason:
        raise LocalFault(_DAMAGED.format(reason=reason)) from None
    if found is None or found[1].kind is not TagKind.JPEG:
        raise UsageError(_NO_TAG)
    segment, mark = found
    digest, size = hashlib.sha256(), 0
    for chunk in _without(head, segment, mark, stream):
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    restored = Fingerprint(Sha256(digest.hexdigest()), size)
    if restored != mark.tag.original:
        raise LocalFault(_CHANGED)
    return Untagged(TagKind.JPEG, mark.tag.visit, mark.tag.transfer, mark.tag.original, restored)


def _without(head: Head, segment: Segment, mark: FoundTag, stream: Iterator[bytes]) -> Iterator[bytes]:
    """The photo's bytes with the segment replaced by the earlier bytes."""
    yield bytes(head.data[: segment.start])
    yield mark.before or b""
    yield bytes(head.data[segment.end :])
    yield from stream


def _sidecar(beginning: bytes, stream: Iterator[bytes]) -> Generator[bytes, None, Untagged]:
    try:
        mark = find(_whole(beginning, stream))
    except ValueError as reason:
        raise LocalFault(_DAMAGED.format(reason=reason)) from None
    if mark is None or mark.kind is not TagKind.SIDECAR:
        raise UsageError(_NO_TAG)
    restored = None
    if mark.before is not None:  # `find` has compared it with its fingerprint
        restored = Fingerprint(Sha256(hashlib.sha256(mark.before).hexdigest()), len(mark.before))
        yield mark.before
    return Untagged(TagKind.SIDECAR, mark.tag.visit, mark.tag.transfer, mark.tag.original, restored)


def _beginning(stream: Iterator[bytes]) -> bytes:
    """At least two bytes, unless there are no more."""
    beginning = b""
    while len(beginning) < len(SOI) and (chunk := next(stream, b"")):
        beginning += chunk
    return beginning


def _head(beginning: bytes, stream: Iterator[bytes]) -> Head:
    """A JPEG's head; bytes read past it are in its data. BrokenHead."""
    head = Head(limit=_TAGGED_HEAD_LIMIT)
    head.feed(beginning)
    while not head.complete:
        chunk = next(stream, None)
        if chunk is None:
            raise BrokenHead("it ends before its picture begins")
        head.feed(chunk)
    return head


def _whole(beginning: bytes, stream: Iterator[bytes]) -> bytes:
    """All bytes of a possible sidecar; our own sidecars are never over the limit."""
    parts, size = [beginning], len(beginning)
    for chunk in stream:
        parts.append(chunk)
        size += len(chunk)
        if size > SIDECAR_LIMIT:
            return b""
    return b"".join(parts)


def _result(end: StopIteration) -> Untagged:
    result = end.value
    assert isinstance(result, Untagged)  # noqa: S101  what the generator's type says
    return result
