"""What the school's other programs make of a tag: the forms and separators that digiKam, Lightroom and ExifTool go by.

digiKam reads a photo's tags from the first of these that is there, each in its form: digiKam:TagsList (a Seq, levels
parted by "/"), lr:hierarchicalSubject (a Bag, parted by "|"), dc:subject (a Bag); beside a photo it looks for
NAME.EXT.xmp (digiKam's handbook, "Metadata Settings": sidecars). exiv2 is the library it reads them with.
"""

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent.model.delivery import Splice
from agent.tagging import NeedsSidecar, Tag, plan, sidecar, untag

MakeTag = Callable[..., Tag]

FOREIGN = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:d="http://www.digikam.org/ns/1.0/"
 xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4">
<dc:subject><rdf:Bag><rdf:li>cat</rdf:li></rdf:Bag></dc:subject>
<d:TagsList><rdf:Seq><rdf:li>Animals/cat</rdf:li></rdf:Seq></d:TagsList>
<lr:hierarchicalSubject><rdf:Bag><rdf:li>Animals|cat</rdf:li></rdf:Bag></lr:hierarchicalSubject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""

OURS = {
    ("Xmp.dc.subject", "XmpBag", "Science Museum, 2026-science-museum"),
    ("Xmp.digiKam.TagsList", "XmpSeq", "School visits/Science Museum"),
    ("Xmp.lr.hierarchicalSubject", "XmpBag", "School visits|Science Museum"),
    ("Xmp.iptcExt.EventId", "XmpBag", "2026-science-museum"),
    ("Xmp.iptcExt.Event", "LangAlt", 'lang="x-default" Science Museum'),
}
"""As exiv2 prints them: name, form and value."""

BOTH = {
    ("Xmp.dc.subject", "XmpBag", "cat, Science Museum, 2026-science-museum"),
    ("Xmp.digiKam.TagsList", "XmpSeq", "Animals/cat, School visits/Science Museum"),
    ("Xmp.lr.hierarchicalSubject", "XmpBag", "Animals|cat, School visits|Science Museum"),
    ("Xmp.xmp.Rating", "XmpText", "4"),
}


def printed(found: str) -> set[tuple[str, str, str]]:
    """exiv2's lines: name, form, length, value."""
    lines = [line.split(None, 3) for line in found.splitlines()]
    return {(words[0], words[1], words[3]) for words in lines if len(words) == 4}


def test_digikam_finds_the_visit_in_a_jpeg_in_the_forms_that_it_reads(
    tmp_path: Path, real_jpeg: bytes, tag_for: MakeTag, exiv2_xmp: Callable[[Path], str], spliced: Any, planned: Any
) -> None:
    how = planned(real_jpeg, tag_for(real_jpeg))
    (tmp_path / "a.jpg").write_bytes(spliced(real_jpeg, how))
    assert printed(exiv2_xmp(tmp_path / "a.jpg")) >= OURS


def test_another_programs_values_come_before_ours(
    tmp_path: Path, with_xmp: Any, tag_for: MakeTag, exiv2_xmp: Callable[[Path], str], spliced: Any, planned: Any
) -> None:
    photo = with_xmp(FOREIGN)
    (tmp_path / "a.jpg").write_bytes(spliced(photo, planned(photo, tag_for(photo))))
    (tmp_path / "a.mov.xmp").write_bytes(sidecar(tag_for(b"film"), foreign=FOREIGN))
    for name in ("a.jpg", "a.mov.xmp"):
        assert printed(exiv2_xmp(tmp_path / name)) >= BOTH, name


def test_a_title_with_separators_stays_one_level_of_the_tree(
    tmp_path: Path, tag_for: MakeTag, exiv2_xmp: Callable[[Path], str]
) -> None:
    (tmp_path / "a.mov.xmp").write_bytes(sidecar(tag_for(b"film", title="Art/Music | Year 7, 8")))
    found = printed(exiv2_xmp(tmp_path / "a.mov.xmp"))
    assert ("Xmp.digiKam.TagsList", "XmpSeq", "School visits/Art-Music | Year 7, 8") in found
    assert ("Xmp.lr.hierarchicalSubject", "XmpBag", "School visits|Art/Music - Year 7, 8") in found
    assert ("Xmp.iptcExt.Event", "LangAlt", 'lang="x-default" Art/Music | Year 7, 8') in found


def test_exiftool_finds_no_fault_in_photo_or_sidecar(
    tmp_path: Path, real_jpeg: bytes, tag_for: MakeTag, exiftool: Any, spliced: Any, planned: Any
) -> None:
    (tmp_path / "a.jpg").write_bytes(spliced(real_jpeg, planned(real_jpeg, tag_for(real_jpeg))))
    (tmp_path / "a.mov.xmp").write_bytes(sidecar(tag_for(b"film"), foreign=FOREIGN))
    for name, found in exiftool(tmp_path, "-validate", "-warning", "-all").items():
        assert found["ExifTool:Validate"] == "OK", (name, found)
        assert found["XMP-iptcExt:EventName" if "XMP-iptcExt:EventName" in found else "XMP-iptcExt:Event"]
    assert exiftool(tmp_path)["a.mov.xmp"]["File:FileType"] == "XMP"


def test_extended_xmp_is_read_as_before_and_comes_back_whole(
    tmp_path: Path, real_jpeg: bytes, tag_for: MakeTag, spliced: Any, planned: Any
) -> None:
    """Written by ExifTool: a packet over 64 KiB goes into a standard part and extended ones (XMP Part 3, 1.1.3.1)."""
    (tmp_path / "a.jpg").write_bytes(real_jpeg)
    (tmp_path / "long.txt").write_text("all that was seen, at length. " * 6_000)
    write = [
        "exiftool",
        "-q",
        "-overwrite_original",
        "-XMP-dc:Subject=cat",
        f"-XMP-photoshop:History<={tmp_path}/long.txt",
    ]
    try:
        subprocess.run([*write, str(tmp_path / "a.jpg")], check=True)
    except FileNotFoundError:
        pytest.skip("ExifTool (Debian: libimage-exiftool-perl) is not on this machine")
    extended = (tmp_path / "a.jpg").read_bytes()
    assert extended.count(b"http://ns.adobe.com/xmp/extension/\0") >= 2
    how = planned(extended, tag_for(extended))
    assert isinstance(how, Splice)
    assert how.drop > 0
    sent = spliced(extended, how)
    (tmp_path / "b.jpg").write_bytes(sent)
    read = ["exiftool", "-b", "-XMP-photoshop:History", "-XMP-dc:Subject"]
    before, after = (
        subprocess.run([*read, str(tmp_path / name)], capture_output=True, check=True).stdout
        for name in ("a.jpg", "b.jpg")
    )
    assert len(before) > 180_000
    assert after.startswith(before)
    assert b"Science Museum" in after
    out = io.BytesIO()
    untag(io.BytesIO(sent), out)
    assert out.getvalue() == extended


def test_no_pixel_of_any_photo_of_the_corpus_changes(corpus: Path, tag_for: MakeTag, spliced: Any) -> None:
    seen = 0
    for path in sorted(corpus.rglob("*")):
        if not path.is_file() or (content := path.read_bytes())[:3] != b"\xff\xd8\xff":
            continue
        how = plan(path, format="jpeg", tag=tag_for(content))
        if isinstance(how, NeedsSidecar):
            continue
        assert decoded(spliced(content, how)) == decoded(content), path.name
        seen += 1
    assert seen >= 134


def decoded(content: bytes) -> tuple[str, bytes]:
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
        return picture.mode, picture.tobytes()
