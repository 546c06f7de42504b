"""Containers that keep an Exif block in a chunk of its own: PNG, WebP, JPEG XL, JPEG 2000, RAF, MRW and X3F."""

import zlib
from dataclasses import replace
from email.utils import parsedate_to_datetime

from agent.capture.bounded import Block, BoundedFile, Broken, ByteRange, Exhausted
from agent.capture.boxes import Boxes
from agent.capture.clock import day_of, read_stamp
from agent.capture.evidence import Clock, Evidence, Exif, Stamp
from agent.capture.exif import read_exif
from agent.capture.jpeg import read_embedded
from agent.capture.tiff import printable
from agent.capture.xmp import original_time

_PROFILES = (b"Raw profile type exif\0", b"Raw profile type APP1\0")
"""Where ImageMagick put Exif before PNG had a chunk for it: in hexadecimal, in a text chunk, mostly compressed."""

_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_CREATION, _LONGEST_TIME = "Creation Time", 64
_PNG_XMP = "XML:com.adobe.xmp"
_PNG_XMP_HEADER = 4
"""Bytes after the keyword of an uncompressed text, if its two fields for languages are empty (11.3.3.4)."""

_JP2_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""The UUID of a box with XMP (XMP specification, part 3, 1.1.4)."""

MAX_XMP = 1024 * 1024
"""Most bytes of an XMP packet in these formats; programs write 2 to 60 KB."""

_X3F_JPEG = b"SECi\0\0\2\0\2\0\0\0\x12\0\0\0"
"""A section of an X3F that holds a picture: version 2.0, of type 2 (processed), in format 18 (JPEG)."""

_JP2_EXIF = b"JpgTiffExif->JP2"
"""The UUID, in letters, of the box in which programs keep a JPEG's Exif block in JPEG 2000."""

MAX_BLOCKS = 8
"""Most Exif blocks read in one file; a camera writes one, and some converters two."""

MAX_PROFILE = 512 * 1024
"""Most bytes of such a text, packed and unpacked; a camera's block has under 64 KiB, which is 130 KB of digits."""

MAX_WORDS, MAX_WORD = 8, 64 * 1024
"""How many texts of a PNG are searched for programs' marks, and how many bytes of each."""

MAX_CHUNKS = 3_000
"""Most chunks in a PNG: writers split a picture into chunks of 8 KiB or more; phones' screenshots have under 2,000."""


def read_png(file: BoundedFile) -> Evidence:
    """The eXIf chunk (PNG 3rd edition, 11.3.4.5). Times in text chunks and in tIME come from programs: not read."""
    notes: list[str] = []
    blocks: list[Exif] = []
    words: dict[str, str] = {}
    pixels: tuple[int, int] | None = None
    complete = False
    position = 8
    try:
        for _ in range(MAX_CHUNKS):
            head = file.at(position, 8)
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind == b"IHDR" and size >= 8:
                sides = file.at(position + 8, 8)
                pixels = int.from_bytes(sides[:4], "big"), int.from_bytes(sides[4:], "big")
            elif kind in {b"tEXt", b"iTXt"} and len(words) < MAX_WORDS:
                keyword, _, text = file.at(position + 8, min(size, MAX_WORD)).partition(b"\0")
                words.setdefault(keyword.decode("latin-1"), text.decode("latin-1"))
            if len(blocks) < MAX_BLOCKS and kind in {b"eXIf", b"zTXt", b"tEXt"}:
                blocks.extend(_png_block(file, kind, position + 8, size, notes))
            position += 12 + size
            complete = kind == b"IEND" and position <= file.size
            if complete:
                break
        else:
            complete = _large_to_its_end(file, blocks, notes)
    except Exhausted:
        complete = _large_to_its_end(file, blocks, notes)
    except Broken as fault:
        notes.append(f"it cannot be read to its end: {fault}")
    orderly = not any(block.damaged for block in blocks)
    return Evidence(
        "png",
        complete=complete,
        orderly=orderly,
        blocks=tuple(blocks),
        pixels=pixels,
        screenshot=any("Screenshot" in word for word in words.values()),
        xmp_original=original_time(words.get(_PNG_XMP, "")[_PNG_XMP_HEADER:].encode("latin-1")),
        text_original=_created(words.get(_CREATION, "")),
        software=printable(words.get("Software", "").strip("\0")[:256]) or None,
        notes=tuple(notes),
    )


def _created(text: str) -> str | None:
    """The time in a PNG's `Creation Time`: by RFC 1123, as the standard asks (11.3.3.2), or as other programs write it;
    None if it cannot be read.
    """
    written = text.rpartition("\0")[2].strip()[:_LONGEST_TIME]  # an iTXt has its language first
    if not written or read_stamp(Stamp(written)) or day_of(written):
        return written or None
    try:
        return parsedate_to_datetime(written).isoformat()
    except (ValueError, OverflowError):
        return None


def _large_to_its_end(file: BoundedFile, blocks: list[Exif], notes: list[str]) -> bool:
    """Whether a PNG with more than is read of one file (a scan of a hundred megabytes) has its end where it should."""
    if not blocks:
        notes.append("it is so large that it was not searched to its end for its capture time")
    return file.find(_PNG_END, file.size - len(_PNG_END), len(_PNG_END)) is not None


def _png_block(file: BoundedFile, kind: bytes, start: int, size: int, notes: list[str]) -> tuple[Exif, ...]:
    """The block in a chunk: an empty one if it is broken (so that it counts), or nothing if it is not Exif.

    Its checksum (PNG 3rd edition, 5.5) shows every changed byte.
    """
    keyword = next((name for name in _PROFILES if size > len(name) and file.at(start, len(name)) == name), None)
    if kind != b"eXIf" and (keyword is None or size > MAX_PROFILE):
        return ()
    try:
        content = file.at(start, min(size, MAX_PROFILE))
        checked = zlib.crc32(kind + content) == int.from_bytes(file.at(start + size, 4), "big")
        if keyword is None:
            exif = read_exif(Block(content), notes)
        else:
            exif = read_exif(_legacy_block(kind, content[len(keyword) :]), notes)
        return (exif if checked else replace(exif, damaged=True),)
    except Broken as fault:
        notes.append(f"its Exif block cannot be read: {fault}")
        return (Exif(damaged=True),)


def _legacy_block(kind: bytes, text: bytes) -> Block:
    """The Exif block in a "Raw profile" text: a line with its name, one with its length, then hexadecimal digits."""
    if kind == b"zTXt":
        try:
            text = zlib.decompressobj().decompress(text[1:], MAX_PROFILE)
        except zlib.error:
            raise Broken("its Exif block cannot be unpacked") from None
    lines = text.strip().split(b"\n", 2)
    try:
        profile = bytes.fromhex(lines[2].decode("ascii")) if len(lines) == 3 else b""
    except ValueError:
        raise Broken("its Exif block is not in hexadecimal digits") from None
    return Block(profile.removeprefix(b"Exif\0\0"))


def read_webp(file: BoundedFile) -> Evidence:
    """The EXIF chunk (RFC 9649, 2.7.1.5); some writers put JPEG's own header before it."""
    notes: list[str] = []
    blocks: list[Exif] = []
    written: str | None = None
    complete = False
    try:
        end = 8 + int.from_bytes(file.at(4, 4), "little")
        complete = end <= file.size
        position = 12
        for _ in range(MAX_CHUNKS):
            if position + 8 > min(end, file.size) or len(blocks) >= MAX_BLOCKS:
                break
            head = file.at(position, 8)
            size = int.from_bytes(head[4:], "little")
            if head[:4] == b"EXIF":
                file.at(position + 7 + size, 1)  # raises Broken if the block is not all there
                skip = 6 if size >= 6 and file.at(position + 8, 6) == b"Exif\0\0" else 0
                blocks.append(read_exif(ByteRange(file, position + 8 + skip, size - skip), notes))
            elif head[:4] == b"XMP " and size <= MAX_XMP:
                written = original_time(file.at(position + 8, size))
            position += 8 + size + size % 2
    except Broken as fault:
        notes.append(f"it cannot be read to its end: {fault}")
    if not complete:
        notes.append("its end is missing: it was cut, or is not yet copied whole")
    return Evidence("webp", complete=complete, blocks=tuple(blocks), xmp_original=written, notes=tuple(notes))


def read_jxl(file: BoundedFile) -> Evidence:
    """The Exif box of a JPEG XL in its container (ISO 18181-2, 9.5): four bytes with the offset of the block, then the
    block. A bare codestream has none, and a compressed box (`brob`) is not read.
    """
    notes: list[str] = []
    blocks: list[Exif] = []
    written: str | None = None
    boxes = Boxes(file)
    complete = True
    try:
        if file.at(4, 4) == b"JXL ":
            complete = not boxes.cut_short()
            for box in boxes.top():
                if box.kind == b"Exif" and box.size > 12 and len(blocks) < MAX_BLOCKS:
                    skip = 4 + int.from_bytes(file.at(box.start, 4), "big")
                    blocks.append(read_exif(ByteRange(file, box.start + skip, box.size - skip), notes))
                elif box.kind == b"xml " and box.size <= MAX_XMP:
                    written = original_time(boxes.content(box, MAX_XMP))
                elif box.kind == b"brob" and box.size > 4 and file.at(box.start, 4) == b"Exif":
                    notes.append("its Exif block is compressed (Brotli), which no camera does, so it is not read")
    except Broken as fault:
        notes.append(f"its Exif block cannot be read: {fault}")
    if not complete:
        notes.append("its end is missing: it was cut, or is not yet copied whole")
    return Evidence(
        "jxl",
        complete=complete,
        orderly=not boxes.torn,
        blocks=tuple(blocks),
        xmp_original=written,
        notes=tuple(notes),
    )


def read_jp2(file: BoundedFile) -> Evidence:
    """The Exif block of a JPEG 2000 file: in a `uuid` box of its own (ISO 15444-1, I.7.2)."""
    notes: list[str] = []
    blocks: list[Exif] = []
    written: str | None = None
    boxes = Boxes(file)
    complete = False
    try:
        complete = not boxes.cut_short()
        for box in (box for box in boxes.top() if box.kind == b"uuid" and box.size > len(_JP2_EXIF)):
            if box.size <= MAX_XMP and file.at(box.start, len(_JP2_XMP)) == _JP2_XMP:
                written = original_time(boxes.content(box, MAX_XMP)[len(_JP2_XMP) :])
            if len(blocks) < MAX_BLOCKS and file.at(box.start, len(_JP2_EXIF)) == _JP2_EXIF:
                start, size = box.start + len(_JP2_EXIF), box.size - len(_JP2_EXIF)
                skip = 6 if size >= 6 and file.at(start, 6) == b"Exif\0\0" else 0
                blocks.append(read_exif(ByteRange(file, start + skip, size - skip), notes))
    except Broken as fault:
        notes.append(f"its Exif block cannot be read: {fault}")
    if not complete:
        notes.append("its end is missing: it was cut, or is not yet copied whole")
    return Evidence(
        "jp2",
        complete=complete,
        orderly=not boxes.torn,
        blocks=tuple(blocks),
        xmp_original=written,
        notes=tuple(notes),
    )


def read_kyocera(file: BoundedFile) -> Evidence:
    """The header of a Contax N Digital's RAW, whose texts are written backwards."""
    notes: list[str] = []
    clock, camera = None, Exif()
    try:
        head = file.at(0, 0x21 + 20)
        model, make, time = (printable(head[at : at + size][::-1].strip(b"\0").split(b"\0")[0].decode("latin-1"))
                             for at, size in ((0x0C, 12), (0x19, 7), (0x21, 20)))  # fmt: skip
        clock, camera = Clock(Stamp(time), "Kyocera RAW header"), Exif(make=make or None, model=model or None)
    except Broken as fault:
        notes.append(f"its header cannot be read: {fault}")
    return Evidence("raw", blocks=(camera,), clock=clock, notes=tuple(notes))


def read_raf(file: BoundedFile) -> Evidence:
    """The JPEG inside a RAF; its offset is at byte 84, and that of the sensor data at byte 100."""
    notes: list[str] = []
    blocks: tuple[Exif, ...] = ()
    complete = False
    try:
        head = file.at(84, 24)
        start, size, _, _, sensor, length = (int.from_bytes(head[at : at + 4], "big") for at in range(0, 24, 4))
        complete = start + size <= file.size and sensor + length <= file.size
        blocks = read_embedded(file, start, size, notes)
    except Broken as fault:
        notes.append(f"its Exif block cannot be read: {fault}")
    return Evidence("raf", complete=complete, blocks=blocks, notes=tuple(notes))


def read_mrw(file: BoundedFile) -> Evidence:
    """The TTW block of an MRW, which is a TIFF block."""
    notes: list[str] = []
    blocks: list[Exif] = []
    try:
        position, end = 8, 8 + int.from_bytes(file.at(4, 4), "big")
        for _ in range(MAX_CHUNKS):
            if position + 8 > end or len(blocks) >= MAX_BLOCKS:
                break
            head = file.at(position, 8)
            size = int.from_bytes(head[4:], "big")
            file.at(position + 7 + size, 1)  # raises Broken if the block is not all there
            if head[:4] == b"\0TTW":
                blocks.append(read_exif(ByteRange(file, position + 8, size), notes))
            position += 8 + size
    except Broken as fault:
        notes.append(f"its Exif block cannot be read: {fault}")
    return Evidence("mrw", blocks=tuple(blocks), notes=tuple(notes))


def read_x3f(file: BoundedFile) -> Evidence:
    """The JPEG previews of an X3F: its last four bytes point to a directory of sections, and those of type IMA2 and
    IMAG contain, after a header of 28 bytes, a picture, which is a JPEG in cameras that write Exif.
    """
    notes: list[str] = []
    blocks: tuple[Exif, ...] = ()
    complete = False
    try:
        listing = int.from_bytes(file.at(file.size - 4, 4), "little")
        complete = file.at(listing, 4) == b"SECd"
        count = int.from_bytes(file.at(listing + 8, 4), "little") if complete else 0
        for row in range(min(count, MAX_BLOCKS)):
            entry = file.at(listing + 12 + 12 * row, 12)
            start, size = int.from_bytes(entry[:4], "little"), int.from_bytes(entry[4:8], "little")
            if entry[8:] in {b"IMA2", b"IMAG"} and size > 32 and file.at(start, 16) == _X3F_JPEG:
                blocks = (*blocks, *read_embedded(file, start + 28, size - 28, notes))
    except Broken as fault:
        notes.append(f"its Exif block cannot be read: {fault}")
    return Evidence("x3f", complete=complete, blocks=blocks, notes=tuple(notes))
