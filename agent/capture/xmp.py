"""The part of XMP that the judge may need: a program's capture time.

Exif comes first; XMP is consulted only if Exif has no time. It is parsed by defusedxml, so that entities and
external references in a hostile packet are refused.
"""

from xml.etree.ElementTree import ParseError

_ORIGINAL = "{http://ns.adobe.com/exif/1.0/}DateTimeOriginal"
_CREATED = "{http://ns.adobe.com/photoshop/1.0/}DateCreated"
_DESCRIPTION = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"

_LIMIT = 64
"""Most characters; an ISO 8601 time with fraction and zone has under 40."""


def original_time(packet: bytes) -> str | None:
    """exif:DateTimeOriginal, else photoshop:DateCreated, as written; None if both are missing or broken."""
    if b"DateTimeOriginal" not in packet and b"DateCreated" not in packet:
        return None
    import defusedxml.ElementTree

    try:
        root = defusedxml.ElementTree.fromstring(packet.strip(b"\0 \t\r\n"))
    except (ParseError, ValueError, LookupError):  # defusedxml refuses with a ValueError
        return None
    for name in (_ORIGINAL, _CREATED):
        for description in root.iter(_DESCRIPTION):
            found = description.get(name) or description.findtext(name)
            if found and found.strip():
                return str(found).strip()[:_LIMIT]
    return None
