"""What made a picture or a video: a camera, a messenger, a screen, an editor, or something unknown."""

import unicodedata
from typing import Any

import piexif
import pytest

from agent.model.capture import Origin
from tests.unit.capture.photobuilding import (
    ORIGINAL,
    TAKEN,
    Reads,
    app1,
    box,
    exif_block,
    jpeg,
    segment,
)
from tests.unit.capture.test_films_of_cameras import movie

CANON = {piexif.ImageIFD.Make: b"Canon", piexif.ImageIFD.Model: b"Canon EOS R6"}
EXPOSED = {piexif.ExifIFD.ExposureTime: (1, 250), piexif.ExifIFD.FNumber: (4, 1)}
DATED = {ORIGINAL: TAKEN}


def photo(first: dict[int, Any] | None = None, exif: dict[int, Any] | None = None) -> bytes:
    return jpeg(app1(exif_block(first=first or {}, exif={**DATED, **(exif or {})})))


@pytest.mark.parametrize(
    ("first", "exif"),
    [
        (CANON, {}),
        ({}, {piexif.ExifIFD.LensModel: b"RF24-105mm F4 L IS USM"}),
        ({piexif.ImageIFD.Model: b"QV-10"}, EXPOSED),
        ({}, {piexif.ExifIFD.MakerNote: b"Some maker's own note"}),
        ({**CANON, piexif.ImageIFD.Software: b"Adobe Photoshop Lightroom Classic 13.2"}, EXPOSED),
    ],
    ids=["make and model", "a lens", "a model and how it was exposed", "a maker's note", "an export with all of it"],
)
def test_a_cameras_marks_show_that_a_camera_made_it(reads: Reads, first: dict, exif: dict) -> None:
    found = reads(photo(first, exif), "IMG_0001.jpg")
    assert (found.origin, found.marked) == (Origin.CAMERA, True)


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("IMG-20260211-WA0003.jpg", "WhatsApp"),
        ("WhatsApp Image 2026-02-11 at 12.00.00.jpeg", "WhatsApp"),
        ("signal-2026-02-11-12-00-00-123.jpg", "Signal"),
        ("photo_2026-02-11_12-00-00.jpg", "Telegram"),
        ("photo_3@11-02-2026_12-00-00.jpg", "Telegram"),
        ("Snapchat-1234567890.jpg", "Snapchat"),
        ("FB_IMG_1770811200000.jpg", "Facebook"),
        ("12345678_10158123456789_1234567890_n.jpg", "Facebook"),
        ("received_1234567890.jpeg", "Messenger"),
        ("mmexport1770811200000.jpg", "WeChat"),
        ("IMG-0a1b2c3d4e5f60718293-V.jpg", "Viber"),
        ("Imagen de WhatsApp 2026-02-11 a las 12.00.00_ab12cd34.jpg", "WhatsApp"),
        ("Image WhatsApp 2026-02-11 à 12.00.00.jpg", "WhatsApp"),
        ("Изображение WhatsApp 2026-02-11 в 12.00.00.jpg", "WhatsApp"),
        ("Kopie von IMG-20260211-WA0003.jpg", "WhatsApp"),
        ("2026-02-11 IMG-20260211-WA0003 (2).jpg", "WhatsApp"),
        ("IMG_20260211_120000_whatsapp.jpg", "WhatsApp"),
        ("Copy of photo_2026-02-11 12.00.00.jpeg", "Telegram"),
        ("photo_5212345678901234567_y.jpg", "Telegram"),
        ("saved_from_telegram.jpg", "Telegram"),
        ("Photo from Snapchat.jpg", "Snapchat"),
    ],
)
def test_a_messengers_name_outweighs_a_cameras_marks(reads: Reads, name: str, who: str) -> None:
    found = reads(photo(CANON, EXPOSED), name)
    assert (found.origin, found.origin_basis) == (Origin.RECEIVED, f"it came through {who}")


@pytest.mark.parametrize("dataset", [(40, b"FBMD01000abc"), (103, b"0xz4SEs9eFgAgGvjV3b1")])
def test_facebooks_marks_are_known_under_any_name(reads: Reads, dataset: tuple[int, bytes]) -> None:
    tag, value = dataset
    iptc = bytes((0x1C, 2, tag)) + len(value).to_bytes(2) + value
    resource = b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4) + iptc + b"\0" * (len(iptc) % 2)
    found = reads(jpeg(segment(0xED, b"Photoshop 3.0\0" + resource)), "holiday.jpg")
    assert found.origin is Origin.RECEIVED


@pytest.mark.parametrize("name", ["unnamed.jpg", "download (3).jpg", "image0.jpg", "1770811200000.jpg",
                                  "3F2504E0-4F89-11D3-9A0C-0305E82C3301.jpg"])  # fmt: skip
def test_a_nameless_download_is_received_unless_a_cameras_marks_are_in_it(reads: Reads, name: str) -> None:
    assert reads(photo(), name).origin is Origin.RECEIVED
    assert reads(photo(CANON), name).origin is Origin.CAMERA


@pytest.mark.parametrize(
    "name",
    ["Screenshot_20260211-120000_Chrome.jpg", "Screen Shot 2026-02-11 at 12.00.00.jpg", "Bildschirmfoto 2026-02-11.jpg",
     "Capture d’écran 2026-02-11.jpg", "Captura de pantalla 2026-02-11.jpg", "Schermafbeelding 2026-02-11.jpg",
     "Skärmavbild 2026-02-11.jpg", unicodedata.normalize("NFD", "Skärmavbild 2026-02-11.jpg"),
     "Zrzut ekranu 2026-02-11.jpg", "Снимок экрана 2026-02-11.jpg", "スクリーンショット 2026-02-11.jpg",
     "屏幕截图 2026-02-11.jpg", "스크린샷 2026-02-11.jpg", "Снимка на екрана 2026-02-11.jpg",
     "Ekrāna uzņēmums 2026-02-11.jpg", "Record_2026-02-11-12-00-00_c8b7.jpg", "Copy of Screenshot (3).jpg"],
)  # fmt: skip
def test_a_screenshot_is_known_by_its_name_in_many_languages(reads: Reads, name: str) -> None:
    assert reads(photo(CANON, EXPOSED), name).origin is Origin.SCREEN


def test_a_screenshot_is_known_by_what_ios_writes_into_it(reads: Reads) -> None:
    said = {piexif.ExifIFD.UserComment: b"ASCII\0\0\0Screenshot"}
    assert reads(photo({}, said), "IMG_0099.jpg").origin is Origin.SCREEN


def test_a_computers_model_is_no_camera(reads: Reads) -> None:
    assert reads(photo({piexif.ImageIFD.Make: b"Apple", piexif.ImageIFD.Model: b"MacBookPro18,1"}), "a.jpg").origin is (
        Origin.SCREEN
    )


def test_an_editors_file_without_the_cameras_marks_is_edited(reads: Reads) -> None:
    photoshop = {piexif.ImageIFD.Software: b"Adobe Photoshop 25.5 (Windows)"}
    assert reads(photo(photoshop), "museum.jpg").origin is Origin.EDITED
    assert reads(photo({**photoshop, **CANON}), "museum.jpg").origin is Origin.EDITED
    assert reads(photo({**photoshop, **CANON}, EXPOSED), "museum.jpg").origin is Origin.CAMERA


def test_what_shows_nothing_is_not_known(reads: Reads) -> None:
    assert reads(photo(), "museum.jpg").origin is Origin.NOT_KNOWN


@pytest.mark.parametrize(
    ("kind", "content", "right"),
    [
        (b"FIRM", b"HD7.01.01.90.00", Origin.CAMERA),
        (b"beam", b"\0\0\0\1", Origin.RECEIVED),
        (b"smta", b"\0\0\0\0Samsung_Capture_Info=Screen recording", Origin.SCREEN),
        (b"\xa9mak", b"\0\5\x15\xc7Apple", Origin.CAMERA),
        (b"\xa9too", b"\0\x0d\x15\xc7Lavf60.16.100", Origin.EDITED),
        (b"free", b"", Origin.NOT_KNOWN),
    ],
)
def test_a_clips_user_data_shows_what_made_it(reads: Reads, kind: bytes, content: bytes, right: Origin) -> None:
    assert reads(movie(box(b"udta", box(kind, content))), "museum.mp4").origin is right


@pytest.mark.parametrize("name", ["RPReplay_Final1770811200.MP4", "screen-20260211-120000.mp4",
                                  "Bildschirmaufnahme 2026-02-11.mov", "Screenrecorder-2026-02-11.mp4"])  # fmt: skip
def test_a_recording_of_a_screen_is_known_by_its_name(reads: Reads, name: str) -> None:
    assert reads(movie(), name).origin is Origin.SCREEN


# --- No sign of a camera at all --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["logo.jpg", "portrait_8.jpg", "IMG-like.jpg", "holiday.jpg", "download (3).jpg"])
def test_a_picture_without_any_sign_of_a_camera_is_unmarked(reads: Reads, name: str) -> None:
    assert not reads(jpeg(), name).marked


@pytest.mark.parametrize(
    "name", ["IMG_0042.jpg", "DSC01234.JPG", "P1010001.JPG", "100_0042.jpg", "_MG_0001.jpg", "IMG_E1234 (1).jpg"]
)
def test_a_name_as_cameras_count_is_a_sign_of_one(reads: Reads, name: str) -> None:
    assert reads(jpeg(), name).marked


def test_damage_may_have_taken_a_sign_away(reads: Reads) -> None:
    assert reads(jpeg()[:-40], "logo.jpg").marked
    assert reads(jpeg(app1(b"MM\0*\0\0\xff\xff")), "logo.jpg").marked


@pytest.mark.parametrize("exif", [{ORIGINAL: b"0000:00:00 00:00:00"}, EXPOSED, {ORIGINAL: b"1970:01:01 00:00:00"}])
def test_zeros_a_reset_clock_and_an_exposure_are_signs(reads: Reads, exif: dict) -> None:
    assert reads(jpeg(app1(exif_block(exif=exif))), "logo.jpg").marked


@pytest.mark.parametrize(
    "part",
    [
        segment(0xE1, b"QVCI\0" + bytes(40)),
        segment(0xE2, b"MPF\0" + bytes(40)),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0d\x1c\x02\x37\0\x0820260314\0"),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<a photoshop:DateCreated='2026-03-14'/>"),
    ],
    ids=["Casio's notes", "several pictures", "a day in IPTC", "a day in XMP"],
)
def test_a_segment_of_a_camera_and_a_day_alone_are_signs(reads: Reads, part: bytes) -> None:
    assert reads(jpeg(part), "logo.jpg").marked


def test_segments_of_programs_are_no_signs(reads: Reads) -> None:
    parts = [segment(0xE2, b"ICC_PROFILE\0" + bytes(40)), segment(0xEE, b"Adobe\0d" + bytes(5))]
    assert not reads(jpeg(*parts, segment(0xEC, b"Ducky\0" + bytes(20))), "logo.jpg").marked


def test_a_clip_without_marks_is_never_left_alone(reads: Reads) -> None:
    assert reads(movie(), "museum.mp4").marked


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("00000012-PHOTO-2026-02-11-12-00-00.jpg", Origin.RECEIVED),
        ("Kopie von 00000012-PHOTO-2026-02-11-12-00-00.jpg", Origin.RECEIVED),
        ("2026-02-11_3F2504E0-4F89-11D3-9A0C-0305E82C3301-main.jpg", Origin.RECEIVED),
        ("BeReal-2026-02-11.jpg", Origin.RECEIVED),
        ("SmartSelect_20260211_120000_Chrome.jpg", Origin.SCREEN),
        ("Capture+_2026-02-11-12-00-00.jpg", Origin.SCREEN),
        ("CleanShot 2026-02-11 at 12.00.00@2x.jpg", Origin.SCREEN),
        ("20260211-museum-2026-02-11.jpg", Origin.CAMERA),
        ("00000012-2026-02-11-12-00-00.jpg", Origin.CAMERA),
    ],
)
def test_more_programs_names_outweigh_a_cameras_marks(reads: Reads, name: str, right: Origin) -> None:
    assert reads(photo(CANON, EXPOSED), name).origin is right


EPSON = {piexif.ImageIFD.Make: b"EPSON", piexif.ImageIFD.Model: b"Perfection V600"}
CANOSCAN = {piexif.ImageIFD.Make: b"Canon", piexif.ImageIFD.Model: b"CanoScan LiDE 300"}
ENVY = {piexif.ImageIFD.Make: b"HP", piexif.ImageIFD.Model: b"HP ENVY 6000 series"}


@pytest.mark.parametrize(
    ("name", "first", "exif"),
    [
        ("a.jpg", EPSON, {}),
        ("a.jpg", CANOSCAN, {}),
        ("a.jpg", ENVY, {}),
        ("a.jpg", CANON, {**EXPOSED, piexif.ExifIFD.FileSource: b"\2"}),
        ("a.jpg", {**CANON, piexif.ImageIFD.Software: b"IJ Scan Utility"}, EXPOSED),
        ("Adobe Scan 14 Mar 2026.jpg", CANON, EXPOSED),
        ("CamScanner 03-14-2026 10.11.jpg", CANON, EXPOSED),
        ("Scan_20260314.jpg", CANON, EXPOSED),
        ("Scanned Document.jpg", CANON, EXPOSED),
        ("Office Lens 20260314-101112.jpg", CANON, EXPOSED),
    ],
)
def test_a_scan_is_no_cameras_photo(reads: Reads, name: str, first: dict, exif: dict) -> None:
    assert reads(photo(first, exif), name).origin is Origin.NOT_KNOWN


@pytest.mark.parametrize(
    ("name", "first", "exif"),
    [
        ("Scandinavia 2.jpg", CANON, EXPOSED),
        ("lens test.jpg", CANON, EXPOSED),
        ("a.jpg", {piexif.ImageIFD.Make: b"Hewlett-Packard", piexif.ImageIFD.Model: b"HP PhotoSmart R707"}, EXPOSED),
        ("a.jpg", {piexif.ImageIFD.Make: b"EPSON", piexif.ImageIFD.Model: b"R-D1"}, EXPOSED),
        ("a.jpg", CANON, {**EXPOSED, piexif.ExifIFD.FileSource: b"\3"}),
    ],
)
def test_what_only_resembles_a_scan_is_a_cameras_photo(reads: Reads, name: str, first: dict, exif: dict) -> None:
    assert reads(photo(first, exif), name).origin is Origin.CAMERA
