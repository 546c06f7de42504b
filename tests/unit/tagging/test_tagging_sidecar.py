"""The tag in a sidecar, with and without an earlier sidecar."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import LocalFault, UsageError
from agent.tagging import Tag, TagKind, read_tag, sidecar, untag

MakeTag = Callable[..., Tag]
DARKTABLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:darktable="http://darktable.sf.net/"
   darktable:xmp_version="5">
   <dc:subject><rdf:Bag><rdf:li>cat</rdf:li></rdf:Bag></dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""


def undone(content: bytes) -> tuple[bytes, Any]:
    out = io.BytesIO()
    untagged = untag(io.BytesIO(content), out)
    return out.getvalue(), untagged


def test_before_a_sidecar_of_ours_alone_there_was_no_file(tag_for: MakeTag) -> None:
    tag = tag_for(b"a film")
    content = sidecar(tag)
    restored, untagged = undone(content)
    assert restored == b""
    assert untagged.was_no_file
    assert untagged.restored is None
    assert (untagged.kind, untagged.visit, untagged.transfer, untagged.original) == (
        TagKind.SIDECAR,
        tag.visit,
        tag.transfer,
        tag.original,
    )
    assert read_tag(io.BytesIO(content)) == tag


def test_an_empty_sidecar_is_not_the_same_as_none(tag_for: MakeTag) -> None:
    restored, untagged = undone(sidecar(tag_for(b""), foreign=b""))
    assert restored == b""
    assert not untagged.was_no_file


def test_a_foreign_sidecar_is_merged_and_comes_back_as_it_was(tag_for: MakeTag) -> None:
    content = sidecar(tag_for(b"raw"), foreign=DARKTABLE)
    assert content.startswith(DARKTABLE[:200])
    assert b'darktable:xmp_version="5"' in content
    assert b"<rdf:li>cat</rdf:li><rdf:li>Science Museum</rdf:li>" in content
    assert undone(content)[0] == DARKTABLE


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-32-be"])
def test_a_foreign_sidecar_in_another_unicode_encoding_is_merged_too(encoding: str, tag_for: MakeTag) -> None:
    mark = "\ufeff" if encoding.endswith("-be") else ""
    foreign = (
        (mark + DARKTABLE.decode().replace("UTF-8", encoding.removesuffix("-sig")))
        .replace("cat", "č😀")
        .encode(encoding)
    )
    content = sidecar(tag_for(b"raw"), foreign=foreign)
    assert "<rdf:li>č😀</rdf:li><rdf:li>Science Museum</rdf:li>".encode() in content
    assert undone(content)[0] == foreign


def test_the_same_is_made_again_from_the_same(tag_for: MakeTag) -> None:
    assert sidecar(tag_for(b"raw"), foreign=DARKTABLE) == sidecar(tag_for(b"raw"), foreign=DARKTABLE)


def test_our_own_earlier_sidecar_is_stored_in_the_next(tag_for: MakeTag) -> None:
    first = sidecar(tag_for(b"raw"), foreign=DARKTABLE)
    second = sidecar(tag_for(b"raw", title="Zoo"), foreign=first)
    assert undone(second)[0] == first
    found = read_tag(io.BytesIO(second))
    assert found is not None
    assert found.title == "Zoo"


@given(
    foreign=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(lambda text: text.encode("utf-16", "replace")))
)
def test_every_sidecar_is_stored_and_comes_back(foreign: bytes, tag_for: MakeTag) -> None:
    tag = tag_for(b"raw")
    content = sidecar(tag, foreign=foreign)
    assert undone(content)[0] == foreign
    assert read_tag(io.BytesIO(content)) == tag


def test_every_sidecar_of_the_corpus_comes_back_as_it_was(
    corpus: Path, tmp_path: Path, tag_for: MakeTag, exiftool: Callable[..., dict[str, dict[str, Any]]]
) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    for number, path in enumerate(sorted(corpus.rglob("*.xmp"))):
        foreign = path.read_bytes()
        content = sidecar(tag_for(b"raw"), foreign=foreign)
        assert undone(content)[0] == foreign
        (tmp_path / "before" / f"{number:02}.xmp").write_bytes(foreign)
        (tmp_path / "after" / f"{number:02}.xmp").write_bytes(content)
    old, new = (exiftool(tmp_path / which, "-XMP:all", "-warning", "-error") for which in ("before", "after"))
    assert len(new) >= 10
    kept_only = []
    for name, found in new.items():
        assert found["XMP-vpa:Visit"] == "2026-science-museum"
        theirs = {tag: value for tag, value in old.get(name, {}).items() if tag.startswith("XMP")}
        if not theirs.keys() <= found.keys():
            kept_only.append(name)
            continue
        for tag, value in theirs.items():
            if not isinstance(found[tag], list):
                assert found[tag] == value, (name, tag)
    assert len(kept_only) <= 1, kept_only  # one that is not well-formed


def test_exiv2_reads_a_sidecar_of_ours(tmp_path: Path, tag_for: MakeTag, exiv2_xmp: Callable[[Path], str]) -> None:
    for name, foreign in (("new.xmp", None), ("merged.xmp", DARKTABLE), ("kept.xmp", b"no xml")):
        (tmp_path / name).write_bytes(sidecar(tag_for(b"raw"), foreign=foreign))
        assert "Science Museum" in exiv2_xmp(tmp_path / name)


def test_a_large_sidecar_is_stored_and_a_huge_one_refused(tag_for: MakeTag) -> None:
    large = DARKTABLE.replace(b"cat", b"c" * (5 * 1024 * 1024))
    content = sidecar(tag_for(b"raw"), foreign=large)
    assert undone(content)[0] == large
    assert len(content) < 100_000  # left as it was, and not merged
    with pytest.raises(LocalFault):
        sidecar(tag_for(b"raw"), foreign=bytes(16 * 1024 * 1024 + 1))


def test_untag_refuses_a_sidecar_without_our_tag(tag_for: MakeTag) -> None:
    for content in (DARKTABLE, b"", b"\xff", b"text", bytes(1000)):
        assert read_tag(io.BytesIO(content)) is None
        with pytest.raises(UsageError):
            undone(content)


def test_a_sidecar_that_cannot_be_merged_is_stored_unmerged(tag_for: MakeTag) -> None:
    disguised = DARKTABLE.replace(b"http://darktable.sf.net/", b"https:&#47;/visit-photo-agent.example/ns/1.0/")
    content = sidecar(
        tag_for(b"raw"),
        foreign=disguised.replace(b"darktable:xmp_version", b"dc:format").replace(
            b"<dc:subject>", b"<darktable:Visit>x</darktable:Visit><dc:subject>"
        ),
    )
    assert b"cat" not in content
    assert b"&#47;" in undone(content)[0]
