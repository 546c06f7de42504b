"""How a picture or a video came about: a camera made it, it was received, it shows a screen, a program wrote it. Pure.

Only a file that a camera made may be assigned to a visit without a person: one that came by a messenger may be
anybody's, and its time is mostly when it was sent. So a file has to *show* that a camera made it, and evidence against
that outweighs it: a messenger's name or mark, or a screen's. Make and model, a lens, a maker's note, a clock that only
cameras write, a phone's own recorder, and Apple's Live Photo identifier are a camera's marks.

An editor's export of a camera's photo counts as that photo as long as the camera's marks are intact: make, model and
exposure. Lightroom and Photoshop preserve them; if they are gone, the true time may be gone too.

Apart from that, `marked` says whether there is any sign of a camera at all, however weak: a name as cameras count them,
a format that only cameras write, a place, an exposure, or damage that may have destroyed a sign. Only a file without
any of these can be left alone if nothing says when it was made.
"""

import re
from dataclasses import dataclass
from pathlib import PurePath

from agent.capture import gps, namegivers
from agent.capture.clipjudge import EDITORS
from agent.capture.evidence import Clip, Evidence, Exif
from agent.capture.names import named_time
from agent.formats import Kind, named
from agent.model.capture import Origin

_PICTURE_EDITORS = re.compile(
    r"photoshop|lightroom|gimp|paint|affinity|pixelmator|snapseed|picasa|canva|capture one|darktable|rawtherapee|acdsee"
    r"|photoscape|vsco|facetune|meitu|b612|faceapp|remini|polarr|luminar|dxo|corel|xnview|irfanview|imagemagick|fotor"
    r"|befunky|procreate|figma|sketch|inkscape|krita|windows photo|photos? editor|photodirector|picsart|prisma|openai"
    r"|midjourney|stable diffusion",
    re.IGNORECASE,
)
"""Programs that rewrite a picture, by the name that they leave in `Software`."""

_SCREEN_PROGRAMS = re.compile(
    r"screen ?shot|gnome-screenshot|spectacle|flameshot|shutter|scrot|ksnip|greenshot|snipaste|lightshot|sharex|snagit"
    r"|snipping",
    re.IGNORECASE,
)

_SCANNING = re.compile(
    r"scan(?:ner|snap|ning|bot|ned)?\b|vuescan|silverfast|naps2|\btwain\b|office lens", re.IGNORECASE
)
_SCANNER_MAKERS = re.compile(
    r"epson|seiko epson|canon|hp\b|hewlett|brother|fujitsu|pfu|ricoh|plustek|xerox|kyocera|konica|lexmark|microtek|umax"
    r"|visioneer|czur|doxie|avision|oki\b|toshiba|sharp|dell",
    re.IGNORECASE,
)
"""Makers of scanners and copiers, some of which make cameras too: those write an exposure."""
_SCANNER_MODELS = re.compile(
    r"scan|perfection|expression|workforce|officejet|laserjet|deskjet|photosmart|envy|smart tank|[dm]cp-|mfc-|lide"
    r"|imagerunner|i-?sensys|pixma|bizhub|taskalfa|ecosys|workcentre|versalink|aficio|\b(?:et|wf|xp|ds|es|m[gpx]|t[rs]|mf)"
    r"-?\d{3}",
    re.IGNORECASE,
)

_COMPUTERS = re.compile(r"(?:imac(?:pro)?|mac(?:book(?:pro|air)?|mini|pro)?)\d+,\d+", re.IGNORECASE)
"""A computer's model in place of a camera's: QuickTime Player writes it into its screen recordings."""

_WITHOUT_CAMERAS = {"png", "gif", "bmp", "webp", "psd", "avif", "jxl", "jp2"}
"""Formats that cameras hardly write: a program added any camera's marks in such a file."""

_SCREENS = {
    (640, 1136), (750, 1334), (828, 1792), (1080, 1920), (1125, 2436), (1170, 2532), (1179, 2556), (1206, 2622),
    (1242, 2208), (1242, 2688), (1260, 2736), (1284, 2778), (1290, 2796), (1320, 2868), (720, 1280), (720, 1520),
    (720, 1600), (1080, 2160), (1080, 2220), (1080, 2280), (1080, 2340), (1080, 2400), (1080, 2408), (1080, 2424),
    (1344, 2992), (1440, 2560), (1440, 2960), (1440, 3040), (1440, 3088), (1440, 3120), (1440, 3200), (1536, 2048),
    (1620, 2160), (1640, 2360), (1668, 2224), (1668, 2388), (2048, 2732), (768, 1366), (768, 1024), (800, 1280),
    (900, 1440), (900, 1600), (1050, 1680), (1200, 1920), (1600, 2560), (1664, 2560), (1800, 2880), (1964, 3024),
    (2160, 3840), (2234, 3456), (2880, 5120),
}  # fmt: skip
"""Sizes of screens of phones, tablets and computers, the shorter side first."""


@dataclass(frozen=True, slots=True)
class Made:
    """How the file came about, and the sign of that, in words for a person; `marked` as in `Capture`."""

    origin: Origin
    basis: str
    marked: bool = True


def made(evidence: Evidence, found: Exif, path: PurePath, *, phone: bool) -> Made:
    """How this file was made; `found` is one view of its Exif blocks, `phone` says if its time bears a phone's mark."""
    clip = evidence.clip or Clip()
    origin, basis = _origin(evidence, found, clip, path, phone=phone)
    return Made(origin, basis, origin is Origin.CAMERA or _marked(evidence, found, clip, path))


def _origin(evidence: Evidence, found: Exif, clip: Clip, path: PurePath, *, phone: bool) -> tuple[Origin, str]:
    sender = (
        namegivers.messenger(path.name, path.parent.name)
        or evidence.messenger
        or clip.messenger
        or namegivers.named_in(found.software)
        or namegivers.named_in(found.description)
    )
    if sender is not None:
        return Origin.RECEIVED, f"it came through {sender}"
    screen = _screen(evidence, found, clip, path)
    if screen is not None:
        return Origin.SCREEN, screen
    return (
        (Origin.NOT_KNOWN, "it was scanned")
        if _of_a_scanner(found, path)
        else _by_marks(evidence, found, clip, path, phone=phone)
    )


def _by_marks(evidence: Evidence, found: Exif, clip: Clip, path: PurePath, *, phone: bool) -> tuple[Origin, str]:
    editor = found.software or evidence.software or ""
    edited = _PICTURE_EDITORS.search(editor) or EDITORS.search(clip.software or "")
    mark = _camera(evidence, found, clip, phone=phone)
    foreign = edited is not None or evidence.format in _WITHOUT_CAMERAS
    if mark is not None and (not foreign or _intact(found)):
        return Origin.CAMERA, mark
    if edited is not None:
        return Origin.EDITED, "a program rewrote it, and some of the camera's own marks are missing"
    if namegivers.downloaded(path.stem):
        return Origin.RECEIVED, "its name is one that downloads have"
    return Origin.NOT_KNOWN, "nothing in it shows that a camera made it"


def _of_a_scanner(found: Exif, path: PurePath) -> bool:
    """Whether a scanner made it, or a phone that was held over a paper."""
    bare = not (found.exposed or found.lens or found.maker_note)
    model = bool(_SCANNER_MAKERS.match(found.make or "") and _SCANNER_MODELS.search(found.model or ""))
    return bool(
        found.scanned
        or (bare and model)
        or _SCANNING.search(found.software or "")
        or namegivers.of_a_scanner(path.stem)
    )


def _screen(evidence: Evidence, found: Exif, clip: Clip, path: PurePath) -> str | None:
    words = (found.comment, found.description)
    program = found.software or evidence.software or ""
    computer = _COMPUTERS.match(found.model or clip.model or "")
    if (
        namegivers.of_a_screen(path.name, path.parent.name)
        or evidence.screenshot
        or clip.screen
        or computer
        or any(word and word.strip().lower().startswith("screenshot") for word in words)
        or _SCREEN_PROGRAMS.search(program)
    ):
        return "it is a picture or a recording of a screen"
    if evidence.format == "png" and not _intact(found) and tuple(sorted(evidence.pixels or ())) in _SCREENS:
        return "it is a picture of the size of a screen"
    return None


def _camera(evidence: Evidence, found: Exif, clip: Clip, *, phone: bool) -> str | None:
    """The sign that a camera made it, in words; None if there is no such sign."""
    make, model = found.make or clip.make or clip.maker, found.model or clip.model
    kind = named(evidence.format)
    named_model = model or ""
    named_make = make or ""
    whole = named_model if named_model.lower().startswith(named_make.lower()) else f"{make} {model}"
    shown = (
        (make and model, f"it names its camera: {whole}"),
        (found.lens, f"it names its lens: {found.lens}"),
        (evidence.clip is not None and (make or model), f"a camera of {make or model} made it"),
        (evidence.clock or found.noted, "it has a camera's own record of its time"),
        (phone or clip.phone, "a phone's own recorder left its mark"),
        (found.content_id or clip.content_id, "it is half of a Live Photo"),
        (found.maker_note or ((make or model) and found.exposed), "it has a camera's own notes in it"),
        (kind is not None and kind.kind is Kind.RAW and (make or model), f"it is a raw picture of {make or model}"),
    )
    return next((words for sign, words in shown if sign), None)


def _intact(found: Exif) -> bool:
    """Whether everything is there that a camera writes and that programs preserve, or lose, together."""
    return bool(found.make and found.model and found.original and (found.exposed or found.lens or found.maker_note))


def _marked(evidence: Evidence, found: Exif, clip: Clip, path: PurePath) -> bool:
    kind = named(evidence.format)
    if kind is None or kind.by_cameras or kind.kind is not Kind.STILL:
        return True
    signs = (found.make, found.model, found.serial, found.lens, found.exposed, found.maker_note, found.content_id)
    unread = not evidence.readable and evidence.format not in {"gif", "bmp"}  # these have no capture time
    damage = not evidence.complete or not evidence.orderly or unread or evidence.notes
    # A name with a time in it is judged by that time.
    named_so = (
        evidence.format not in _WITHOUT_CAMERAS and namegivers.counted(path.stem) and named_time(path.name) is None
    )
    return bool(
        any(signs)
        or damage
        or found.damaged
        or found.garbled
        or evidence.clock
        or evidence.hints
        or named_so
        or gps.place(found.fix) is not None
        or gps.instant(found.fix) is not None
        or _some_time(found, clip)
    )


def _some_time(found: Exif, clip: Clip) -> bool:
    """Whether a camera's or a program's clock left a time, even an impossible one, or zeros."""
    return bool(found.original or found.digitized or found.noted or clip.created)
