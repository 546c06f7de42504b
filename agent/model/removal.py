"""What became of a photo here, and where else it may still be."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What happened to a photo here that this program did not remove, in the record's terms."""

    GONE = "gone"  # not seen any more, its folder is there: somebody else moved or deleted it
    FOLDER_GONE = "folder gone"  # not seen any more: its folder is not there
    AWAY = "away"  # its card or disk is not there
    READ_ONLY = "read-only"  # it is there: its card or folder cannot be written to
    KEPT = "kept"  # it is there, on a card, from which the settings have nothing removed
    CHANGED = "changed"  # it was changed after it was sent: what is there now is another photo
    DISMISSED = "dismissed"  # a member of staff said that it is not to be waited for


class Known(StrEnum):
    """Whether something was found; "not known" is never shown as "none"."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Leftover:
    """A place where a removed photo may still be and that this program cannot honestly clear; no path, no name."""

    kind: str  # "trash", "cloud folder", "snapshots", "hard link", "camera card", …
    found: Known
    detail: str = ""
