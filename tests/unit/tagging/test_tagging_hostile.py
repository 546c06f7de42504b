"""Input that is made to harm, or was damaged on its way: answered at once, and never with wrong bytes."""

import base64
import io
import random
import re
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.errors import AgentError, LocalFault, UsageError
from agent.model.delivery import Splice
from agent.tagging import NeedsSidecar, Tag, plan, read_tag, sidecar, untag, untagged_chunks

Planned = Callable[[bytes, Tag], Splice | NeedsSidecar]
Spliced = Callable[[bytes, Splice], bytes]
WithXmp = Callable[[bytes], bytes]
MakeTag = Callable[..., Tag]

RDF = b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
LAUGHS = (
    b'<!DOCTYPE r [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(1, 60))
    + b"]>"
    b"<rdf:RDF " + RDF + b">&a59;</rdf:RDF>"
)
HOSTILE = {
    "billion laughs": LAUGHS,
    "external entity": b'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/hostname">]><rdf:RDF ' + RDF + b">&e;</rdf:RDF>",
    "external DTD": b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><rdf:RDF ' + RDF + b"/>",
    "deep": b"<a>" * 9_000 + b"</a>" * 9_000,
    "deep in place": b"<rdf:RDF "
    + RDF
    + b"><rdf:Description>"
    + b"<a>" * 5_000
    + b"</a>" * 5_000
    + b"</rdf:Description></rdf:RDF>",
    "unknown entity": b"<rdf:RDF " + RDF + b">&nbsp;</rdf:RDF>",
    "unbound prefix": b"<rdf:RDF><rdf:Description/></rdf:RDF>",
    "many": b"<a>" + b"<b/>" * 16_000 + b"</a>",
    "two trees": b"<rdf:RDF " + RDF + b"/><rdf:RDF " + RDF + b"/>",
    "two graphs": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF " + RDF + b"/><rdf:RDF " + RDF + b"/></x:xmpmeta>",
    "NULs": bytes(60_000),
    "open tag": b"<rdf:RDF " + b'a="' * 15_000,
    "control character": b"<rdf:RDF " + RDF + b">\x01</rdf:RDF>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xmp_gets_a_sidecar_at_once(name: str, planned: Planned, with_xmp: WithXmp, tag_for: MakeTag) -> None:
    content = with_xmp(HOSTILE[name])
    started = time.process_time()
    assert isinstance(planned(content, tag_for(content)), NeedsSidecar)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_sidecar_is_stored_but_not_trusted(name: str, tag_for: MakeTag) -> None:
    repeated = HOSTILE[name] * 20
    started = time.process_time()
    for foreign in (HOSTILE[name], repeated):
        out = io.BytesIO()
        untag(io.BytesIO(sidecar(tag_for(b"raw"), foreign=foreign)), out)
        assert out.getvalue() == foreign
    assert time.process_time() - started < 2


def test_a_packet_with_thousands_of_attributes_or_items_is_answered_at_once(
    planned: Planned, with_xmp: WithXmp, tag_for: MakeTag
) -> None:
    attributes = b"".join(b' q:a%d=""' % n for n in range(5_000))
    items = b"<rdf:li/>" * 6_000
    for inside in (
        b"<rdf:Description xmlns:q='u'" + attributes + b"/>",
        b"<rdf:Description xmlns:q='u'><q:a><rdf:Bag>" + items + b"</rdf:Bag></q:a></rdf:Description>",
    ):
        content = with_xmp(b"<rdf:RDF " + RDF + b">" + inside + b"</rdf:RDF>")
        started = time.process_time()
        planned(content, tag_for(content))
        assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + b"\xff" * 9_000_000,
        b"\xff\xd8" + b"\xff\xfe\x00\x02" * 2_250_000,
        b"\xff\xd8" + (b"\xff\xfe\xff\xff" + bytes(65_533)) * 140,
        b"\xff\xd8" + bytes(9_000_000),
    ],
    ids=["fill bytes", "tiny segments", "endless head", "zeros"],
)
def test_a_head_without_end_is_given_up_within_its_bounds(content: bytes, planned: Planned, tag_for: MakeTag) -> None:
    started = time.process_time()
    assert isinstance(planned(content, tag_for(b"")), NeedsSidecar)
    with pytest.raises(UsageError):
        untag(io.BytesIO(content), io.BytesIO())
    assert time.process_time() - started < 1


def test_no_more_than_some_megabytes_are_taken_of_a_head_without_end() -> None:
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        yield b"\xff\xd8"
        while True:
            taken += 65_537
            yield b"\xff\xfe\xff\xff" + bytes(65_533)

    with pytest.raises(UsageError):
        list(untagged_chunks(chunks()))
    assert taken < 9 * 1024 * 1024


def test_makers_notes_that_lead_to_the_same_entries_over_and_over_are_given_up(
    jpeg: Callable[..., bytes], planned: Planned, tag_for: MakeTag
) -> None:
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, 14_000 + 12 * tag) for tag in range(1, 1_001))
    note = struct.pack("<H", 1_000) + entries + bytes(4)
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0)
    tiff += struct.pack("<HHHIII", 1, 0x927C, 7, len(note), 44, 0) + note
    tiff += bytes(-(len(tiff) - 14_000) % 12) + struct.pack("<HHII", 1_000, 4, 1, 1_000) * 4_200
    content = jpeg([(0xE1, b"Exif\0\0" + tiff)])
    started = time.process_time()
    answer = planned(content, tag_for(content))
    assert isinstance(answer, NeedsSidecar)
    assert "too many entries" in answer.reason
    assert time.process_time() - started < 0.5


def test_exif_blocks_made_of_traps_are_answered_at_once(
    jpeg: Callable[..., bytes], planned: Planned, tag_for: MakeTag
) -> None:
    order = random.Random(4)
    for _ in range(150):
        size = order.choice([40, 400, 65_000])
        body = bytearray(
            b"II*\0\x08\0\0\0" + order.randbytes(size)
            if order.random() < 0.3
            else b"II*\0\x08\0\0\0" + bytes([9, 0, 0x69, 0x87, 4, 0, 1, 0, 0, 0, 8, 0]) * (size // 12)
        )
        for _ in range(order.randrange(60)):
            body[order.randrange(8, len(body))] = order.choice([0, 1, 4, 7, 8, 13, 0x7C, 0x92, 0x69, 0x87, 0xFF])
        content = jpeg([(0xE1, b"Exif\0\0" + bytes(body))])
        started = time.process_time()
        planned(content, tag_for(content))
        assert time.process_time() - started < 0.5


@pytest.fixture(scope="module")
def tagged_files(
    real_jpeg: bytes, with_xmp: WithXmp, planned: Planned, spliced: Spliced, tag_for: MakeTag
) -> list[tuple[bytes, bytes]]:
    """(original, as sent): JPEGs without and with XMP before, and a sidecar with a forerunner."""
    foreign = b"<rdf:RDF " + RDF + b"><rdf:Description xmlns:q='urn:q' q:a='1'/></rdf:RDF>"
    files = []
    for original in (real_jpeg, with_xmp(foreign)):
        splice = planned(original, tag_for(original))
        assert isinstance(splice, Splice)
        files.append((original, spliced(original, splice)))
    return [*files, (foreign, sidecar(tag_for(b"raw"), foreign=foreign))]


def test_a_damaged_file_gives_the_original_or_an_error_never_other_bytes(
    tagged_files: list[tuple[bytes, bytes]],
) -> None:
    order = random.Random(20260314)
    refused = 0
    for original, sent in tagged_files:
        for _ in range(1_500):
            damaged = bytearray(sent)
            for _ in range(order.randint(1, 3)):
                at = order.randrange(len(damaged))
                kind = order.randrange(4)
                if kind == 0:
                    damaged[at] ^= 1 << order.randrange(8)
                elif kind == 1:
                    del damaged[at : at + order.randint(1, 40)]
                elif kind == 2:
                    damaged[at:at] = damaged[: order.randint(1, 40)]
                else:
                    del damaged[at:]
                if not damaged:
                    break
            out = io.BytesIO()
            try:
                untag(io.BytesIO(bytes(damaged)), out)
            except AgentError:
                refused += 1
            else:
                assert out.getvalue() == original
            read_tag(io.BytesIO(bytes(damaged)))
    assert refused > 2_000


def test_a_photo_changed_after_its_head_is_refused_at_the_end(
    tagged_files: list[tuple[bytes, bytes]],
) -> None:
    _, sent = tagged_files[0]
    with pytest.raises(LocalFault, match="changed after it was sent"):
        untag(io.BytesIO(sent[:-2] + b"\0\0"), io.BytesIO())


def test_untag_refuses_a_photo_without_our_tag(real_jpeg: bytes, with_xmp: WithXmp) -> None:
    foreign = with_xmp(b"<rdf:RDF " + RDF + b"/>")
    for content in (real_jpeg, foreign):
        with pytest.raises(UsageError):
            untag(io.BytesIO(content), io.BytesIO())
        assert read_tag(io.BytesIO(content)) is None


def test_a_packet_that_expands_without_end_is_refused(tag_for: MakeTag) -> None:
    content = sidecar(tag_for(b"raw"), foreign=b"x")
    bomb = base64.b64encode(zlib.compress(bytes(64 * 1024 * 1024), 9))
    content = re.sub(rb"(<vpa:Before>)[^<]*", lambda found: found[1] + bomb, content)
    tracemalloc.start()
    try:
        with pytest.raises(LocalFault, match="damaged"):
            untag(io.BytesIO(content), io.BytesIO())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * 1024 * 1024


def test_a_photo_with_two_tags_is_refused(
    tagged_files: list[tuple[bytes, bytes]],
) -> None:
    original, sent = tagged_files[0]
    segment = sent[20 : len(sent) - len(original) + 20]
    twice = sent[:20] + segment + sent[20:]
    with pytest.raises(LocalFault, match="twice"):
        untag(io.BytesIO(twice), io.BytesIO())
    assert read_tag(io.BytesIO(twice)) is None


def test_untagging_comes_out_the_same_however_the_bytes_arrive(tagged_files: list[tuple[bytes, bytes]]) -> None:
    for original, sent in tagged_files:
        for size in (1, 2, 3, 7, 1_000):
            pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
            assert b"".join(untagged_chunks(pieces)) == original


def test_a_large_photo_is_untagged_in_little_memory(
    tmp_path: Path, real_jpeg: bytes, spliced: Spliced, tag_for: MakeTag
) -> None:
    large = real_jpeg + bytes(64 * 1024 * 1024)
    (tmp_path / "large.jpg").write_bytes(large)
    splice = plan(tmp_path / "large.jpg", format="jpeg", tag=tag_for(large))
    assert isinstance(splice, Splice)
    (tmp_path / "sent.jpg").write_bytes(spliced(large, splice))
    del large
    tracemalloc.start()
    try:
        with (tmp_path / "sent.jpg").open("rb") as source, (tmp_path / "out.jpg").open("wb") as out:
            untag(source, out)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024
