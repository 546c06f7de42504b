"""Other people's photos: what ExifTool reads of each, this reads too."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.capture import read
from agent.model.capture import Capture
from agent.model.times import Level

NOW = datetime(2030, 1, 1, tzinfo=UTC)

TIMES_READ_OTHERWISE: dict[str, str] = {}
"""Path to reason: capture times that are not read as ExifTool does. None is known."""

DETAILS_READ_OTHERWISE = {
    "exif-samples/jpg/tests/30-type_error.jpg": "its only time, and its zone Z, stand in XMP, which truth leaves out",
    "nom-exif/testdata/exif-no-tz.jpg": "cut inside its Exif segment, where ExifTool gives up and this reads on",
    "nom-exif/testdata/exif-both.png": "its place is in the legacy profile beside eXIf, which truth leaves out",
    "exiftool/t/images/CanonRaw.crw": "make and model stand in CIFF, which truth leaves out",
    "exif-samples/jpg/exif-org/sony-powershota5.jpg": "make and model stand in CIFF, which truth leaves out",
    "exiftool/t/images/KyoceraRaw.raw": "make and model stand in a header of its own, which truth leaves out",
    "exiftool/t/images/M2TS.mts": "the make stands in its stream, which truth leaves out",
    "nom-exif/testdata/meta.mov": "offset, make and model stand in QuickTime's Keys, which truth leaves out",
}
"""Path to reason: files whose camera, place or offset differ from truth."""


@pytest.fixture(scope="module")
def captures(corpus: Path, truth: list[dict[str, Any]]) -> dict[str, Capture]:
    return {entry["path"]: read(corpus / entry["path"], now=NOW) for entry in truth}


def dated(truth: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [entry for entry in truth if "date_time_original" in entry and (not kinds or entry["type"] in kinds)]


def iso(written: str) -> str:
    return written.replace(":", "-", 2).replace(" ", "T")


def differing(entries: list[dict[str, Any]], captures: dict[str, Capture]) -> list[str]:
    return [
        entry["path"]
        for entry in entries
        if captures[entry["path"]].recorded != iso(entry["date_time_original"])
        and entry["path"] not in TIMES_READ_OTHERWISE
    ]


def test_every_jpeg_with_a_capture_time_is_read_as_exiftool_reads_it(
    truth: list[dict[str, Any]], captures: dict[str, Capture]
) -> None:
    entries = dated(truth, "JPEG")
    assert len(entries) >= 80
    assert differing(entries, captures) == []


def test_every_other_photo_with_a_capture_time_is_read_as_exiftool_reads_it(
    truth: list[dict[str, Any]], captures: dict[str, Capture]
) -> None:
    entries = [entry for entry in dated(truth) if entry["type"] != "JPEG"]
    assert len(entries) >= 15
    assert differing(entries, captures) == []


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("exiftool/t/images/RIFF.avi", "2003:03:10 15:04:43"),
        ("exiftool/t/images/Pentax.avi", "2009:10:27 12:14:34"),  # ExifTool leaves out the seconds, which are there
        ("exiftool/t/images/M2TS.mts", "2008:12:31 23:16:24"),
        ("exiftool/t/images/CanonRaw.crw", "2003:11:10 17:39:26"),
        ("exiftool/t/images/KyoceraRaw.raw", "2005:07:16 18:14:30"),
        ("exif-samples/jpg/exif-org/sony-powershota5.jpg", "2000:10:27 22:56:26"),
    ],
)
def test_metadata_outside_exif_is_read_as_exiftool_reads_it(
    captures: dict[str, Capture], path: str, written: str
) -> None:
    assert captures[path].recorded == iso(written)
    assert captures[path].level is Level.ASSUMED_ZONE


def test_camera_place_and_offset_agree(truth: list[dict[str, Any]], captures: dict[str, Capture]) -> None:
    disagreeing = set()
    for entry in truth:
        found = captures[entry["path"]]
        camera, place = found.camera, found.place
        here = (camera and camera.make, camera and camera.model, found.offset)
        there = (entry.get("make"), entry.get("model"), entry.get("offset_original") or None)
        degrees = (entry.get("latitude") or None, entry.get("longitude") or None)
        near = (
            abs(place.latitude - degrees[0]) < 1e-6 and abs(place.longitude - degrees[1]) < 1e-6
            if place and degrees[0] is not None and degrees[1] is not None
            else place is None and degrees == (None, None)
        )
        if here != there or not near:
            disagreeing.add(entry["path"])
    assert disagreeing == set(DETAILS_READ_OTHERWISE)


def test_formats_are_recognised_by_content(truth: list[dict[str, Any]], captures: dict[str, Capture]) -> None:
    named = {"Extended WEBP": "webp", "M2TS": "mts", "XMP": "unknown", "AAE": "unknown"}
    odd = {
        entry["path"]: captures[entry["path"]].format
        for entry in truth
        if captures[entry["path"]].format != named.get(entry["type"], entry["type"].lower())
    }
    # ExifTool calls these by their ending's kin: the one HEIC by its general brand.
    assert odd == {"exiftool/t/images/QuickTime.heic": "heic"}


def test_no_file_of_the_corpus_raises_or_takes_long(corpus: Path) -> None:
    for path in corpus.rglob("*"):
        if path.is_file():
            began = time.process_time()
            read(path, now=NOW)
            assert time.process_time() - began < 1


def test_whole_photos_are_complete_and_cut_ones_are_not(captures: dict[str, Capture]) -> None:
    incomplete = {path for path, found in captures.items() if not found.complete}
    assert incomplete == {
        "exiftool/t/images/RIFF.avi",  # shortened by the people who shared them
        "exiftool/t/images/Pentax.avi",
        "nom-exif/testdata/canon-r6.cr3",
        "nom-exif/testdata/compatible-brands.heic",
        "nom-exif/testdata/compatible-brands.mov",
        "nom-exif/testdata/compatible-brands-fail.heic",
        "nom-exif/testdata/compatible-brands-fail.mov",
        "nom-exif/testdata/oom_large_box.heic",
        "nom-exif/testdata/exif-no-tz.jpg",
        "nom-exif/testdata/motion_photo_pixel_synth.jpg",
    }


def test_live_photo_identifiers_are_found(captures: dict[str, Capture]) -> None:
    assert captures["exif-samples/heic/IMG_5195.HEIC"].content_id == "570F1469-09C7-4E50-9875-05F21D5BD166"
    assert captures["nom-exif/testdata/exif.avif"].content_id == "242684F6-0839-44E0-8E39-A8FE43182C29"
    assert captures["nom-exif/testdata/exif.jpg"].content_id is None
