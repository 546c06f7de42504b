"""The content of a tag: the visit, the transfer, and the facts that are needed to remove it again.

Promises: no path, file name or place is ever part of a tag; and a tag that was written is read back as the same `Tag`,
because every text passes through `Tag.fit_for_xml` first.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from agent.model.files import Fingerprint
from agent.model.ids import Sha256, TransferId, VisitId
from agent.model.times import Interval, Level

# XML 1.0, production 2 (Char): a document cannot contain any other character, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class TagKind(StrEnum):
    """Where a tag is."""

    JPEG = "jpeg"  # in an APP1 segment of the photo itself
    SIDECAR = "sidecar"  # in `NAME.EXT.xmp` beside the photo


@dataclass(frozen=True, slots=True)
class Tag:
    """The statements of a photo on the share about itself.

    `original` is the photo as it was on the laptop, untagged; `taken` the capture time on which the decision was made;
    `owner` the school's or the device's text for xmpRights:Owner (empty: none is written).
    """

    visit: VisitId
    title: str
    transfer: TransferId
    original: Fingerprint
    taken: Interval | None
    level: Level
    owner: str

    def fit_for_xml(self) -> "Tag":
        """This tag in the form that is written and read back: one-line texts of XML's characters, UTC instants."""
        taken = self.taken
        if taken is not None:
            taken = Interval(taken.earliest.astimezone(UTC), taken.latest.astimezone(UTC))
        visit = VisitId(one_line(self.visit))
        return replace(
            self,
            visit=visit,
            title=one_line(self.title) or visit,
            transfer=TransferId(one_line(self.transfer)),
            taken=taken,
            owner=one_line(self.owner),
        )


@dataclass(frozen=True, slots=True)
class FoundTag:
    """A tag in a file, with the bytes that undoing puts in its place (None: there were none).

    In a JPEG `before` is the XMP segment from its marker to its end; beside a photo it is the whole former sidecar.
    """

    tag: Tag
    kind: TagKind
    before: bytes | None


def one_line(text: str) -> str:
    """`text` on one line, without outer spaces, and with U+FFFD for each character that XML does not allow."""
    return " ".join(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text).split())


def written(tag: Tag) -> dict[str, str]:
    """The tag's own properties by name, in the order in which they are written, for a tag that is `fit_for_xml`."""
    properties = {
        "Visit": tag.visit,
        "VisitTitle": tag.title,
        "Transfer": tag.transfer,
        "OriginalSha256": tag.original.sha256,
        "OriginalSize": str(tag.original.size),
        "CaptureLevel": tag.level.value,
    }
    if tag.taken is not None:
        properties["CaptureEarliest"] = tag.taken.earliest.isoformat()
        properties["CaptureLatest"] = tag.taken.latest.isoformat()
    if tag.owner:
        properties["Owner"] = tag.owner
    return properties


def read(properties: dict[str, str]) -> Tag:
    """The tag that `written` turned into `properties`. ValueError if one is missing or invalid."""
    try:
        original = fingerprint(properties["OriginalSha256"], properties["OriginalSize"])
        taken = None
        if "CaptureEarliest" in properties:
            taken = Interval(
                datetime.fromisoformat(properties["CaptureEarliest"]),
                datetime.fromisoformat(properties["CaptureLatest"]),
            )
        return Tag(
            visit=VisitId(properties["Visit"]),
            title=properties["VisitTitle"],
            transfer=TransferId(properties["Transfer"]),
            original=original,
            taken=taken,
            level=Level(properties["CaptureLevel"]),
            owner=properties.get("Owner", ""),
        )
    except KeyError as missing:
        raise ValueError(f"the tag lacks {missing}") from missing


def fingerprint(sha256: str, size: str) -> Fingerprint:
    """A fingerprint from its written form. ValueError if it is not one."""
    if not _SHA256.fullmatch(sha256) or not re.fullmatch(r"[0-9]{1,18}", size):
        raise ValueError("the tag's fingerprint is damaged")
    return Fingerprint(Sha256(sha256), int(size))
