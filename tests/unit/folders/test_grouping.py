"""Which files are one photo."""

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import LocalFault
from agent.folders import PARTNERS_WITHIN, group
from agent.model import LocalFile, Photo, Role
from tests.platforms import case_matters

FOLDER = Path("imports")


def file(name: str, mtime: float = 1000.0, folder: Path = FOLDER) -> LocalFile:
    return LocalFile(path=folder / name, size=1, mtime_ns=int(mtime * 1e9), device=1, inode=1)


def shown(photos: tuple[Photo, ...]) -> list[list[str]]:
    return [[member.file.path.name for member in photo.members] for photo in photos]


def grouped(*names: str, ids: dict[str, str] | None = None) -> list[list[str]]:
    known = ids or {}
    return shown(group([file(name) for name in names], lambda seen: known.get(seen.path.name)))


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


@case_matters
def test_sidecars_are_matched_whatever_their_case_and_by_spelling_where_that_decides():
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


def test_a_sidecar_without_its_photo_is_no_photo():
    assert grouped("A.xmp", "B.aae", "C.thm", "D.jpg.xmp") == []


def test_json_and_other_files_are_photos_of_their_own_until_someone_reads_them():
    assert grouped("A.jpg", "A.jpg.json", "notes.txt") == [["A.jpg"], ["A.jpg.json"], ["notes.txt"]]


def test_files_of_one_name_in_two_folders_have_nothing_to_do_with_each_other():
    files = [file("A.jpg"), file("A.mov", folder=FOLDER / "b"), file("A.xmp", folder=FOLDER / "c")]
    assert shown(group(files, lambda seen: "same")) == [["A.jpg"], ["A.mov"]]


# --- Live Photos -----------------------------------------------------------------------------------------------------


def test_a_raw_and_its_jpeg_are_two_photos():
    assert grouped("A.dng", "A.jpg") == [["A.dng"], ["A.jpg"]]


def test_partners_are_found_by_their_identifier_even_under_other_names():
    ids = {"IMG_1.HEIC": "x", "clip.MOV": "x", "IMG_2.HEIC": "y"}
    assert grouped(*ids, ids=ids) == [["IMG_1.HEIC", "clip.MOV"], ["IMG_2.HEIC"]]


def test_the_namesake_comes_first_where_an_edit_carries_the_same_identifier():
    ids = dict.fromkeys(("IMG_1.HEIC", "IMG_1.MOV", "IMG_E1.HEIC", "IMG_E1.MOV"), "x")
    assert grouped(*ids, ids=ids) == [["IMG_1.HEIC", "IMG_1.MOV"], ["IMG_E1.HEIC", "IMG_E1.MOV"]]


def test_files_whose_identifiers_differ_are_not_partners_though_name_and_time_agree():
    ids = {"IMG_1.HEIC": "x", "IMG_1.MOV": "y"}
    assert grouped(*ids, ids=ids) == [["IMG_1.HEIC"], ["IMG_1.MOV"]]


def test_without_identifiers_name_and_time_decide():
    near, far = PARTNERS_WITHIN.total_seconds(), PARTNERS_WITHIN.total_seconds() + 0.01
    assert shown(group([file("A.JPG"), file("a.mp4", 1000 + near)], lambda seen: None)) == [["A.JPG", "a.mp4"]]
    assert shown(group([file("A.JPG"), file("A.MP4", 1000 + far)], lambda seen: None)) == [["A.JPG"], ["A.MP4"]]
    assert shown(group([file("A.JPG"), file("B.MP4", 1000)], lambda seen: None)) == [["A.JPG"], ["B.MP4"]]


def test_an_identifier_in_one_half_alone_does_not_speak_against_the_pair():
    assert grouped("A.jpg", "A.mov", ids={"A.jpg": "x"}) == [["A.jpg", "A.mov"]]
    assert grouped("A.jpg", "A.mov", ids={"A.mov": "x"}) == [["A.jpg", "A.mov"]]


def test_a_still_keeps_its_first_partner():
    ids = dict.fromkeys(("IMG_1.HEIC", "IMG_1.MOV", "IMG_1.MP4", "IMG_2.MOV"), "x")
    assert grouped(*ids, ids=ids) == [["IMG_1.HEIC", "IMG_1.MOV"], ["IMG_1.MP4"], ["IMG_2.MOV"]]
    assert grouped("A.jpg", "A.mov", "A.mp4") == [["A.jpg", "A.mov"], ["A.mp4"]]


@case_matters
def test_the_still_of_the_same_spelling_comes_before_one_that_is_nearer_in_time():
    files = [file("IMG_1.jpg", 1003), file("img_1.jpg", 1000), file("IMG_1.mov", 1000)]
    assert shown(group(files, lambda seen: None)) == [["IMG_1.jpg", "IMG_1.mov"], ["img_1.jpg"]]


def test_a_live_photo_and_its_sidecars_are_one_photo():
    assert grouped("A.HEIC", "A.MOV", "A.AAE", "A.xmp", "A.MOV.xmp") == [
        ["A.HEIC", "A.MOV", "A.AAE", "A.MOV.xmp", "A.xmp"]
    ]


def test_an_identifier_that_cannot_be_read_counts_as_none():
    def unreadable(seen: LocalFile) -> str | None:
        raise LocalFault("A photo cannot be read.")

    assert shown(group([file("A.jpg"), file("A.mov")], unreadable)) == [["A.jpg", "A.mov"]]


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
def test_identifiers_are_asked_for_only_where_they_can_matter(names, ids, asked):
    heard: list[str] = []

    def listen(seen: LocalFile) -> str | None:
        heard.append(seen.path.name)
        return ids.get(seen.path.name)

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
def test_every_file_is_in_one_photo_or_is_a_sidecar_without_one_whatever_the_order(
    files: list[LocalFile], ids: dict[tuple[str, str], str], chance: random.Random
):
    names = {stem + ending: known for (stem, ending), known in ids.items()}
    asked: Counter[Path] = Counter()

    def content_id(seen: LocalFile) -> str | None:
        asked[seen.path] += 1
        return names.get(seen.path.name)

    photos = group(files, content_id)
    held = Counter(member.file.path for photo in photos for member in photo.members)
    assert set(held.values()) <= {1}
    assert set(asked.values()) <= {1}
    for alone in {seen.path for seen in files} - held.keys():
        assert alone.suffix.lower() in {".xmp", ".aae", ".thm"}
    for photo in photos:
        assert len({member.file.path.parent for member in photo.members}) == 1
        assert sum(member.role is Role.PARTNER for member in photo.members) <= 1
        for member in photo.members:
            assert (member.file.path.suffix.lower() in {".xmp", ".aae", ".thm"}) == (member.role is Role.SIDECAR)
            if member.role is Role.PARTNER:
                one, other = names.get(photo.main.path.name), names.get(member.file.path.name)
                near = abs(photo.main.mtime_ns - member.file.mtime_ns) <= PARTNERS_WITHIN.total_seconds() * 1e9
                namesake = photo.main.path.stem.casefold() == member.file.path.stem.casefold()
                assert one == other if one and other else near and namesake

    shuffled = files[:]
    chance.shuffle(shuffled)
    assert group(shuffled, content_id) == photos
    assert group([*files, *files], content_id) == photos
