"""AVCHD's MTS and M2TS: the recording's date in the picture stream itself, where cameras of all makers put it.

It is in H.264's supplemental information (ITU-T H.264, D.1.7, unregistered user data) under a UUID of its own, in packs
of five bytes in binary-coded decimal (IEC 61834-4), at the first picture, so that the first packets are enough.
The zone stored with it is zero in many files whatever the clock's, and is not read.
"""

from agent.capture.bounded import BoundedFile, Broken
from agent.capture.evidence import Clock, Evidence, Exif, Stamp

PACKET = 188
MAX_SCANNED = 2 * 1024 * 1024
"""How many bytes of the file are read; the first picture's information is in its first 100 KB."""

MAX_STREAMS = 8

_MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_MOST_PACKS = 5 * 64
_DATE, _TIME, _MAKER = 0x18, 0x19, 0xE0
_MAKERS = {0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}


def read_transport(file: BoundedFile) -> Evidence:
    """All evidence in an MPEG transport stream."""
    notes: list[str] = []
    packs: dict[int, bytes] = {}
    step = PACKET
    try:
        step = PACKET if file.at(0, 1) == b"\x47" else PACKET + 4
        packs = _packs(file, step)
    except Broken as fault:
        notes.append(f"its stream cannot be read: {fault}")
    complete = _whole(file, step)
    if not complete:
        notes.append("its last packet is incomplete: it was cut, or is not yet copied whole")
    maker = _MAKERS.get(int.from_bytes(packs.get(_MAKER, b"")[:2], "big"))
    return Evidence(
        "mts", complete=complete, blocks=(Exif(make=maker),) if maker else (), clock=_clock(packs), notes=tuple(notes)
    )


def _whole(file: BoundedFile, step: int) -> bool:
    """Whether it ends with a whole packet; data after that which does not begin as a packet is a trailer."""
    rest = file.size % step
    lead = step - PACKET
    return rest == 0 or (rest > lead and file.find(b"\x47", file.size - rest + lead, 1) is None)


def _packs(file: BoundedFile, step: int) -> dict[int, bytes]:
    """The packs of the first picture that has any, by their tags."""
    streams: dict[int, bytearray] = {}
    lead = step - PACKET
    whole = min(file.size, MAX_SCANNED) // step
    for number in range(whole):
        packet = file.at(number * step + lead, PACKET)
        if packet[0] != 0x47:
            raise Broken("its packets are out of step")
        stream = int.from_bytes(packet[1:3], "big") & 0x1FFF
        control = packet[3] >> 4 & 3
        if not control & 1 or stream in {0, 0x1FFF}:
            continue
        payload = packet[5 + packet[4] if control & 2 else 4 :]
        if stream not in streams and len(streams) == MAX_STREAMS:
            continue
        held = streams.setdefault(stream, bytearray())
        held += payload
        # The mark and its packs may run over two packets, so a possible beginning is remembered.
        found = held.find(_MARK)
        if found >= 0 and len(held) - found >= len(_MARK) + 1 + _MOST_PACKS:
            return _tagged(held[found + len(_MARK) :])
        if found < 0:
            del held[: max(0, len(held) - len(_MARK))]
    for held in streams.values():
        if (found := held.find(_MARK)) >= 0:
            return _tagged(held[found + len(_MARK) :])
    return {}


def _tagged(packs: bytearray) -> dict[int, bytes]:
    """A count, then for each pack its tag, in rising order, and four bytes; without the bytes that protect H.264's
    start codes (7.4.1: 0x03 after two zeros).
    """
    plain = bytes(packs).replace(b"\0\0\3", b"\0\0")
    found: dict[int, bytes] = {}
    last = -1
    for number in range(plain[0] if plain else 0):
        pack = plain[1 + 5 * number : 6 + 5 * number]
        if len(pack) < 5 or pack[0] <= last:
            break
        last = pack[0]
        found[last] = pack[1:]
    return found


def _clock(packs: dict[int, bytes]) -> Clock | None:
    date, time = packs.get(_DATE), packs.get(_TIME)
    if date is None or time is None:
        return None
    digits = date[1:].hex() + time.hex()
    if not digits.isdigit():  # 0xFF: not set
        return None
    year, month, day, hour, minute, second = digits[:4], *(digits[at : at + 2] for at in range(4, 14, 2))
    return Clock(Stamp(f"{year}:{month}:{day} {hour}:{minute}:{second}"), "AVCHD recording date")
