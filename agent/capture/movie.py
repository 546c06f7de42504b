"""MP4, QuickTime and 3GP: the movie header (ISO 14496-12), what phones add to it, and Apple's Keys (QTFF).

Only `moov` is walked, wherever it is; picture and sound are skipped by their boxes' sizes.
"""

import struct
from contextlib import suppress
from dataclasses import replace

from agent.capture.bounded import BoundedFile, Broken
from agent.capture.boxes import Box, Boxes
from agent.capture.evidence import Clip, Evidence, Exif
from agent.capture.makers import camera_blocks, nikon_clock, sony_xml
from agent.capture.namegivers import named_in
from agent.capture.tiff import printable

MAX_VALUE = 64 * 1024
"""Most bytes of one list of keys or one value; a date has 25."""

MAX_KEYS = 500

_MAKERS = {
    **dict.fromkeys((b"FIRM", b"CAME", b"GPMF"), "GoPro"),
    b"NCDT": "Nikon",
    **dict.fromkeys((b"PANA", b"LEIC"), "Panasonic"),
    **dict.fromkeys((b"CNTH", b"CNCV", b"CNMN"), "Canon"),
    b"MVTG": "Fujifilm",
    **dict.fromkeys((b"DcMD", b"DcME"), "Kodak"),
    **dict.fromkeys((b"PENT", b"PXTH"), "Pentax"),
    **dict.fromkeys((b"RTHU", b"rmkn"), "Ricoh"),
    b"QVMI": "Casio",
    b"FFMV": "Fujifilm",
    b"SDLN": "Samsung",
}
"""Boxes of user data that only this maker's cameras write (ExifTool, QuickTime.pm)."""

_INSTA360 = b"8db42d694ccc418790edff439fe026bf"
"""The last bytes of a file of Insta360's cameras, after a trailer of its own."""

_WHATSAPP = b"beam"
_SAMSUNG_CAPTURE, _SCREEN = b"smta", b"Screen"
_REPLAY = "replaykit"

_DATE = "com.apple.quicktime.creationdate"
_PLACE = "com.apple.quicktime.location.ISO6709"
_IDENTIFIER = "com.apple.quicktime.content.identifier"
_MAKE = ("com.apple.quicktime.make", "\xa9mak", "com.android.manufacturer")
_MODEL = ("com.apple.quicktime.model", "\xa9mod", "\xa9mdl", "com.android.model")
_SOFTWARE = ("\xa9too", "\xa9swr", "com.apple.quicktime.software")
_USER_DATE, _USER_DAY = "date", "\xa9day"
_AUTHOR = ("com.apple.quicktime.author", "\xa9aut")
_COMMENTS = ("\xa9cmt", "\xa9des", "\xa9inf", "com.apple.quicktime.comment", "com.apple.quicktime.description")
_UTC_OFFSET = "com.samsung.android.utc_offset"
_PHONE = ("com.android.capture.fps", "com.android.manufacturer", _UTC_OFFSET)
"""Only Android's camera recorder writes this. com.android.version is not such a mark: messengers that rewrite a clip on
the phone leave it too, with the time of the rewriting."""


def read_movie(file: BoundedFile, kind: str) -> Evidence:
    """All evidence in a video's header; the file was recognised as `kind`."""
    notes: list[str] = []
    boxes = Boxes(file)
    clip, clock, complete = None, None, False
    blocks: tuple[Exif, ...] = ()
    try:
        complete = not boxes.cut_short()
        moov = next((box for box in boxes.top() if box.kind == b"moov"), None)
        complete = complete and moov is not None
        if _has_two(file):
            boxes.torn = True  # players differ in which of the two they read
            notes.append("it has two headers")
        clip = _clip(boxes, moov, notes) if moov else None
        if moov is not None:
            blocks = camera_blocks(boxes, file, moov, notes)
            clock = nikon_clock(boxes, file, moov)
        by_sony, camera = sony_xml(boxes)
        clock, blocks = clock or by_sony, (*blocks, camera) if camera else blocks
    except Broken as fault:
        notes.append(f"its header cannot be read: {fault}")
    if clip is not None and file.size >= len(_INSTA360) and file.at(file.size - 32, 32) == _INSTA360:
        clip = replace(clip, maker="Insta360")
    if not complete:
        notes.append("its end is missing: it was cut, or is not yet copied whole")
    return Evidence(
        kind, complete=complete, orderly=not boxes.torn, blocks=blocks, clip=clip, clock=clock, notes=tuple(notes)
    )


def _has_two(file: BoundedFile) -> bool:
    """Whether there is a second `moov` (ISO 14496-12, 8.2.1 allows one); its walk is not counted with the others."""
    count = 0
    with suppress(Broken):  # a film in thousands of pieces
        for box in Boxes(file).top():
            count += box.kind == b"moov"
    return count > 1


def _clip(boxes: Boxes, moov: Box, notes: list[str]) -> Clip:
    created: int | None = None
    duration: float | None = None
    words: dict[str, str] = {}
    dates: list[str] = []
    kinds: set[bytes] = set()
    screen: str | None = None
    for box in boxes.within(moov):
        try:
            if box.kind == b"mvhd":
                boxes.torn = boxes.torn or box.kind in kinds
                created, duration = _movie_header(boxes.content(box, MAX_VALUE))
            elif box.kind == b"meta":
                words.update(_keys(boxes, box, dates))
            elif box.kind == b"udta":
                words = {**_user_data(boxes, box, dates), **words}
                for inner in boxes.within(box):
                    kinds.add(inner.kind)
                    if inner.kind == _SAMSUNG_CAPTURE and _SCREEN in boxes.content(inner, MAX_VALUE):
                        screen = "Samsung's mark of a screen recording"
            kinds.add(box.kind)
        except (Broken, struct.error) as fault:
            reason = fault if isinstance(fault, Broken) else "a box in it is too short"
            notes.append(f"part of its header cannot be read: {reason}")

    def first(*names: str) -> str | None:
        return next((words[name] for name in names if words.get(name)), None)

    if _REPLAY in (first(*_AUTHOR) or "").lower():
        screen = "iOS's mark of a screen recording"
    date, day = first(_USER_DATE), first(_USER_DAY)
    counts = first(_DATE) or date or day
    remarks = " ".join(words.get(name, "") for name in (*_COMMENTS, *_SOFTWARE))
    return Clip(
        created=created,
        duration=duration,
        creation_date=first(_DATE),
        location=first(_PLACE, "\xa9xyz", "loci"),
        make=first(*_MAKE),
        model=first(*_MODEL),
        software=first(*_SOFTWARE),
        content_id=first(_IDENTIFIER),
        phone=any(name in words for name in _PHONE),
        user_date=date or day,
        by_day=date is None,
        maker=next((maker for kind, maker in _MAKERS.items() if kind in kinds), None),
        screen=screen,
        utc_offset=first(_UTC_OFFSET),
        messenger="WhatsApp" if _WHATSAPP in kinds else named_in(remarks),
        other_dates=tuple(one for one in dict.fromkeys(dates) if one and one != counts),
    )


def _movie_header(content: bytes) -> tuple[int | None, float | None]:
    """Creation time and duration in seconds, in either version (ISO 14496-12, 8.2.2); None for one that is not set."""
    if content[:1] == b"\1":
        created, _, scale, length = struct.unpack(">QQIQ", content[4:32])
    else:
        created, _, scale, length = struct.unpack(">IIII", content[4:20])
    return created or None, length / scale if scale else None


def _keys(boxes: Boxes, meta: Box, dates: list[str]) -> dict[str, str]:
    """Apple's metadata: `keys` names them, `ilst` has the values under their numbers from 1; its dates go to `dates`.

    QuickTime's `meta` has no version and flags, MP4's has them; the first box's letters show which one it is.
    """
    bare = any(box.kind in {b"hdlr", b"keys", b"ilst"} for box in boxes.within(meta))
    tables = {box.kind: box for box in boxes.within(meta, skip=0 if bare else 4)}
    if b"keys" not in tables or b"ilst" not in tables:
        return {}
    names = _key_names(boxes.content(tables[b"keys"], MAX_VALUE))
    words: dict[str, str] = {}
    for item in boxes.within(tables[b"ilst"]):
        name = names.get(int.from_bytes(item.kind, "big"))
        if name is None:
            continue
        for data in boxes.within(item):
            if data.kind == b"data" and 8 < data.size <= MAX_VALUE:
                text = _text(boxes.content(data, MAX_VALUE)[8:])
                words.setdefault(name, text)
                if name == _DATE:
                    dates.append(text)
    return words


def _key_names(content: bytes) -> dict[int, str]:
    names: dict[int, str] = {}
    position = 8
    for number in range(1, min(int.from_bytes(content[4:8], "big"), MAX_KEYS) + 1):
        size = int.from_bytes(content[position : position + 4], "big")
        if size < 8 or position + size > len(content):
            break
        names[number] = content[position + 8 : position + size].decode("latin-1")
        position += size
    return names


def _user_data(boxes: Boxes, udta: Box, dates: list[str]) -> dict[str, str]:
    """QuickTime's user data: international text (`©xyz`, `©mak`, …: length, language, text), and a `meta` of MP4's."""
    words: dict[str, str] = {}
    for box in boxes.within(udta):
        if box.kind == b"meta":
            words.update(_keys(boxes, box, dates))
            words.update(_item_list(boxes, box))
        elif box.kind[:1] == b"\xa9" and 4 < box.size <= MAX_VALUE:
            content = boxes.content(box, MAX_VALUE)
            length = int.from_bytes(content[:2], "big")
            words.setdefault(box.kind.decode("latin-1"), _text(content[4 : 4 + length]))
        elif box.kind == b"date" and box.size <= MAX_VALUE:
            words.setdefault("date", _text(boxes.content(box, MAX_VALUE)))
        elif box.kind == b"loci" and box.size <= MAX_VALUE:
            words.setdefault("loci", _location(boxes.content(box, MAX_VALUE)))
    dates += [words[name] for name in (_USER_DATE, _USER_DAY) if name in words]
    return words


def _location(content: bytes) -> str:
    """3GP's place (3GPP TS 26.244, 8.10), as ISO 6709: after its name a role, then longitude and latitude as fixed
    point numbers of 16 and 16 bits.
    """
    name = content[6:]
    wide = name[:2] == b"\xfe\xff"
    ends = next((at for at in range(0, len(name) - 1, 2) if name[at : at + 2] == b"\0\0"), -1) if wide else name.find(0)
    numbers = name[ends + (3 if wide else 2) :]
    if ends < 0 or len(numbers) < 8:
        return ""
    longitude, latitude = (value / 65536 for value in struct.unpack(">ii", numbers[:8]))
    return f"{latitude:+09.5f}{longitude:+010.5f}/"


def _item_list(boxes: Boxes, meta: Box) -> dict[str, str]:
    """iTunes' item list, where editing programs leave their name (`©too`)."""
    words: dict[str, str] = {}
    for listing in boxes.within(meta, skip=4):
        if listing.kind != b"ilst":
            continue
        for item in boxes.within(listing):
            if item.kind[:1] != b"\xa9":
                continue
            for data in boxes.within(item):
                if data.kind == b"data" and 8 < data.size <= MAX_VALUE:
                    words.setdefault(item.kind.decode("latin-1"), _text(boxes.content(data, MAX_VALUE)[8:]))
    return words


def _text(content: bytes) -> str:
    return printable(content.decode("utf-8", "replace").split("\0", 1)[0])
