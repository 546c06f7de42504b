"""HEIC, HEIF and AVIF: the Exif item, found by the item tables (ISO 23008-12, annex A; ISO 14496-12, 8.11).

`iinf` names the items that are Exif, `iloc` where their bytes are. Both tables, and the items, are read within limits.
"""

import struct
from collections.abc import Container

from agent.capture.bounded import Block, BoundedFile, Broken, ByteRange, ByteSource
from agent.capture.boxes import Box, Boxes
from agent.capture.evidence import Evidence, Exif
from agent.capture.exif import read_exif
from agent.capture.xmp import original_time

MAX_TABLE = 256 * 1024
"""Most bytes of one item table; a tiled photo of 200 megapixels has under 64 KiB."""

MAX_ITEM = 1024 * 1024
"""Most bytes of an Exif item put together from several extents."""

MAX_EXTENTS = 64

MAX_ITEMS = 8
"""Most items of Exif and XMP read; a camera writes one of each, and one for its gain map."""

_EXIF, _TEXT = b"Exif", b"mime"


def read_heif(file: BoundedFile, kind: str) -> Evidence:
    """All evidence in a HEIF file, which was recognised as `kind`."""
    notes: list[str] = []
    blocks: tuple[Exif, ...] = ()
    written: str | None = None
    boxes = Boxes(file)
    complete = False
    try:
        found = list(boxes.top())
        meta = next((box for box in found if box.kind == b"meta"), None)
        complete = not boxes.cut_short() and meta is not None and _pictured(boxes, found, meta)
        items = _items(boxes, meta, file) if meta else []
        blocks = tuple(read_exif(_past_header(item), notes) for kind_, item in items if kind_ == _EXIF)
        texts = (item.at(0, item.size) for kind_, item in items if kind_ == _TEXT and item.size <= MAX_ITEM)
        written = next((time for text in texts if (time := original_time(text))), None)
    except Broken as fault:
        notes.append(f"its Exif block cannot be read: {fault}")
    if not complete:
        notes.append("its end is missing: it was cut, or is not yet copied whole")
    return Evidence(
        kind, complete=complete, orderly=not boxes.torn, blocks=blocks, xmp_original=written, notes=tuple(notes)
    )


def _pictured(boxes: Boxes, found: list[Box], meta: Box) -> bool:
    """Whether any box has the picture's data: the bytes after it may be a trailer, or the rest of a torn box."""
    return any(box.kind == b"mdat" for box in found) or any(box.kind == b"idat" for box in boxes.within(meta, skip=4))


def _past_header(item: ByteSource) -> ByteSource:
    """The TIFF block in an Exif item: after four bytes with its offset (ISO 23008-12, A.2.1)."""
    skip = 4 + int.from_bytes(item.at(0, 4), "big")
    if item.size >= skip + 6 and item.at(skip, 6) == b"Exif\0\0":
        skip += 6
    if item.size < skip + 8:
        raise Broken("it is shorter than its own header")
    return ByteRange(item, skip, item.size - skip)


def _items(boxes: Boxes, meta: Box, file: BoundedFile) -> list[tuple[bytes, ByteSource]]:
    """The items that are Exif, or a text as XMP is, with their kinds."""
    tables = {box.kind: box for box in boxes.within(meta, skip=4)}
    if b"iinf" not in tables or b"iloc" not in tables:
        return []
    wanted = _wanted(boxes.content(tables[b"iinf"], MAX_TABLE))
    if not wanted:
        return []
    stored = tables.get(b"idat")
    places = _extents(boxes.content(tables[b"iloc"], MAX_TABLE), wanted)
    items: list[tuple[bytes, ByteSource]] = []
    for item, method, extents in places:
        kind = wanted[item]
        if method > 1 or (method == 1 and stored is None):
            raise Broken("it is stored in a way that no camera uses")
        origin: ByteSource = ByteRange(file, stored.start, stored.size) if method == 1 and stored else file
        if len(extents) == 1:
            items.append((kind, ByteRange(origin, *extents[0])))
        elif sum(size for _, size in extents) <= MAX_ITEM:
            items.append((kind, Block(b"".join(origin.at(offset, size) for offset, size in extents))))
        else:
            raise Broken("it is larger than any camera writes")
    return items


def _wanted(table: bytes) -> dict[int, bytes]:
    """The kinds of items of type `Exif` and `mime`, by id: `infe` entries of version 2 and 3 (ISO 14496-12, 8.11.6)."""
    found: dict[int, bytes] = {}
    position = 6 if table[:1] == b"\0" else 8
    while position + 8 <= len(table):
        size = int.from_bytes(table[position : position + 4], "big")
        entry = table[position + 8 : position + size]
        if size < 8:
            break
        if table[position + 4 : position + 8] == b"infe" and len(entry) >= 12 and entry[0] in {2, 3}:
            wide = entry[0] == 3
            kind = entry[10:14] if wide else entry[8:12]
            if kind in {_EXIF, _TEXT}:
                found[int.from_bytes(entry[4:8] if wide else entry[4:6], "big")] = kind
        position += size
    return found


def _extents(table: bytes, wanted: Container[int]) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Each wanted item, how it is stored (0: in the file, 1: in `idat`) and its extents (ISO 14496-12, 8.11.3)."""
    try:
        return _parsed_extents(table, wanted)
    except (struct.error, IndexError):
        raise Broken("its table of places is cut") from None


def _parsed_extents(table: bytes, wanted: Container[int]) -> list[tuple[int, int, list[tuple[int, int]]]]:
    version = table[0]
    offset_size, length_size = table[4] >> 4, table[4] & 15
    base_size, index_size = table[5] >> 4, table[5] & 15 if version in {1, 2} else 0
    position = 6

    def number(size: int) -> int:
        nonlocal position
        if position + size > len(table):
            raise IndexError
        position += size
        return int.from_bytes(table[position - size : position], "big")

    id_size = 4 if version == 2 else 2
    found = []
    for _ in range(number(id_size)):
        item = number(id_size)
        method = number(2) & 15 if version in {1, 2} else 0
        number(2)  # the data reference: another file, which no camera uses
        base = number(base_size)
        count = number(2)
        if item not in wanted:
            position += count * (index_size + offset_size + length_size)
            continue
        if not 1 <= count <= MAX_EXTENTS:
            raise Broken("it is in more pieces than any camera makes")
        extents = []
        for _ in range(count):
            number(index_size)
            offset = base + number(offset_size)
            extents.append((offset, number(length_size)))
        found.append((item, method, extents))
        if len(found) == MAX_ITEMS:
            break
    return found
