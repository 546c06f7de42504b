"""Photos of many cameras and programs, tagged and untagged, with ExifTool and exiv2 as judges."""

import collections
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.model.delivery import Splice
from agent.tagging import NeedsSidecar, Tag, TagKind, plan, read_tag, untag

Read = dict[str, Any]
ExifTool = Callable[..., dict[str, Read]]
NOT_COMPARED = ("SourceFile", "File:", "System:", "XMP")
LISTS_OF_OURS = {"Subject", "HierarchicalSubject", "TagsList", "EventID"}

pytestmark = pytest.mark.xdist_group("the corpus, tagged")  # done once: ExifTool takes seconds to read it


@pytest.fixture(scope="module")
def tagged(
    corpus: Path,
    tag_for: Callable[..., Tag],
    spliced: Callable[[bytes, Splice], bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Path, dict[str, str]]:
    """Folders of the JPEGs before and after, under the same names, and why the others should have a sidecar."""
    before, after = tmp_path_factory.mktemp("before"), tmp_path_factory.mktemp("after")
    beside = {}
    photos = [path for path in sorted(corpus.rglob("*")) if path.is_file() and path.read_bytes()[:3] == b"\xff\xd8\xff"]
    for number, path in enumerate(photos):
        content = path.read_bytes()
        answer = plan(path, format="jpeg", tag=tag_for(content))
        if isinstance(answer, NeedsSidecar):
            beside[path.name] = answer.reason
            continue
        (before / f"{number:03}.jpg").write_bytes(content)
        (after / f"{number:03}.jpg").write_bytes(spliced(content, answer))
    return before, after, beside


def test_nearly_all_photos_carry_the_tag_inside_and_the_others_say_why_not(
    tagged: tuple[Path, Path, dict[str, str]],
) -> None:
    before, _, beside = tagged
    print(len(list(before.iterdir())), "spliced;", collections.Counter(beside.values()))
    assert len(list(before.iterdir())) >= 134
    assert set(beside) <= {
        "AFCP.jpg",  # a trailer with offsets from the file's start
        "ExifTool.jpg",  # XMP that is not UTF-8
        "XMP.jpg",  # likewise
        "broken.jpg",
        "corrupted.jpg",  # a preview behind the picture, pointed to by its maker's notes
        "endless_loop.jpg",
        "exif-no-tz.jpg",  # ends in its head
        "motion_photo_pixel_synth.jpg",  # padding between its segments
    }


def test_taking_the_tag_out_gives_every_photo_back_byte_for_byte(
    tagged: tuple[Path, Path, dict[str, str]], tag_for: Callable[..., Tag]
) -> None:
    before, after, _ = tagged
    for path in sorted(before.iterdir()):
        original, out = path.read_bytes(), io.BytesIO()
        with (after / path.name).open("rb") as photo:
            untagged = untag(photo, out)
        assert out.getvalue() == original, path
        assert untagged.kind is TagKind.JPEG
        assert untagged.original == untagged.restored == tag_for(original).original
        with (after / path.name).open("rb") as photo:
            assert read_tag(photo) == tag_for(original)


@pytest.fixture(scope="module")
def read(tagged: tuple[Path, Path, dict[str, str]], exiftool: ExifTool) -> list[tuple[str, Read, Read]]:
    """All that ExifTool reads of each photo (binary values too, and whether it finds it valid) before and after."""
    old, new = (exiftool(folder, "-b", "-all", "-validate") for folder in tagged[:2])
    assert old.keys() == new.keys() == {path.name for path in tagged[0].iterdir()}
    return [(name, old[name], new[name]) for name in old]


def test_exiftool_reads_everything_but_xmp_as_before(
    read: list[tuple[str, Read, Read]],
) -> None:
    for name, old, new in read:
        kept = {tag: value for tag, value in old.items() if not tag.startswith(NOT_COMPARED)}
        found = {tag: value for tag, value in new.items() if not tag.startswith(NOT_COMPARED)}
        assert found == kept, name
        assert "ExifTool:Validate" in found


def test_exiftool_reads_every_foreign_xmp_property_as_before(
    read: list[tuple[str, Read, Read]],
) -> None:
    for name, old, new in read:
        for tag, value in old.items():
            if not tag.startswith("XMP"):
                continue
            if tag.split(":")[1] in LISTS_OF_OURS:
                listed = value if isinstance(value, list) else [value]
                assert new[tag][: len(listed)] == listed, (name, tag)
            else:
                assert new[tag] == value, (name, tag)
        assert new["XMP-vpa:Visit"] == "2026-science-museum"
        assert "Science Museum" in new["XMP-dc:Subject"]
        assert "School visits|Science Museum" in new["XMP-lr:HierarchicalSubject"]
        assert "School visits/Science Museum" in new["XMP-digiKam:TagsList"]
        assert "2026-science-museum" in new["XMP-iptcExt:EventID"]


def test_exiv2_reads_the_tag_wherever_it_could_read_the_packet_before(
    tagged: tuple[Path, Path, dict[str, str]], exiv2_xmp: Callable[[Path], str]
) -> None:
    before, after, _ = tagged
    unread = []
    for path in sorted(after.iterdir()):
        found = exiv2_xmp(path)
        if "Science Museum" not in found:
            unread.append(path.name)
            assert exiv2_xmp(before / path.name) == "", path
            continue
        assert "Xmp.iptcExt.Event " in found
        assert "Xmp.vpa.OriginalSha256" in found
    assert len(unread) <= 1  # a packet that says one thing twice


def test_the_picture_itself_is_the_very_same_bytes(tagged: tuple[Path, Path, dict[str, str]]) -> None:
    before, after, _ = tagged
    for path in before.iterdir():
        original, sent = path.read_bytes(), (after / path.name).read_bytes()
        picture = original[_start_of_scan(original) :]
        assert sent.endswith(picture)
        assert _start_of_scan(sent) == len(sent) - len(picture)


def _start_of_scan(content: bytes) -> int:
    """Where the first SOS marker is; found independently of the product's own code."""
    at = 2
    while content[at + 1] != 0xDA:
        at += 1 if content[at + 1] == 0xFF else 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return at
