"""Our tag put into another program's XMP: nothing of theirs changes, and all of ours is found."""

import base64
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.delivery import Splice
from agent.tagging import NeedsSidecar, Tag, read_tag, untag

Planned = Callable[[bytes, Tag], Splice | NeedsSidecar]
Spliced = Callable[[bytes, Splice], bytes]
WithXmp = Callable[[bytes], bytes]

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
OURS = "https://visit-photo-agent.example/ns/1.0/"


def packet(inside: str, *, declared: str = "", padding: int = 0) -> bytes:
    """An XMP packet with `inside` in its rdf:RDF."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}"{declared}>{inside}</rdf:RDF></x:xmpmeta>{" " * padding}<?xpacket end="w"?>'
    ).encode()


def description(inside: str, attributes: str = "") -> str:
    return f'<rdf:Description rdf:about="" xmlns:dc="{DC}" xmlns:q="urn:q"{attributes}>{inside}</rdf:Description>'


def packet_of(photo: bytes) -> bytes:
    """The XMP packet inside a small picture."""
    at = photo.index(b"http://ns.adobe.com/xap/1.0/\0")
    length = int.from_bytes(photo[at - 2 : at], "big")
    return photo[at + 29 : at - 2 + length]


@pytest.fixture
def merge(planned: Planned, spliced: Spliced, with_xmp: WithXmp, tag_for: Callable[..., Tag]) -> Callable[..., bytes]:
    """The packet that comes of merging; undone and read back on the way."""

    def run(foreign: bytes, **changes: Any) -> bytes:
        content = with_xmp(foreign)
        tag = tag_for(content, **changes)
        splice = planned(content, tag)
        assert isinstance(splice, Splice), splice
        photo, out = spliced(content, splice), io.BytesIO()
        untag(io.BytesIO(photo), out)
        assert out.getvalue() == content
        assert read_tag(io.BytesIO(photo)) == tag
        return packet_of(photo)

    return run


def listed(xmp: bytes, name: str) -> list[str | None]:
    """The items of a list property."""
    return [item.text for item in ET.fromstring(xmp).findall(f".//{name}/*/{{{RDF}}}li")]


Merge = Callable[..., bytes]


def test_their_keywords_stay_first_and_ours_follow_once(merge: Merge) -> None:
    theirs = "<dc:subject><rdf:Bag><rdf:li>cat</rdf:li><rdf:li>Science Museum</rdf:li></rdf:Bag></dc:subject>"
    found = listed(merge(packet(description(theirs))), f"{{{DC}}}subject")
    assert found == ["cat", "Science Museum", "2026-science-museum"]


@pytest.mark.parametrize("empty", ["<rdf:Bag/>", "<rdf:Bag></rdf:Bag>", "<rdf:Bag rdf:about='>'/>", "<rdf:Seq  />"])
def test_an_empty_list_of_keywords_is_filled(empty: str, merge: Merge) -> None:
    found = merge(packet(description(f"<dc:subject>{empty}</dc:subject>")))
    assert listed(found, f"{{{DC}}}subject") == ["Science Museum", "2026-science-museum"]


def test_rdf_by_another_prefix_or_as_the_default_namespace_is_understood(merge: Merge) -> None:
    for prefix in ("r:", ""):
        declared = f'xmlns:{prefix[:-1]}="{RDF}"' if prefix else f'xmlns="{RDF}"'
        theirs = (
            f'<{prefix}RDF {declared}><{prefix}Description xmlns:d="{DC}"><d:subject><{prefix}Bag>'
            f"<{prefix}li>cat</{prefix}li></{prefix}Bag></d:subject></{prefix}Description></{prefix}RDF>"
        )
        found = merge(theirs.encode())
        assert listed(found, f"{{{DC}}}subject") == ["cat", "Science Museum", "2026-science-museum"]


def test_a_description_or_rdf_without_content_is_filled(merge: Merge) -> None:
    assert b"vpa:Visit" in merge(packet('<rdf:Description rdf:about=""/>'))
    assert b"vpa:Visit" in merge(f'<rdf:RDF xmlns:rdf="{RDF}" />'.encode())


def test_a_statement_of_theirs_stays_and_ours_is_only_in_our_namespace(merge: Merge) -> None:
    photoshop = "http://ns.adobe.com/photoshop/1.0/"
    rights = "http://ns.adobe.com/xap/1.0/rights/"
    as_attribute = f' xmlns:photoshop="{photoshop}" photoshop:TransmissionReference="theirs"'
    owner = f'<o:Owner xmlns:o="{rights}"><rdf:Bag><rdf:li>them</rdf:li></rdf:Bag></o:Owner>'
    found = merge(packet(description(owner, as_attribute)))
    assert found.count(b"TransmissionReference") == 1
    assert listed(found, f"{{{rights}}}Owner") == ["them"]
    root = ET.fromstring(found)
    assert root.findtext(f".//{{{OURS}}}Transfer") == "0123456789abcdef" * 2
    assert root.findtext(f".//{{{OURS}}}Owner") == "Greenfield School"


def test_keywords_in_a_form_that_is_no_list_are_left_alone(merge: Merge) -> None:
    found = merge(packet(description("<dc:subject>cat</dc:subject>")))
    assert found.count(b"subject>") == 2
    assert b"<dc:subject>cat</dc:subject>" in found


def test_keywords_that_are_given_in_two_ways_are_left_alone(merge: Merge) -> None:
    for second in (description("", ' dc:subject="dog"'), description("<dc:subject><rdf:Bag/></dc:subject>")):
        first = description("<dc:subject><rdf:Bag><rdf:li>cat</rdf:li></rdf:Bag></dc:subject>")
        found = merge(packet(first + second))
        assert (first + second).encode() in found
        assert found.count(b"<dc:subject>") == (first + second).count("<dc:subject>")


def test_ours_speaks_about_what_theirs_speaks_about(merge: Merge) -> None:
    theirs = '<rdf:Description rdf:about="uuid:a&amp;&quot;&lt;&#10;b" xmlns:q="urn:q" q:a="1"/>'
    found = ET.fromstring(merge(packet(theirs)))
    assert {block.get(f"{{{RDF}}}about") for block in found.iter(f"{{{RDF}}}Description")} == {'uuid:a&"<\nb'}


def test_prefixes_of_another_program_keep_their_meaning(
    merge: Merge,
) -> None:
    rights = "http://ns.adobe.com/xap/1.0/rights/"
    found = merge(packet(description("<xapRights:Marked>True</xapRights:Marked>", f' xmlns:xapRights="{rights}"')))
    assert f'xmlns:xmpRights="{rights}"'.encode() not in found
    assert b"<xapRights:Owner>" in found
    found = merge(packet(description("<vpa:x>1</vpa:x>", ' xmlns:vpa="urn:other"')))
    assert b'xmlns:vpa_vpa="' + OURS.encode() in found


def test_gain_maps_motion_photos_and_extended_xmp_are_read_as_before(
    merge: Merge, with_xmp: WithXmp, tmp_path: Path, exiftool: Callable[..., dict[str, dict[str, Any]]]
) -> None:
    theirs = packet(
        '<rdf:Description rdf:about="" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
        ' xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" xmlns:C="http://ns.google.com/photos/1.0/container/"'
        ' xmlns:Item="http://ns.google.com/photos/1.0/container/item/" xmlns:xmpNote="http://ns.adobe.com/xmp/note/"'
        ' hdrgm:Version="1.0" GCamera:MicroVideo="1" GCamera:MicroVideoOffset="4711" xmpNote:HasExtendedXMP="00">'
        '<C:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><C:Item Item:Mime="image/jpeg"'
        ' Item:Semantic="Primary"/></rdf:li><rdf:li rdf:parseType="Resource"><C:Item Item:Mime="image/jpeg"'
        ' Item:Semantic="GainMap"'
        ' Item:Length="9"/></rdf:li></rdf:Seq></C:Directory></rdf:Description>'
    )
    image = ' xmlns:GImage="http://ns.google.com/photos/1.0/image/" GImage:Mime="a/b"'
    extended = packet(f"<rdf:Description{image}/>")
    guid = hashlib.md5(extended, usedforsecurity=False).hexdigest().upper().encode()
    theirs = theirs.replace(b'XMP="00"', b'XMP="' + guid + b'"')
    extension = b"http://ns.adobe.com/xmp/extension/\0" + guid + len(extended).to_bytes(4, "big") + bytes(4) + extended
    extension = b"\xff\xe1" + (len(extension) + 2).to_bytes(2, "big") + extension
    was = with_xmp(theirs)
    at = was.index(theirs) + len(theirs)
    now = with_xmp(merge(theirs))
    at_now = now.index(b'<?xpacket end="w"?>') + len(b'<?xpacket end="w"?>')
    (tmp_path / "was.jpg").write_bytes(was[:at] + extension + was[at:])
    (tmp_path / "now.jpg").write_bytes(now[:at_now] + extension + now[at_now:])
    read = exiftool(tmp_path, "-struct")
    before = {tag: value for tag, value in read["was.jpg"].items() if tag.startswith(("XMP", "ExifTool"))}
    assert "a/b" in before.values(), before
    assert before["XMP-GCamera:MicroVideoOffset"] == 4711
    after = read["now.jpg"]
    assert {tag: after.get(tag) for tag in before} == before


def test_padding_is_given_up_only_where_there_is_no_room(
    merge: Merge, with_xmp: WithXmp, planned: Planned, tag_for: Callable[..., Tag]
) -> None:
    assert b" " * 2_000 in merge(packet(description(""), padding=2_000))
    assert b" " * 2_000 not in merge(packet(description(""), padding=64_000))
    noise = base64.b64encode(b"".join(hashlib.sha256(bytes([n, m])).digest() for n in range(4) for m in range(256)))
    content = with_xmp(packet(description(f"<q:n>{noise.decode()}</q:n>")))
    answer = planned(content, tag_for(content))
    assert isinstance(answer, NeedsSidecar)
    assert "larger than a segment" in answer.reason


def test_a_photo_that_is_tagged_already_is_not_tagged_twice_inside(
    real_jpeg: bytes, planned: Planned, spliced: Spliced, tag_for: Callable[..., Tag]
) -> None:
    splice = planned(real_jpeg, tag_for(real_jpeg))
    assert isinstance(splice, Splice)
    photo = spliced(real_jpeg, splice)
    answer = planned(photo, tag_for(photo))
    assert isinstance(answer, NeedsSidecar)
    assert "already" in answer.reason


def test_the_tag_contains_nothing_else(real_jpeg: bytes, planned: Planned, tag_for: Callable[..., Tag]) -> None:
    splice = planned(real_jpeg, tag_for(real_jpeg))
    assert isinstance(splice, Splice)
    assert b"/" not in re.sub(rb"https?://\S+|adobe:ns:meta/|School visits/Science|</|/>", b"", splice.insert)
    assert b".jpg" not in splice.insert


names = st.sampled_from(["q:a", "q:b", "dc:title", "dc:subject", "dc:format", "zz:deep"])
texts = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\n\t<>&]\"'é😀"
    ),
    max_size=12,
)


@st.composite
def properties(draw: st.DrawFn, depth: int = 0) -> str:  # noqa: PLR0911  a form each
    """A property in one of RDF/XML's forms, with what may stand in and between elements."""
    name = draw(names)
    declared = ' xmlns:zz="urn:zz"' if name.startswith("zz:") else ""
    form = draw(st.integers(0, 7 if depth < 3 else 4))
    text = escape(draw(texts))
    if form == 0:
        return f"<{name}{declared}>{text}</{name}>"
    if form == 1:
        return f"<{name}{declared} rdf:resource='urn:{draw(st.integers(0, 9))}'/>"
    if form == 2:
        cdata = draw(texts).replace("]]>", "")
        return f"<{name}{declared}><![CDATA[{cdata}]]></{name}>"
    if form == 3:
        return f"<!-- {text.replace('-', '')} --><{name}{declared}\n>{text}</{name} >"
    if form == 4:
        kind = draw(st.sampled_from(["Bag", "Seq", "Alt"]))
        items = "".join(f"<rdf:li>{escape(item)}</rdf:li>" for item in draw(st.lists(texts, max_size=3)))
        return f"<{name}{declared}> <rdf:{kind}>{items}</rdf:{kind}>\n</{name}>"
    inner = "".join(draw(st.lists(properties(depth + 1), max_size=2)))
    if form == 5:
        return f"<{name}{declared} rdf:parseType='Resource'>{inner}</{name}>"
    return f"<{name}{declared}><rdf:Description>{inner}</rdf:Description></{name}>"


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """A foreign packet: several descriptions with attributes and properties."""
    blocks = []
    for _ in range(draw(st.integers(0, 3))):
        attribute = draw(
            st.sampled_from(["", ' q:x="&lt;&#9;&gt;"', " q:y='/>'", ' dc:format="image/jpeg"', "\n\tq:z = '>'"])
        )
        blocks.append(description("".join(draw(st.lists(properties(), max_size=4))), attribute))
    return packet("\n".join(blocks), padding=draw(st.integers(0, 50)))


def without_ours(xmp: bytes) -> str:
    """A packet in canonical form, with our additions removed by their values and namespace."""
    root = ET.fromstring(xmp)
    for rdf in root.iter(f"{{{RDF}}}RDF"):
        for block in list(rdf):
            if any(child.tag.startswith(f"{{{OURS}}}") for child in block):
                rdf.remove(block)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{{{RDF}}}li" and child.text in {"Science <Museum> ]]> 😀", "2026-science-museum"}:
                parent.remove(child)
    return ET.canonicalize(ET.tostring(root, "unicode"))


@given(foreign=packets())
def test_whatever_their_xmp_says_it_still_says_and_ours_comes_out_again(
    foreign: bytes, planned: Planned, spliced: Spliced, with_xmp: WithXmp, tag_for: Callable[..., Tag]
) -> None:
    content = with_xmp(foreign)
    tag = tag_for(content, title="Science <Museum> ]]> 😀")
    splice = planned(content, tag)
    assert isinstance(splice, Splice), splice
    photo, out = spliced(content, splice), io.BytesIO()
    untag(io.BytesIO(photo), out)
    assert out.getvalue() == content
    assert read_tag(io.BytesIO(photo)) == tag
    assert without_ours(packet_of(photo)) == without_ours(foreign)


@given(title=st.text(max_size=60), owner=st.text(max_size=20))
def test_any_title_and_owner_make_a_tag_that_is_read_back_on_one_line(
    title: str, owner: str, real_jpeg: bytes, planned: Planned, spliced: Spliced, tag_for: Callable[..., Tag]
) -> None:
    tag = tag_for(real_jpeg, title=title, owner=owner)
    splice = planned(real_jpeg, tag)
    assert isinstance(splice, Splice), splice
    found = read_tag(io.BytesIO(spliced(real_jpeg, splice)))
    assert found == tag.fit_for_xml()
    assert found is not None
    assert found.title
    assert "\n" not in found.title
    assert found.title == " ".join(title.split()) or not title.isprintable() or not title.strip()


def test_a_splice_that_our_own_untagging_would_not_undo_is_never_made(
    with_xmp: WithXmp, planned: Planned, tag_for: Callable[..., Tag]
) -> None:
    in_disguise = OURS.replace("/", "&#47;")  # our namespace, unseen until the packet is parsed
    content = with_xmp(packet(description("<v:Visit>another</v:Visit>", f' xmlns:v="{in_disguise}"')))
    answer = planned(content, tag_for(content))
    assert isinstance(answer, NeedsSidecar)
    assert "did not give the same photo" in answer.reason
