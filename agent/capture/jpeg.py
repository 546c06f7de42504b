"""A JPEG's segments: where its Exif and XMP are, and whether its end has arrived (ITU-T T.81, annex B; Exif 2.32, 4.5).

Real files carry several APP1 (Exif after XMP, extended XMP, an Exif block that runs over two segments), fill bytes, and
trailers after the end: the video of a motion photo, MPF previews, Samsung's. All of these are read; a file is complete
if its picture's end marker is there, wherever the trailer ends. Rubbish between segments is skipped and noted: of 870
JPEGs of other people 19 have some, all of them broken, most on purpose.
"""

import re
from dataclasses import dataclass, field, replace

from agent.capture import iptc
from agent.capture.bounded import Block, BoundedFile, Broken, ByteRange, ByteSource
from agent.capture.crw import read_heap
from agent.capture.evidence import Clock, Evidence, Exif
from agent.capture.exif import read_exif
from agent.capture.trailcam import FLIR, FLIR_HEADER, MAX_FLIR, flir_time
from agent.capture.xmp import original_time

MAX_SEGMENTS = 1_000
"""Most segments before the picture's data. A file with 20 MB of ICC, MPF and extended XMP has under 400."""

MAX_RUBBISH = 4 * 1024
"""How far to look for the next marker if it is not where it should be."""

MAX_BLOCKS = 8
"""Most Exif blocks, and XMP packets; a camera writes one of each."""

MAX_BLOCK = 512 * 1024
"""An Exif block of this many bytes that runs over several segments is not extended further."""

MAX_PICTURE = 512 * 1024 * 1024
"""How far to look for the end marker; photos of 200 megapixels take some 100 MB."""

_EXIF = b"Exif\0"
_EXIF_HEADER = 6  # the last byte is 0 by the rule, and 0xFF or a blank from some writers
_XMP = b"http://ns.adobe.com/xap/1.0/\0"

_SCREENSHOT = re.compile(rb"UserComment[^<>]{0,20}>?\s*(?:<[^>]{1,200}>\s*){0,4}Screenshot")
"""iOS writes this into the XMP of a picture that it took of the screen."""

_CIFF = b"HEAPJPGM"
_CIFF_HEADER = 26
"""Canon's cameras wrote this before Exif, in an APP0; the mark comes after the byte order and the header's length."""

_NEXT = re.compile(rb"\xff[\xc0-\xfe]")

_SOI, _EOI, _SOS, _APP0, _APP1, _APP13 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xED
_APP15 = 0xEF
_OF_PROGRAMS = (
    b"JFIF",
    b"JFXX",
    b"Exif",
    b"http://",
    b"ICC_PROFILE",
    b"Photoshop",
    b"Adobe_",
    b"Adobe",
    b"Ducky",
    b"JP",
)
"""The first bytes of segments that programs and all cameras write; `JP` begins signed content (C2PA)."""

_LONGEST_MARK = 16

_BARE = {0x01, _SOI, *range(0xD0, 0xD8)}
"""Markers that have no length after them."""


def read_jpeg(file: BoundedFile) -> Evidence:
    """All evidence in a JPEG file, and whether it is complete."""
    notes: list[str] = []
    found = _segments(file, notes)
    scan = found.scan
    complete = scan is not None and _ends(file, scan)
    if not complete:
        notes.append("its picture's end is missing: it was cut, or is not yet copied whole")
    exifs = _read_blocks(found.blocks, notes)
    orderly = found.orderly and len(exifs) == len(found.blocks)
    clock = None
    if found.heap is not None and not found.blocks:  # a broken Exif block may have given another time
        clock, exifs = _read_heap(found.heap, notes)
    if clock is None and not any(block.original for block in exifs) and found.flir:
        stamp = flir_time(bytes(found.flir))
        clock = None if stamp is None else Clock(stamp, "FLIR's record")
    written = next((time for time in map(original_time, found.packets) if time), None)
    created = None if found.resources is None else iptc.original_time(found.resources)
    return Evidence(
        "jpeg",
        complete=complete,
        orderly=orderly,
        blocks=exifs,
        clock=clock,
        xmp_original=written,
        iptc_original=created,
        hints=found.odd or (written is None and created is None and _has_a_day(found)),
        screenshot=any(_SCREENSHOT.search(packet) for packet in found.packets),
        messenger=None if found.resources is None else iptc.messenger(found.resources),
        notes=tuple(notes),
    )


def read_embedded(source: ByteSource, start: int, size: int, notes: list[str]) -> tuple[Exif, ...]:
    """The Exif blocks of a JPEG inside another container; its end is not looked for.

    Blocks in a damaged place are marked as damaged.
    """
    found = _segments(ByteRange(source, start, size), notes)
    blocks = _read_blocks(found.blocks, notes)
    return blocks if found.orderly else tuple(replace(block, garbled=True) for block in blocks)


def _read_blocks(blocks: list[bytes], notes: list[str]) -> tuple[Exif, ...]:
    exifs: list[Exif] = []
    for block in blocks:
        try:
            exifs.append(read_exif(Block(block), notes))
        except Broken as fault:
            notes.append(f"its Exif block cannot be read: {fault}")
    return tuple(exifs)


def _read_heap(content: bytes, notes: list[str]) -> tuple[Clock | None, tuple[Exif, ...]]:
    try:
        clock, camera = read_heap(Block(content))
    except Broken as fault:
        notes.append(f"its CIFF block cannot be read: {fault}")
        return None, ()
    return clock, (camera,)


@dataclass(slots=True)
class _Segments:
    """Exif blocks and XMP packets in their order, a CIFF block, Photoshop's resources, and where the picture's data
    begins, if it does. `odd` says whether there is a segment that only cameras write. `orderly` says whether there was
    nothing but segments and fill bytes up to the Exif block, and a whole segment after it.
    """

    blocks: list[bytes] = field(default_factory=list)
    packets: list[bytes] = field(default_factory=list)
    heap: bytes | None = None
    resources: bytes | None = None
    odd: bool = False
    flir: bytearray = field(default_factory=bytearray)
    scan: int | None = None
    orderly: bool = True


def _segments(source: ByteSource, notes: list[str]) -> _Segments:
    found = _Segments()
    position = 2
    settled = False  # whether an Exif block has been read, and a whole segment after it
    try:
        for _ in range(MAX_SEGMENTS):
            expected = position
            position, marker = _marker(source, expected)
            if not settled and source.at(expected, position - expected - 2).strip(b"\xff\0"):
                found.orderly = False
            if marker in _BARE:
                continue
            if marker == _EOI:
                return found
            size = int.from_bytes(source.at(position, 2), "big")
            found.orderly = found.orderly and (settled or size >= 2)
            settled = settled or (bool(found.blocks) and position + size <= source.size)
            if marker == _SOS:
                found.scan = position + max(size, 2)
                return found
            found.odd = found.odd or _is_odd(source, marker, position + 2, size - 2)
            if marker == _APP1:
                held = sum(map(len, found.blocks))
                _keep(source, position + 2, max(size - 2, 0), found)
                settled = settled and held == sum(map(len, found.blocks))
            elif marker == _APP0 and found.heap is None and _is_ciff(source, position + 2, size - 2):
                found.heap = source.at(position + 2, size - 2)
            elif marker == _APP13 and found.resources is None:
                found.resources = _resources(source, position + 2, size - 2)
            position += max(size, 2)
        notes.append("it has more segments than any camera writes")
    except Broken:
        notes.append("it breaks off before its picture begins")
        found.orderly = found.orderly and settled
    return found


def _marker(source: ByteSource, position: int) -> tuple[int, int]:
    """The next marker's code and the position after it, skipping fill bytes (T.81, B.1.1.2) and a little rubbish."""
    two = source.at(position, 2)
    if two[0] == 0xFF and 0x00 < two[1] < 0xFF:
        return position + 2, two[1]
    found = _NEXT.search(source.at(position, min(MAX_RUBBISH, source.size - position)))
    if found is None:
        raise Broken("a marker is missing")
    return position + found.end(), found.group()[1]


def _is_odd(source: ByteSource, marker: int, start: int, size: int) -> bool:
    """Whether an application segment is one that programs never write: makers stored notes there before Exif, and
    beside it (MPF, Casio's QVCI, FLIR's record).
    """
    if not _APP0 <= marker <= _APP15 or size <= 0:
        return False
    return not source.at(start, min(size, _LONGEST_MARK)).startswith(_OF_PROGRAMS)


def _has_a_day(found: _Segments) -> bool:
    """Whether IPTC or XMP has a day without a time that could be read."""
    in_xmp = any(b"DateCreated" in packet or b"DateTimeOriginal" in packet for packet in found.packets)
    return in_xmp or (found.resources is not None and iptc.has_day(found.resources))


def _is_ciff(source: ByteSource, start: int, size: int) -> bool:
    return size > _CIFF_HEADER and source.at(start + 6, len(_CIFF)) == _CIFF


def _resources(source: ByteSource, start: int, size: int) -> bytes | None:
    head = len(iptc.HEADER)
    if size <= head or source.at(start, head) != iptc.HEADER:
        return None
    return source.at(start + head, size - head)


def _keep(source: ByteSource, start: int, size: int, found: _Segments) -> None:
    """Add an APP1's payload to the Exif blocks, the XMP packets or FLIR's record; extended XMP is skipped."""
    blocks, packets = found.blocks, found.packets
    head = source.at(start, min(size, len(_XMP)))
    if head.startswith(_EXIF):
        continues = head[_EXIF_HEADER : _EXIF_HEADER + 4] not in {b"II*\0", b"MM\0*"}
        if continues and blocks and len(blocks[-1]) < MAX_BLOCK:
            blocks[-1] += source.at(start, size)[_EXIF_HEADER:]
        elif len(blocks) < MAX_BLOCKS:
            blocks.append(source.at(start, size)[_EXIF_HEADER:])
    elif head == _XMP and len(packets) < MAX_BLOCKS:
        packets.append(source.at(start, size)[len(_XMP) :])
    elif head.startswith(FLIR) and FLIR_HEADER < size <= MAX_FLIR - len(found.flir):
        found.flir += source.at(start, size)[FLIR_HEADER:]


def _ends(file: BoundedFile, scan: int) -> bool:
    """Whether the end marker is there, at the file's end or before a trailer.

    In the picture's data every 0xFF is followed by 0x00 or a restart, so the first 0xFFD9 after its start is the end.
    """
    marker = bytes((0xFF, _EOI))
    if file.size >= scan + 2 and file.at(file.size - 2, 2) == marker:
        return True
    return file.find(marker, scan, MAX_PICTURE) is not None
