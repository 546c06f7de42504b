"""Planning how a photo gets its tag: one XMP segment spliced into a JPEG while it is sent, or a sidecar beside it.

Nothing is written here. A `Splice` is returned only after it was tried on the head's bytes and the product's own
undoing gave them back; any obstacle to that becomes a `NeedsSidecar` with its reason, never an exception.

Why these places are safe:

- all offsets inside an Exif block count from its own TIFF header, so moving it does no harm as long as they stay inside
  (`reach`); maker's notes move with it;
- MPF's offsets (CIPA DC-007, 5.2.3.3) count from the header in its own APP2 to pictures after the first: bytes inserted
  before that segment move both, bytes after it would separate them;
- a motion photo's video is found from the file's end (MicroVideoOffset, or the lengths in the GCamera container).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agent.errors import LocalFault
from agent.model.delivery import Splice
from agent.tagging.head import APP0, APP1, APP2, EXIF_HEADER, MOST_IN_SEGMENT, XMP_HEADER, BrokenHead, Head, Segment
from agent.tagging.markup import NotOurXml
from agent.tagging.opening import open_photo
from agent.tagging.packet import fresh, merged, without_padding
from agent.tagging.reach import Reaches, check_self_contained
from agent.tagging.tag import Tag, TagKind
from agent.tagging.undo import marked_segment

_PIECE = 64 * 1024
_TOO_LARGE = "its XMP would be larger than a segment may be"
_MOST_IN_PACKET = MOST_IN_SEGMENT - len(XMP_HEADER)
# The beginnings of other programs' XMP segments; only XMP_HEADER follows the standard.
_LIKE_XMP = (b"http://ns.adobe.com/xap/", b"<?xpacket", b"<x:xmpmeta", b"XMP\0")


@dataclass(frozen=True, slots=True)
class NeedsSidecar:
    """The tag goes into a sidecar, and the photo is sent unchanged. `reason` fits after "because"."""

    reason: str


class _Unsafe(ValueError):
    """This photo cannot safely be spliced; says why."""


def plan(path: Path, *, format: str, tag: Tag) -> Splice | NeedsSidecar:  # noqa: A002  the model's word for it
    """How the photo at `path`, whose content has the format `format`, gets `tag`.

    Reads the file's head (at most 8 MiB, commonly 64 KiB), its last 12 bytes and, if maker's notes contain possible
    offsets, at most 64 times three bytes elsewhere. The same file and tag give the same splice. LocalFault if the file
    cannot be read.
    """
    if format != "jpeg":
        return NeedsSidecar("only a JPEG can carry the tag inside and still be rebuilt")
    try:
        with open_photo(path) as photo:
            head = _read_head(photo)
            return _planned(head, photo, tag)
    except OSError:
        raise LocalFault("a photo could not be read for tagging: see whether its disk or card is failing") from None
    except (BrokenHead, Reaches, _Unsafe) as reason:
        return NeedsSidecar(str(reason))


def _read_head(photo: BinaryIO) -> Head:
    head = Head()
    while not head.complete:
        piece = photo.read(_PIECE)
        if not piece:
            raise BrokenHead("it ends before its picture begins")
        head.feed(piece)
    return head


def _planned(head: Head, photo: BinaryIO, tag: Tag) -> Splice:
    mpf = next((segment for segment in head.segments if head.holds(segment, APP2, b"MPF\0")), None)
    old = _old_packet(head, mpf)
    try:
        splice = _inserting(head, mpf, tag) if old is None else _replacing(head, old, tag)
    except NotOurXml as reason:
        raise _Unsafe(f"its XMP cannot be merged: {reason}") from reason
    _check_exif_before(head, photo, splice)
    _check_trailer(photo)
    if not _undone(head, splice, tag):
        raise _Unsafe("removing the tag again did not give the same photo")
    return splice


def _old_packet(head: Head, mpf: Segment | None) -> Segment | None:
    """The one standard XMP segment, if any. _Unsafe if there are more, or if it cannot grow."""
    packets = [segment for segment in head.segments if head.holds(segment, APP1, XMP_HEADER)]
    alike = [segment for segment in head.segments if any(head.holds(segment, APP1, start) for start in _LIKE_XMP)]
    if len(packets) > 1:
        raise _Unsafe("it contains more than one XMP packet")
    if len(alike) > len(packets):
        raise _Unsafe("it contains XMP in an unusual form")
    if not packets:
        return None
    if mpf is not None and mpf.start < packets[0].start:
        raise _Unsafe("other pictures in it are found by an MPF index that comes before its XMP")
    return packets[0]


def _inserting(head: Head, mpf: Segment | None, tag: Tag) -> Splice:
    """After JFIF's segments and the Exif block, where readers look first, but before MPF."""
    at = 2
    for segment in head.segments:
        if segment == mpf:
            break
        if segment.marker == APP0 and segment.start == at:
            at = segment.end
        elif head.holds(segment, APP1, EXIF_HEADER):
            at = segment.end
            break
    insert = _segment(fresh(tag, TagKind.JPEG, None))
    if insert is None:
        raise _Unsafe(_TOO_LARGE)
    return Splice(at, 0, insert)


def _replacing(head: Head, old: Segment, tag: Tag) -> Splice:
    """The old packet merged with ours, in its place, and stored whole inside."""
    before = bytes(head.data[old.start : old.end])
    packet = merged(before[4 + len(XMP_HEADER) :], tag, TagKind.JPEG, before)
    insert = _segment(packet) or _segment(without_padding(packet))
    if insert is None:
        raise _Unsafe(_TOO_LARGE)
    return Splice(old.start, old.end - old.start, insert)


def _segment(packet: bytes) -> bytes | None:
    """An APP1 segment with this packet; None if it does not fit."""
    if len(packet) > _MOST_IN_PACKET:
        return None
    return b"\xff\xe1" + (2 + len(XMP_HEADER) + len(packet)).to_bytes(2, "big") + XMP_HEADER + packet


def _check_exif_before(head: Head, photo: BinaryIO, splice: Splice) -> None:
    """Raises `Reaches` for an Exif block before the splice whose offsets go past it. A later one moves as a whole."""
    for segment in head.segments:
        if segment.end > splice.at or not head.holds(segment, APP1, EXIF_HEADER):
            continue
        start = segment.start + 4 + len(EXIF_HEADER) + 1  # "Exif", NUL and a padding byte

        def look(at: int, size: int, start: int = start) -> bytes:
            photo.seek(start + at)
            return photo.read(size)

        check_self_contained(bytes(head.data[start : segment.end]), look)


def _check_trailer(photo: BinaryIO) -> None:
    """Raises `_Unsafe` for an AFCP trailer (last 12 bytes: "AXS"), whose offsets count from the start of the file."""
    size = photo.seek(0, os.SEEK_END)
    photo.seek(max(0, size - 12))
    if photo.read(12)[:4] in {b"AXS!", b"AXS*"}:
        raise _Unsafe("an archive program appended data to it with offsets that count from the file's start")


def _undone(head: Head, splice: Splice, tag: Tag) -> bool:
    """Whether our own undoing finds this splice in the head, with this tag, and gives back the old bytes."""
    old = bytes(head.data[splice.at : splice.at + splice.drop])
    changed = Head(limit=len(head.data) + len(splice.insert))
    try:
        changed.feed(bytes(head.data[: splice.at]) + splice.insert + bytes(head.data[splice.at + splice.drop :]))
        found = marked_segment(changed)
    except ValueError:
        return False
    if found is None or not changed.complete:
        return False
    segment, mark = found
    return (
        segment.start == splice.at
        and segment.end == splice.at + len(splice.insert)
        and (mark.before or b"") == old
        and mark.kind is TagKind.JPEG
        and mark.tag == tag.fit_for_xml()
    )
