"""The tag beside a photo: `NAME.EXT.xmp`, for every file that cannot carry it inside.

A sidecar that was there before is merged by the same rules as a packet inside a JPEG, and is stored whole inside ours,
even if it cannot be merged. Some programs write sidecars in UTF-16 or UTF-32 (XMP Part 1, 7.1); the merged one is in
UTF-8, as a packet is allowed to be, and undoing gives back the original bytes.
"""

import codecs
import re

from agent.errors import LocalFault
from agent.tagging.markup import NotOurXml
from agent.tagging.packet import MOST_BEFORE, find, fresh, merged
from agent.tagging.tag import Tag, TagKind

# The longer marks come first: UTF-32's begins with UTF-16's.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_DECLARATION = re.compile(r"\A<\?xml\s[^>]*\?>\s*")

MOST_MERGED = 4 * 1024 * 1024
"""A larger sidecar is stored, not merged."""


def sidecar(tag: Tag, *, foreign: bytes | None = None) -> bytes:
    """The content of the sidecar for a photo: a full XMP document in UTF-8, the same for the same arguments.

    `tag.original` is the photo's fingerprint; `foreign` the bytes of the sidecar that was there, or None. LocalFault if
    that is over 16 MiB, or cannot be stored so that it comes back unchanged.
    """
    if foreign is not None and len(foreign) > MOST_BEFORE:
        raise LocalFault("a photo's sidecar (.xmp) is larger than any program writes: check it, or move it away")
    content = _merged(tag, foreign) if foreign is not None else None
    if content is not None and _undoes(content, tag, foreign):
        return content
    content = fresh(tag, TagKind.SIDECAR, foreign)
    if _undoes(content, tag, foreign):
        return content
    raise LocalFault("a photo's sidecar (.xmp) cannot be stored so that it comes back unchanged: move it away")


def _merged(tag: Tag, foreign: bytes) -> bytes | None:
    """The former sidecar with our tag in it; None if it cannot be merged."""
    if len(foreign) > MOST_MERGED:
        return None
    try:
        return merged(_in_utf8(foreign), tag, TagKind.SIDECAR, foreign)
    except NotOurXml:
        return None


def _in_utf8(foreign: bytes) -> bytes:
    """A document with a byte order mark of UTF-16 or UTF-32, in UTF-8; any other unchanged."""
    for mark, encoding in _MARKS.items():
        if foreign.startswith(mark):
            try:
                text = foreign[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                return foreign
            return _DECLARATION.sub("", text, count=1).encode("utf-8", "replace")
    return foreign


def _undoes(content: bytes, tag: Tag, foreign: bytes | None) -> bool:
    """Whether our own undoing gives back the former sidecar, and reading gives back the tag."""
    try:
        mark = find(content)
    except ValueError:
        return False
    return (
        mark is not None and mark.kind is TagKind.SIDECAR and mark.before == foreign and mark.tag == tag.fit_for_xml()
    )
