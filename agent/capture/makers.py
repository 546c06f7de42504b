"""Additions by camera makers to a video's header: Canon and Panasonic Exif blocks, Nikon a list of tags, Sony XML.

All of them hold the time on the camera's own clock, which `mvhd` often lacks or gives in a zone of its own.
"""

import re
from xml.etree.ElementTree import ParseError

from agent.capture.bounded import BoundedFile
from agent.capture.boxes import Box, Boxes
from agent.capture.canon import read_blocks
from agent.capture.evidence import Clock, Exif, Stamp
from agent.capture.jpeg import read_embedded

MAX_XML = 64 * 1024
"""Most bytes of Sony's XML; cameras write 2 to 8 KB."""

MAX_LIST = 16 * 1024
"""How many bytes of Nikon's list are read."""

_THUMBNAIL_NEARBY = 128 * 1024
"""How far into Panasonic's block to look for its JPEG; it begins within the first 20 KB."""

_NIKON_ORIGINAL = 0x0012
_NRT_DATE = "CreationDate"
_NRT_DEVICE = "Device"


def camera_blocks(boxes: Boxes, file: BoundedFile, moov: Box, notes: list[str]) -> tuple[Exif, ...]:
    """Exif blocks in a movie's header: Canon's `uuid` as in CR3, and the thumbnails of Canon and Panasonic."""
    blocks = list(read_blocks(boxes, file, moov, notes))
    for udta in (box for box in boxes.within(moov) if box.kind == b"udta"):
        for box in boxes.within(udta):
            if blocks:
                break
            if box.kind == b"CNTH":
                for part in boxes.within(box):
                    if part.kind == b"CNDA":
                        blocks.extend(read_embedded(file, part.start, part.size, notes))
            elif box.kind in {b"PANA", b"LEIC"}:
                blocks.extend(_in_panasonic(file, box, notes))
    return tuple(blocks)


def _in_panasonic(file: BoundedFile, box: Box, notes: list[str]) -> tuple[Exif, ...]:
    found = file.at(box.start, min(box.size, _THUMBNAIL_NEARBY)).find(b"\xff\xd8\xff\xe1")
    return read_embedded(file, box.start + found, box.size - found, notes) if found >= 0 else ()


def nikon_clock(boxes: Boxes, file: BoundedFile, moov: Box) -> Clock | None:
    """DateTimeOriginal in Nikon's `NCDT`, whose `NCTG` is a list of tags, each with its type and count of values."""
    for udta in (box for box in boxes.within(moov) if box.kind == b"udta"):
        for ncdt in (box for box in boxes.within(udta) if box.kind == b"NCDT"):
            for listed in (box for box in boxes.within(ncdt) if box.kind == b"NCTG"):
                written = _nikon_original(file.at(listed.start, min(listed.size, MAX_LIST)))
                if written is not None:
                    return Clock(Stamp(written), "Nikon NCTG DateTimeOriginal")
    return None


def _nikon_original(content: bytes) -> str | None:
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 8: 2, 9: 4, 10: 8}
    position = 0
    while position + 8 <= len(content):
        tag, kind = int.from_bytes(content[position : position + 4], "big"), content[position + 4 : position + 6]
        size = sizes.get(int.from_bytes(kind, "big"), 1) * int.from_bytes(content[position + 6 : position + 8], "big")
        if tag == _NIKON_ORIGINAL:
            return content[position + 8 : position + 8 + size].split(b"\0", 1)[0].decode("latin-1").strip() or None
        position += 8 + size
    return None


def sony_xml(boxes: Boxes) -> tuple[Clock | None, Exif | None]:
    """Sony's NonRealTimeMeta, in an `xml ` box of the file's own `meta`: when, with its offset, and by which camera."""
    for meta in (box for box in boxes.top() if box.kind == b"meta"):
        for box in (box for box in boxes.within(meta, skip=4) if box.kind == b"xml "):
            packet = boxes.content(box, MAX_XML)
            if b"NonRealTimeMeta" in packet:
                return _read_xml(packet.strip(b"\0 \t\r\n"))
    return None, None


def _read_xml(packet: bytes) -> tuple[Clock | None, Exif | None]:
    import defusedxml.ElementTree

    try:
        root = defusedxml.ElementTree.fromstring(packet)
    except (ParseError, ValueError, LookupError):  # defusedxml refuses with a ValueError
        return None, None
    clock: Clock | None = None
    camera: Exif | None = None
    for element in root.iter():
        name = re.sub(r"^\{.*\}", "", str(element.tag))
        if name == _NRT_DATE and clock is None and (written := element.get("value")):
            clock = Clock(Stamp(written.strip()[:64]), "Sony CreationDate")
        elif name == _NRT_DEVICE and camera is None:
            make, model, serial = (element.get(key) for key in ("manufacturer", "modelName", "serialNo"))
            camera = Exif(make=make or None, model=model or None, serial=serial or None)
    return clock, camera
