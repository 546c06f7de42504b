"""What a reader found in a file, uninterpreted: the strings and numbers as they are. The judge derives the time.

A reader fills in what its container has and leaves the rest None. Nothing here is trusted yet.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    """One of Exif's times: the date and time, the fraction of its second and the offset, each as written."""

    time: str
    subsec: str | None = None
    offset: str | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """The GPS directory: date (0x001D) and time of day (0x0007) in UTC, as written; degrees, signed.

    `time` is hours, minutes and seconds; None if one of the fractions has no value.
    """

    date: str | None = None
    time: tuple[float, float, float] | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Exif:
    """One Exif block; exif.py lists the tags and directories. `content_id` is Apple's MakerNote tag 0x0011.

    `lens`, `exposed` (an exposure time, an aperture or a sensitivity is there) and `maker_note` are what cameras leave
    beside make and model; `software`, `description` and `comment` (0x0131, 0x010E, 0x9286) are what programs leave.
    `number` is the number that the camera gave the picture. `noted` is a time of capture that is only in the maker's
    own note. `scanned` is whether it names a scanner as its source (0xA300); `zone_hours` is how far the clock is from
    UTC in whole hours, as some cameras wrote before Exif had offsets (TIFF/EP's TimeZoneOffset).
    `damaged` is True if a part of the block could not be read, so that a missing value may have been there;
    `garbled` is True if a directory contains data that is not one, or the block is surrounded by damage.
    """

    original: Stamp | None = None
    digitized: Stamp | None = None
    modified: Stamp | None = None
    fix: Fix | None = None
    make: str | None = None
    model: str | None = None
    serial: str | None = None
    content_id: str | None = None
    lens: str | None = None
    exposed: bool | None = None
    maker_note: bool | None = None
    software: str | None = None
    description: str | None = None
    comment: str | None = None
    noted: Stamp | None = None
    damaged: bool | None = None
    garbled: bool | None = None
    number: int | None = None
    scanned: bool | None = None
    zone_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """A video's header. `created` counts seconds from 1904-01-01 (mvhd, ISO 14496-12, 8.2.2); None for 0.

    `duration` is in seconds. `creation_date` is QuickTime's Keys com.apple.quicktime.creationdate, `user_date` the time
    in its user data (`date`, or `©day` if `by_day`), `location` an ISO 6709 string, `software` the program that claims
    to have written the file. `phone` is whether the file carries the mark of a phone's own recorder, which writes UTC.
    `maker` is the maker of a camera that has its own boxes there; `screen` is the mark of a screen recording,
    `messenger` the messenger that left its mark. `utc_offset` is the phone's own offset, as written. `header` names the
    place of `created`. `other_dates` are stated dates beside the one that counts, as written.
    """

    created: int | None = None
    duration: float | None = None
    creation_date: str | None = None
    location: str | None = None
    make: str | None = None
    model: str | None = None
    software: str | None = None
    content_id: str | None = None
    phone: bool = False
    user_date: str | None = None
    by_day: bool = False
    maker: str | None = None
    screen: str | None = None
    messenger: str | None = None
    utc_offset: str | None = None
    header: str = "movie header (mvhd)"
    other_dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clock:
    """The camera's own clock from a place other than Exif; `basis` names that place."""

    stamp: Stamp
    basis: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was found in one file. `readable` says whether there is a reader for the format's time at all, `orderly`
    whether everything around the time is whole and in its place: broken data there may have held another time.

    `pixels` are width and height, if the reader has them at hand. `screenshot` and `messenger` are marks of those in
    the file outside its Exif block, `software` is a program's name there, and `hints` says whether it has a part that
    only cameras write, or a day without an hour.
    `xmp_original`, `iptc_original` and `text_original` are the capture times that a program wrote into XMP
    (exif:DateTimeOriginal), IPTC (2:55 and 2:60) and a PNG's text, which do not come from the camera itself.
    `notes` say in plain English what was broken.
    """

    format: str
    complete: bool = True
    readable: bool = True
    orderly: bool = True
    blocks: tuple[Exif, ...] = ()
    clip: Clip | None = None
    clock: Clock | None = None
    xmp_original: str | None = None
    iptc_original: str | None = None
    text_original: str | None = None
    pixels: tuple[int, int] | None = None
    screenshot: bool = False
    hints: bool = False
    messenger: str | None = None
    software: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def content_id(self) -> str | None:
        """The Live Photo ContentIdentifier, wherever it is in the file."""
        if self.clip is not None and self.clip.content_id:
            return self.clip.content_id
        return next((block.content_id for block in self.blocks if block.content_id), None)
