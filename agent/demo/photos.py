"""The demo's sample photos and its register: one for each possible outcome of a photo.

All dates are counted from today, so that the demo tells the same story on any day. Pillow draws the pictures and piexif
writes their dates; none of them shows a person.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = "Europe/London"
MUSEUM, RIVER, FARM = "science-museum", "river-walk", "city-farm"

_SIDECAR = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A photo to make, and its expected outcome. `taken` is its camera's wall clock; None for no date."""

    name: str
    about: str
    expected: str  # "removed", "private" or "review"
    taken: datetime | None
    offset: str | None = None
    camera: tuple[str, str] = ("Canon", "EOS R6")
    place: tuple[float, float] | None = None
    sidecar: bool = False
    copy_of: str | None = None


@dataclass(frozen=True, slots=True)
class Cast:
    """All samples, and the registers that decide about them, as a coordinator would write them."""

    samples: tuple[Sample, ...]
    visits_csv: str
    cameras_csv: str


def cast(today: date) -> Cast:
    """The cast for a demo run on this day: a museum visit a week ago, a walk and a cancelled farm visit before it."""
    museum, river, farm = (today - timedelta(days=days) for days in (7, 9, 11))

    def at(day: date, clock: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(clock))

    summer = datetime.combine(museum, time(10, 5)).replace(tzinfo=ZoneInfo(ZONE)).utcoffset()
    offset = "+01:00" if summer else "+00:00"
    in_museum, elsewhere = (51.4978, -0.1745), (51.5081, -0.0759)
    phone = ("Apple", "iPhone 15")
    samples = (
        Sample("IMG_0001.JPG", "on the visit, by a phone that knows its zone and place", "removed",
               at(museum, "10:05:11"), offset, phone, in_museum),
        Sample("IMG_0002.JPG", "on the visit, by a camera without a zone", "removed", at(museum, "11:20:45")),
        Sample("IMG_0003.JPG", "on the visit, with a photo program's sidecar", "removed",
               at(museum, "12:01:02"), sidecar=True),
        Sample("IMG_0001_copy.JPG", "an identical copy of the first", "removed", None, copy_of="IMG_0001.JPG"),
        Sample("IMG_0005.JPG", "sent already, and now imported from the card once more", "removed",
               at(museum, "13:30:00")),
        Sample("IMG_0006.JPG", "by the school's camera, whose clock runs an hour ahead", "removed",
               at(museum, "17:10:00"), camera=("NIKON", "COOLPIX W300")),
        Sample("IMG_0007.JPG", "the evening before, at home", "private", at(museum - timedelta(days=1), "19:45:00")),
        Sample("IMG_0008.JPG", "last year's holiday", "private",
               at(museum - timedelta(days=300), "15:00:00"), None, phone),
        Sample("IMG_0009.JPG", "in the time of a visit that was cancelled", "private", at(farm, "11:00:00")),
        Sample("IMG_0010.JPG", "at the very edge: as the visit ended", "review", at(museum, "16:30:00")),
        Sample("IMG_0011.JPG", "without any date", "review", None),
        Sample("IMG_0012.JPG", "in the walk's time, but not by the camera the register names", "review",
               at(river, "10:15:00")),
        Sample("IMG_0013.JPG", "in the visit's time, but across the city", "review",
               at(museum, "10:40:00"), offset, phone, elsewhere),
    )  # fmt: skip
    visits = (
        "id,title,starts,ends,timezone,staff,cameras,latitude,longitude,radius_km,status\r\n"
        f"{MUSEUM},Science Museum,{museum} 09:00,{museum} 16:30,{ZONE},,,51.4978,-0.1745,2,approved\r\n"
        f"{RIVER},River walk,{river} 09:00,{river} 12:00,{ZONE},,School Nikon,,,,\r\n"
        f"{FARM},City farm,{farm} 09:30,{farm} 15:00,{ZONE},,,,,,cancelled\r\n"
    )
    cameras = "label,make,model,serial,owner,clock_ahead_seconds\r\nSchool Nikon,NIKON,COOLPIX W300,,school,3600\r\n"
    return Cast(samples, visits, cameras)


def make(sample: Sample, folder: Path) -> Path:
    """Make the sample in `folder` (a copy from its original there) and return its path."""
    path = folder / sample.name
    if sample.copy_of is not None:
        path.write_bytes((folder / sample.copy_of).read_bytes())
        return path
    import piexif

    exif = piexif.dump(_exif(sample))
    _picture(sample.name).save(path, "JPEG", quality=88, exif=exif)
    if sample.sidecar:
        path.with_suffix(".xmp").write_text(_SIDECAR, encoding="utf-8")
    return path


def _picture(name: str):  # type: ignore[no-untyped-def]  # PIL.Image.Image, which is imported only when drawn
    """A landscape of hills, different for each name."""
    from PIL import Image, ImageDraw

    chance = random.Random(name)  # noqa: S311  # a picture, not a secret
    width, height = 960, 640
    picture = Image.linear_gradient("L").resize((width, height))
    picture = Image.merge("RGB", [picture.point(lambda light, tint=tint: min(255, 60 + light * tint // 255))
                                  for tint in (90, 140, 190)])  # fmt: skip
    draw = ImageDraw.Draw(picture)
    for depth in range(4):
        peaks = [(x, height - 330 + depth * 80 + chance.randint(-45, 45)) for x in range(0, width + 121, 120)]
        draw.polygon([(0, height), *peaks, (width, height)], fill=(40, 110 - depth * 18, 60 - depth * 10))
    return picture


def _exif(sample: Sample) -> dict[str, dict[int, object]]:
    import piexif

    main: dict[int, object] = {
        piexif.ImageIFD.Make: sample.camera[0].encode(),
        piexif.ImageIFD.Model: sample.camera[1].encode(),
    }
    details: dict[int, object] = {}
    if sample.taken is not None:
        details[piexif.ExifIFD.DateTimeOriginal] = sample.taken.strftime("%Y:%m:%d %H:%M:%S").encode()
    if sample.offset is not None:
        details[piexif.ExifIFD.OffsetTimeOriginal] = sample.offset.encode()
    place: dict[int, object] = {}
    if sample.place is not None:
        latitude, longitude = sample.place
        place = {
            piexif.GPSIFD.GPSLatitudeRef: b"N" if latitude >= 0 else b"S",
            piexif.GPSIFD.GPSLatitude: _degrees(latitude),
            piexif.GPSIFD.GPSLongitudeRef: b"E" if longitude >= 0 else b"W",
            piexif.GPSIFD.GPSLongitude: _degrees(longitude),
        }
    return {"0th": main, "Exif": details, "GPS": place}


def _degrees(value: float) -> tuple[tuple[int, int], ...]:
    """Degrees, minutes and seconds as EXIF's rationals."""
    seconds = round(abs(value) * 3600 * 100)
    return (seconds // 360_000, 1), (seconds // 6_000 % 60, 1), (seconds % 6_000, 100)
