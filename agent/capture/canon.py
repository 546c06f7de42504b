"""Canon's CR3: an ISO base media file whose `moov` holds Exif's directories as blocks of their own.

CMT1 is the first directory, CMT2 the Exif directory and CMT4 the GPS directory, each with a TIFF header before it.
"""

from agent.capture.bounded import BoundedFile, Broken, ByteRange
from agent.capture.boxes import Box, Boxes
from agent.capture.evidence import Evidence, Exif
from agent.capture.exif import read_exif, read_gps

MAX_BLOCKS = 8
"""Most blocks read in one file; cameras write three."""

_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


def read_cr3(file: BoundedFile) -> Evidence:
    """All evidence in a CR3 file."""
    notes: list[str] = []
    blocks: tuple[Exif, ...] = ()
    boxes = Boxes(file)
    complete = False
    try:
        complete = not boxes.cut_short()
        for moov in (box for box in boxes.top() if box.kind == b"moov"):
            blocks = (*blocks, *read_blocks(boxes, file, moov, notes))
    except Broken as fault:
        notes.append(f"its Exif block cannot be read: {fault}")
    if not complete:
        notes.append("its end is missing: it was cut, or is not yet copied whole")
    return Evidence("cr3", complete=complete, orderly=not boxes.torn, blocks=blocks, notes=tuple(notes))


def read_blocks(boxes: Boxes, file: BoundedFile, moov: Box, notes: list[str]) -> tuple[Exif, ...]:
    """The directories in Canon's box of a `moov`: in a CR3, and in the films of the same cameras."""
    blocks: list[Exif] = []
    for uuid in (box for box in boxes.within(moov) if box.kind == b"uuid" and box.size > len(_CANON)):
        if file.at(uuid.start, len(_CANON)) != _CANON:
            continue
        for part in boxes.within(uuid, skip=len(_CANON)):
            if len(blocks) < MAX_BLOCKS and part.kind in {b"CMT1", b"CMT2"}:
                blocks.append(read_exif(ByteRange(file, part.start, part.size), notes))
            elif len(blocks) < MAX_BLOCKS and part.kind == b"CMT4":
                blocks.append(Exif(fix=read_gps(ByteRange(file, part.start, part.size), notes)))
    return tuple(blocks)
