"""Which files are one photo."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import LocalFault
from agent.folders import group, one_moment
from agent.model.capture import Capture
from agent.model.files import LocalFile, Photo, Role
from agent.model.times import Interval, Level, WallClock
from tests.platforms import case_matters

FOLDER = Path("imports")


def file(name: str, mtime: float = 1000.0, folder: Path = FOLDER) -> LocalFile:
    return LocalFile(path=folder / name, size=1, mtime_ns=int(mtime * 1e9), device=1, inode=1)


def shown(photos: tuple[Photo, ...]) -> list[list[str]]:
    return [[member.file.path.name for member in photo.members] for photo in photos]


def says(**known: Any) -> Capture:
    return Capture("any", **known)


def grouped(*names: str, ids: dict[str, str] | None = None, said: dict[str, Capture] | None = None) -> list[list[str]]:
    identified = {name: says(content_id=known) for name, known in (ids or {}).items()}
    known = {**identified, **(said or {})}
    return shown(group([file(name) for name in names], lambda seen: known.get(seen.path.name, says())))


AT = datetime(2026, 3, 14, 10, 11, 12)  # noqa: DTZ001  # what a clock showed
SECOND = timedelta(seconds=1)


def still(hours: float = 0, at: datetime = AT, *, offset: bool = True, **more: Any) -> Capture:
    """A picture that a camera with this offset took when its clock showed `at`."""
    begins = (at - timedelta(hours=hours)).replace(tzinfo=UTC)
    taken = Interval(begins, begins + SECOND) if offset else WallClock(at, at + SECOND)
    level = Level.OWN_OFFSET if offset else Level.ASSUMED_ZONE
    return says(recorded=at.isoformat(), offset="+00:00" if offset else None, taken=taken, level=level, **more)


def clip(at: datetime = AT, length: float = 3, *, utc: bool = False, **more: Any) -> Capture:
    """A clip whose header, of no certain zone unless `utc`, was written when it ended."""
    ends = (at + timedelta(seconds=length)).replace(tzinfo=UTC)
    any_zone = timedelta(hours=0 if utc else 14)
    return says(
        recorded=ends.replace(tzinfo=None).isoformat(),
        offset="+00:00" if utc else None,
        taken=Interval(ends - any_zone - timedelta(seconds=length), ends + any_zone),
        level=Level.UTC_ALONE,
        length=timedelta(seconds=length),
        **more,
    )


# --- Sidecars --------------------------------------------------------------------------------------------------------


def test_a_sidecar_named_after_the_whole_name_belongs_to_that_file_alone():
    assert grouped("A.CR2", "A.JPG", "A.JPG.xmp") == [["A.CR2"], ["A.JPG", "A.JPG.xmp"]]


def test_a_sidecar_named_after_the_stem_belongs_to_the_only_photo_of_that_name():
    assert grouped("A.jpg", "B.jpg", "A.xmp", "B.THM") == [["A.jpg", "A.xmp"], ["B.jpg", "B.THM"]]


def test_a_sidecar_of_a_raw_and_a_jpeg_belongs_to_the_raw():
    assert grouped("A.NEF", "A.JPG", "A.XMP") == [["A.JPG"], ["A.NEF", "A.XMP"]]


def test_a_sidecar_that_could_belong_to_several_hangs_on_none():
    assert grouped("A.png", "A.jpg", "A.xmp") == [["A.jpg"], ["A.png"]]
    assert grouped("A.cr2", "A.dng", "A.xmp") == [["A.cr2"], ["A.dng"]]


def test_a_thm_belongs_to_the_video_rather_than_to_the_picture():
    assert grouped("A.mp4", "A.png", "A.thm") == [["A.mp4", "A.thm"], ["A.png"]]
    assert grouped("GOPR1.LRV", "GOPR1.MP4", "GOPR1.THM") == [["GOPR1.LRV"], ["GOPR1.MP4", "GOPR1.THM"]]


@case_matters
def test_sidecars_match_in_any_case_with_the_exact_spelling_first():
    assert grouped("img_1.JPG", "IMG_1.Xmp") == [["img_1.JPG", "IMG_1.Xmp"]]
    assert grouped("IMG_1.JPG", "img_1.jpg", "img_1.xmp") == [["IMG_1.JPG"], ["img_1.jpg", "img_1.xmp"]]


def test_apples_edit_files_belong_to_the_original():
    assert grouped("IMG_1234.HEIC", "IMG_1234.AAE", "IMG_O1234.AAE", "IMG_E1234.AAE") == [
        ["IMG_1234.HEIC", "IMG_1234.AAE", "IMG_E1234.AAE", "IMG_O1234.AAE"]
    ]
    assert grouped("IMG_1234.HEIC", "IMG_E1234.JPG", "IMG_E1234.AAE") == [
        ["IMG_1234.HEIC"],
        ["IMG_E1234.JPG", "IMG_E1234.AAE"],
    ]
    assert grouped("IMG_1234.HEIC", "IMG_E1234.xmp") == [["IMG_1234.HEIC"]]


def test_a_sidecar_without_its_photo_is_not_a_photo():
    assert grouped("A.xmp", "B.aae", "C.thm", "D.jpg.xmp") == []


def test_json_and_other_files_are_photos_of_their_own_until_someone_reads_them():
    assert grouped("A.jpg", "A.jpg.json", "notes.txt") == [["A.jpg"], ["A.jpg.json"], ["notes.txt"]]


def test_files_of_one_name_in_two_folders_have_nothing_to_do_with_each_other():
    files = [file("A.jpg"), file("A.mov", folder=FOLDER / "b"), file("A.xmp", folder=FOLDER / "c")]
    assert shown(group(files, lambda seen: says(content_id="same"))) == [["A.jpg"], ["A.mov"]]


# --- Live Photos -----------------------------------------------------------------------------------------------------


def test_a_raw_and_its_jpeg_are_two_photos():
    assert grouped("A.dng", "A.jpg") == [["A.dng"], ["A.jpg"]]


def test_partners_are_found_by_their_identifier_even_under_other_names():
    ids = {"IMG_1.HEIC": "x", "clip.MOV": "x", "IMG_2.HEIC": "y"}
    assert grouped(*ids, ids=ids) == [["IMG_1.HEIC", "clip.MOV"], ["IMG_2.HEIC"]]


def test_the_namesake_comes_first_where_an_edit_carries_the_same_identifier():
    ids = dict.fromkeys(("IMG_1.HEIC", "IMG_1.MOV", "IMG_E1.HEIC", "IMG_E1.MOV"), "x")
    assert grouped(*ids, ids=ids) == [["IMG_1.HEIC", "IMG_1.MOV"], ["IMG_E1.HEIC", "IMG_E1.MOV"]]


def test_files_with_different_identifiers_are_not_partners():
    ids = {"IMG_1.HEIC": "x", "IMG_1.MOV": "y"}
    assert grouped(*ids, ids=ids) == [["IMG_1.HEIC"], ["IMG_1.MOV"]]


PAIR, APART = [["A.JPG", "a.mp4"]], [["A.JPG"], ["a.mp4"]]


@pytest.mark.parametrize(
    ("one", "other", "right"),
    [
        pytest.param(still(), clip(), PAIR, id="in one second"),
        pytest.param(still(), clip(utc=True), PAIR, id="by a phone's own recorder"),
        pytest.param(still(1), clip(AT - timedelta(hours=1)), PAIR, id="the header in UTC, the still with its offset"),
        pytest.param(still(1), clip(), PAIR, id="the header in local time"),
        pytest.param(still(1), clip(utc=True), APART, id="a phone's header is never in local time"),
        pytest.param(still(offset=False), clip(), PAIR, id="two clocks without a zone"),
        pytest.param(still(offset=False), clip(AT - timedelta(hours=1)), APART, id="a zone that nobody knows"),
        pytest.param(still(), clip(AT + timedelta(seconds=20)), APART, id="seconds too late"),
        pytest.param(still(), clip(AT - timedelta(days=79)), APART, id="of last Christmas"),
        pytest.param(still(), clip(length=5.5), APART, id="longer than a Live Photo"),
        pytest.param(still(), clip(length=2400), APART, id="a film of forty minutes"),
        pytest.param(still(), says(), APART, id="a clip that says nothing"),
        pytest.param(says(), clip(), APART, id="a still that says nothing"),
        pytest.param(still(), still(length=timedelta(seconds=3)), PAIR, id="a clip with a time and offset of its own"),
        pytest.param(still(), still(3, length=timedelta(seconds=3)), APART, id="another instant on a like clock"),
        pytest.param(still(), still(at=AT, offset=False, length=timedelta(seconds=3)), PAIR, id="a clip's wall clock"),
    ],
)
def test_without_identifiers_only_one_moment_makes_a_pair(one: Capture, other: Capture, right: list[list[str]]):
    assert grouped("A.JPG", "a.mp4", said={"A.JPG": one, "a.mp4": other}) == right


def test_a_name_and_a_time_of_change_pair_nothing():
    assert grouped("A.JPG", "a.mp4") == APART
    assert grouped("A.JPG", "B.MP4", said={"A.JPG": still(), "B.MP4": clip()}) == [["A.JPG"], ["B.MP4"]]


def test_an_identifier_in_one_half_alone_does_not_speak_against_the_pair():
    for one, other in (("x", None), (None, "x")):
        said = {"A.JPG": still(content_id=one), "a.mp4": clip(content_id=other)}
        assert grouped("A.JPG", "a.mp4", said=said) == PAIR


def test_googles_clip_is_called_as_its_whole_still_is():
    said = {"P.MP.jpg": still(), "P.MP": clip(), "Q.jpg": still(), "Q.MP": clip(AT - timedelta(days=1))}
    assert grouped(*said, said=said) == [["P.MP.jpg", "P.MP"], ["Q.MP"], ["Q.jpg"]]


def test_a_still_keeps_its_first_partner():
    ids = dict.fromkeys(("IMG_1.HEIC", "IMG_1.MOV", "IMG_1.MP4", "IMG_2.MOV"), "x")
    assert grouped(*ids, ids=ids) == [["IMG_1.HEIC", "IMG_1.MOV"], ["IMG_1.MP4"], ["IMG_2.MOV"]]
    said = {"A.jpg": still(), "A.mov": clip(), "A.mp4": clip()}
    assert grouped(*said, said=said) == [["A.jpg", "A.mov"], ["A.mp4"]]


@case_matters
def test_the_still_of_the_same_spelling_comes_first():
    said = {"IMG_1.jpg": still(), "img_1.jpg": still(), "IMG_1.mov": clip()}
    assert grouped(*said, said=said) == [["IMG_1.jpg", "IMG_1.mov"], ["img_1.jpg"]]


def test_a_live_photo_and_its_sidecars_are_one_photo():
    ids = {"A.HEIC": "x", "A.MOV": "x"}
    assert grouped("A.HEIC", "A.MOV", "A.AAE", "A.xmp", "A.MOV.xmp", ids=ids) == [
        ["A.HEIC", "A.MOV", "A.AAE", "A.MOV.xmp", "A.xmp"]
    ]


def test_a_file_that_cannot_be_read_is_nobodys_partner():
    def unreadable(seen: LocalFile) -> Capture:
        raise LocalFault("A photo cannot be read.")

    assert shown(group([file("A.jpg"), file("A.mov")], unreadable)) == [["A.jpg"], ["A.mov"]]


@pytest.mark.parametrize(
    ("names", "ids", "asked"),
    [
        (["A.jpg", "B.jpg", "A.xmp", "C.cr2"], {}, []),
        (["A.mov", "B.mp4"], {}, []),
        (["A.jpg", "B.jpg", "A.cr2", "A.mov"], {"A.mov": "x", "A.jpg": "x"}, ["A.jpg", "A.mov"]),
        (["A.jpg", "B.jpg", "C.mov"], {}, ["C.mov"]),
        (["A.jpg", "B.jpg", "C.mov", "A.png"], {"C.mov": "x"}, ["A.jpg", "B.jpg", "C.mov"]),
    ],
)
def test_files_are_read_only_where_that_can_matter(names, ids, asked):
    heard: list[str] = []

    def listen(seen: LocalFile) -> Capture:
        heard.append(seen.path.name)
        return says(content_id=ids.get(seen.path.name))

    group([file(name) for name in names], listen)
    assert sorted(heard) == asked


# --- Properties ------------------------------------------------------------------------------------------------------

STEMS = st.sampled_from(["IMG_1", "img_1", "IMG_E1", "IMG_O1", "IMG_2", "IMG_1.jpg", "caf\u00e9", "\udce9", "ß", "SS"])
ENDINGS = st.sampled_from(
    ["", ".jpg", ".JPG", ".heic", ".mov", ".MP4", ".cr2", ".nef", ".xmp", ".XMP", ".aae", ".AAE", ".thm", ".json"]
)
TIMES = st.one_of(st.integers(1000, 1012), st.sampled_from([-(2**63) // 10**9, 2**62 // 10**9]))
FILES = st.lists(
    st.builds(
        lambda stem, ending, mtime, folder: file(stem + ending, mtime, FOLDER / folder),
        STEMS,
        ENDINGS,
        TIMES,
        st.sampled_from(["a", "b"]),
    ),
    max_size=25,
    unique_by=lambda seen: seen.path,
)
IDS = st.dictionaries(st.tuples(STEMS, ENDINGS), st.sampled_from(["x", "y"]), max_size=12)


@given(FILES, IDS, st.randoms(use_true_random=False))
def test_every_file_is_in_one_photo_or_a_sidecar_in_any_order(
    files: list[LocalFile], ids: dict[tuple[str, str], str], chance: random.Random
):
    names = {stem + ending: known for (stem, ending), known in ids.items()}
    asked: Counter[Path] = Counter()

    moments = [still(), still(2), clip(), clip(AT - timedelta(hours=2)), clip(length=60), says()]

    def read(seen: LocalFile) -> Capture:
        asked[seen.path] += 1
        return replace(moments[seen.mtime_ns % len(moments)], content_id=names.get(seen.path.name))

    photos = group(files, read)
    held = Counter(member.file.path for photo in photos for member in photo.members)
    assert set(held.values()) <= {1}
    assert set(asked.values()) <= {1}  # before this test asks by itself, below
    for alone in {seen.path for seen in files} - held.keys():
        assert alone.suffix.lower() in {".xmp", ".aae", ".thm"}
    for photo in photos:
        assert len({member.file.path.parent for member in photo.members}) == 1
        assert sum(member.role is Role.PARTNER for member in photo.members) <= 1
        for member in photo.members:
            assert (member.file.path.suffix.lower() in {".xmp", ".aae", ".thm"}) == (member.role is Role.SIDECAR)
            if member.role is Role.PARTNER:
                one, other = names.get(photo.main.path.name), names.get(member.file.path.name)
                namesake = photo.main.path.stem.casefold() == member.file.path.stem.casefold()
                moment = one_moment(read(photo.main), read(member.file))
                assert one == other if one and other else moment and namesake

    shuffled = files[:]
    chance.shuffle(shuffled)
    assert group(shuffled, read) == photos
    assert group([*files, *files], read) == photos
