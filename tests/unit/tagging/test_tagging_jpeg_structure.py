"""Where the tag goes in a JPEG, what is left alone, and which files are not touched inside at all."""

import io
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agent.errors import LocalFault
from agent.model.delivery import Splice
from agent.tagging import NeedsSidecar, Tag, plan, untag

Planned = Callable[[bytes, Tag], Splice | NeedsSidecar]
Spliced = Callable[[bytes, Splice], bytes]
Jpeg = Callable[..., bytes]

JFIF = (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
EXIF = (0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0")
MPF = (0xE2, b"MPF\0II*\0\x08\0\0\0\0\0")
ICC = (0xE2, b"ICC_PROFILE\0\1\1" + b"x" * 30)
XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
EMPTY_XMP = XMP_HEADER + b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'


@pytest.mark.parametrize(
    ("segments", "before"),
    [
        ([], 0),
        ([JFIF], 1),
        ([EXIF], 1),
        ([JFIF, EXIF, ICC], 2),
        ([JFIF, ICC, EXIF, (0xED, b"Photoshop 3.0\0")], 3),
        ([EXIF, JFIF], 1),
        ([EXIF, MPF], 1),
        ([MPF, EXIF], 0),
        ([JFIF, MPF, EXIF], 1),
    ],
)
def test_the_tag_goes_after_jfif_and_exif_but_never_behind_an_mpf_index(
    segments: list[tuple[int, bytes]], before: int, jpeg: Jpeg, planned: Planned, tag_for: Callable[..., Tag]
) -> None:
    content = jpeg(segments)
    splice = planned(content, tag_for(content))
    assert isinstance(splice, Splice)
    assert (splice.at, splice.drop) == (2 + sum(4 + len(body) for _, body in segments[:before]), 0)


def test_existing_xmp_is_replaced_in_place(jpeg: Jpeg, planned: Planned, tag_for: Callable[..., Tag]) -> None:
    content = jpeg([EXIF, ICC, (0xE1, EMPTY_XMP), MPF])
    splice = planned(content, tag_for(content))
    assert isinstance(splice, Splice)
    at = content.index(XMP_HEADER) - 4
    assert (splice.at, splice.drop) == (at, 4 + len(EMPTY_XMP))


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        ([EXIF, MPF, (0xE1, EMPTY_XMP)], "MPF"),
        ([(0xE1, EMPTY_XMP), (0xE1, EMPTY_XMP)], "more than one"),
        ([(0xE1, b"<?xpacket begin=''?>")], "unusual form"),
        ([(0xE1, b"XMP\0://ns.adobe.com/xap/1.0/\0")], "unusual form"),
        ([(0xE1, XMP_HEADER + b"<rdf:RDF")], "well-formed"),
        ([(0xE1, XMP_HEADER)], "well-formed"),
        ([(0xE1, XMP_HEADER + b"<html/>")], "not laid out as XMP"),
        ([(0xE1, XMP_HEADER + "<a/>".encode("utf-16"))], "UTF-8"),
        ([(0xE1, XMP_HEADER + b"<?xml version='1.0' encoding='iso-8859-1'?><a/>")], "encoding"),
        ([(0xE1, b"Exif\0\0II")], "damaged"),
        ([(0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f")], "points out"),
        ([(0xD8, b"")], "marker"),
    ],
)
def test_what_cannot_safely_be_spliced_gets_a_sidecar_and_a_reason(
    segments: list[tuple[int, bytes]], reason: str, jpeg: Jpeg, planned: Planned, tag_for: Callable[..., Tag]
) -> None:
    content = jpeg(segments)
    answer = planned(content, tag_for(content))
    assert isinstance(answer, NeedsSidecar)
    assert reason in answer.reason


def test_an_exif_block_before_the_splice_must_not_point_past_it(
    jpeg: Jpeg, planned: Planned, tag_for: Callable[..., Tag]
) -> None:
    reaching = (0xE1, b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x010F, 2, 9, 90_000, 0))
    for segments, kind in ([[reaching, (0xE1, EMPTY_XMP)], NeedsSidecar], [[(0xE1, EMPTY_XMP), reaching], Splice]):
        content = jpeg(segments)
        assert isinstance(planned(content, tag_for(content)), kind)


def test_a_photo_whose_notes_point_to_a_later_picture_is_not_spliced(
    jpeg: Jpeg, planned: Planned, tag_for: Callable[..., Tag]
) -> None:
    def photo(preview_at: int) -> bytes:
        note = struct.pack("<HHHIIHHII", 2, 0x0088, 4, 1, preview_at, 0x0089, 4, 1, 7) + bytes(4)
        exif_ifd = struct.pack("<HHHIII", 1, 0x927C, 7, len(note), 8 + 18 + 18, 0)
        tiff = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0) + exif_ifd + note
        return jpeg([(0xE1, b"Exif\0\0" + tiff)], trailer=b"\xff\xd8\xff\xdb...")

    harmless = photo(5)
    assert isinstance(planned(harmless, tag_for(harmless)), Splice)
    at = harmless.rindex(b"\xff\xd8\xff\xdb") - 12
    pointed = photo(at)
    answer = planned(pointed, tag_for(pointed))
    assert isinstance(answer, NeedsSidecar)
    assert "after it" in answer.reason


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"\xff\xd8", b"\x89PNG\r\n", b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\xff\xff"]
)
def test_a_file_that_is_hardly_one_gets_a_sidecar(
    content: bytes, planned: Planned, tag_for: Callable[..., Tag]
) -> None:
    assert isinstance(planned(content, tag_for(content)), NeedsSidecar)


def test_other_formats_are_not_even_opened(tmp_path: Path, tag_for: Callable[..., Tag]) -> None:
    assert isinstance(plan(tmp_path / "absent.heic", format="heic", tag=tag_for(b"")), NeedsSidecar)


def test_a_file_that_cannot_be_read_is_a_fault_that_does_not_name_it(
    tmp_path: Path, tag_for: Callable[..., Tag]
) -> None:
    (tmp_path / "folder.jpg").mkdir()
    for name in ("absent.jpg", "folder.jpg", "nul\0.jpg"):
        with pytest.raises(LocalFault) as fault:
            plan(tmp_path / name, format="jpeg", tag=tag_for(b""))
        assert name not in str(fault.value)
        assert str(tmp_path) not in str(fault.value)


@pytest.mark.skipif(sys.platform == "win32", reason="making links and pipes needs POSIX")
def test_neither_a_symbolic_link_nor_a_pipe_is_read(
    tmp_path: Path, real_jpeg: bytes, tag_for: Callable[..., Tag]
) -> None:
    (tmp_path / "real.jpg").write_bytes(real_jpeg)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "real.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    for name in ("link.jpg", "pipe.jpg"):
        with pytest.raises(LocalFault):
            plan(tmp_path / name, format="jpeg", tag=tag_for(real_jpeg))


def test_planning_changes_nothing_and_repeats(tmp_path: Path, real_jpeg: bytes, tag_for: Callable[..., Tag]) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(real_jpeg)
    before = photo.stat()
    first, again = (plan(photo, format="jpeg", tag=tag_for(real_jpeg)) for _ in range(2))
    assert first == again
    assert photo.read_bytes() == real_jpeg
    assert photo.stat().st_mtime_ns == before.st_mtime_ns


def test_other_pictures_in_an_mpf_file_are_still_found(
    tmp_path: Path, planned: Planned, spliced: Spliced, tag_for: Callable[..., Tag]
) -> None:
    colours = [(200, 10, 10), (10, 200, 10), (10, 10, 200)]
    pictures = [Image.new("RGB", (64, 48), colour) for colour in colours]
    pictures[0].save(tmp_path / "three.mpo", save_all=True, append_images=pictures[1:])
    content = (tmp_path / "three.mpo").read_bytes()
    splice = planned(content, tag_for(content))
    assert isinstance(splice, Splice)
    with Image.open(io.BytesIO(spliced(content, splice))) as found, Image.open(io.BytesIO(content)) as was:
        assert found.n_frames == 3
        for frame in range(3):
            found.seek(frame)
            was.seek(frame)
            assert found.tobytes() == was.tobytes()


segment = st.one_of(
    st.sampled_from([JFIF, EXIF, MPF, ICC, (0xE1, EMPTY_XMP), (0xE0, b"JFXX\0\x10")]),
    st.tuples(st.sampled_from([0xDB, 0xC0, 0xC4, 0xDD, 0xFE, 0xED, 0xE1, 0xE2, 0xEF]), st.binary(max_size=40)),
)


@given(
    segments=st.lists(segment, max_size=8), fill=st.integers(0, 3), trailer=st.binary(max_size=50), cut=st.booleans()
)
def test_whatever_the_segments_a_splice_can_be_undone_exactly(
    segments: list[tuple[int, bytes]],
    fill: int,
    trailer: bytes,
    cut: bool,
    jpeg: Jpeg,
    planned: Planned,
    spliced: Spliced,
    tag_for: Callable[..., Tag],
) -> None:
    content = jpeg(segments, trailer)
    content = content[:2] + b"\xff" * fill + content[2:]
    content = content[: len(content) // 2] if cut else content
    answer = planned(content, tag_for(content))
    if isinstance(answer, Splice):
        out = io.BytesIO()
        untag(io.BytesIO(spliced(content, answer)), out)
        assert out.getvalue() == content
