"""The words that entries use: of each list these alone may be on record. Pure."""

from enum import StrEnum


class DecidedBy(StrEnum):
    """Who decided that a photo is of a visit."""

    RULES = "rules"
    PERSON = "person"


class Damage(StrEnum):
    """What is wrong with a picture that was sent all the same. A decoder's own words could quote the file."""

    END_MISSING = "end missing"
    DOES_NOT_DECODE = "does not decode"


class Lost(StrEnum):
    """What the share has instead of what was proven there."""

    GONE = "gone"
    DIFFERENT = "different"


class Place(StrEnum):
    """Where a visit's photos may be that this program cannot see."""

    PHONE = "phone"
    BIN = "bin"  # the phone's
    CLOUD = "cloud"
    MESSAGES = "messages"
    CARD = "card"


class Word(StrEnum):
    """What a person can state of such a place."""

    NONE_LEFT = "none left"
    HAD_NONE = "had none"
    NOT_LOOKED = "not looked"


class Spot(StrEnum):
    """A kind of place that an inspection looks at."""

    WATCHED = "watched folders"
    DOWNLOADS = "downloads"
    DESKTOP = "desktop"
    PICTURES = "pictures"
    VIDEOS = "videos"
    DOCUMENTS = "documents"
    TRASH = "trash"
    THUMBNAILS = "thumbnails"
    CLOUD = "cloud folders"
    LIBRARIES = "photo libraries"
    MESSENGERS = "messengers"
    CARDS = "cards"


class Why(StrEnum):
    """Why an inspection could not look at something."""

    NO_PERMISSION = "no permission"
    CLOUD_ONLY = "in the cloud only"
    SEALED = "kept in a form of its own"  # a database, encrypted files, or pictures without a date
    NETWORK = "on the network"
    LINK = "behind a link"
    UNREADABLE = "unreadable"
    SHARE = "the school share"
