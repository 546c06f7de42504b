"""The tag beside a photo: `NAME.EXT.xmp`, for whatever cannot carry it inside.

A sidecar that was there before is merged by the same rules as a packet inside a JPEG, and is kept whole inside ours;
one that cannot be merged is kept all the same.
"""

from agent.errors import LocalFault
from agent.tagging.markup import NotOurXml
from agent.tagging.packet import MOST_BEFORE, find, fresh, merged
from agent.tagging.tag import Kind, Tag

MOST_MERGED = 4 * 1024 * 1024
"""A larger sidecar is kept, not merged."""


def sidecar(tag: Tag, *, foreign: bytes | None = None) -> bytes:
    """The content of the sidecar for a photo: a full XMP document in UTF-8, the same for the same arguments.

    `tag.original` is the photo's fingerprint; `foreign` the bytes of the sidecar that was there (None: none was).
    LocalFault where that is over 16 MiB, or cannot be kept so that it comes back as it was.
    """
    if foreign is not None and len(foreign) > MOST_BEFORE:
        raise LocalFault("a photo's sidecar (.xmp) is larger than any program writes: move it away, or see what it is")
    content = _merged(tag, foreign) if foreign is not None else None
    if content is not None and _undoes(content, tag, foreign):
        return content
    content = fresh(tag, Kind.SIDECAR, foreign)
    if _undoes(content, tag, foreign):
        return content
    raise LocalFault("a photo's sidecar (.xmp) cannot be kept so that it comes back as it was: move it away")


def _merged(tag: Tag, foreign: bytes) -> bytes | None:
    """The former sidecar with our tag in it; None where it cannot be merged."""
    if len(foreign) > MOST_MERGED:
        return None
    try:
        return merged(foreign, tag, Kind.SIDECAR, foreign)
    except NotOurXml:
        return None


def _undoes(content: bytes, tag: Tag, foreign: bytes | None) -> bool:
    """Whether our own undoing gives the former sidecar, and reading the tag."""
    try:
        mark = find(content)
    except ValueError:
        return False
    return mark is not None and mark.kind is Kind.SIDECAR and mark.before == foreign and mark.tag == tag.fit_for_xml()
