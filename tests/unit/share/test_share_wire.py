"""SFTP packets: the same wherever the bytes are cut; nonsense is reported and not believed."""

import struct
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.share import wire
from agent.share.frames import Frames
from agent.share.wire import Attributes, Malformed, PacketType, Reply, ServerLimits


def packet(kind: int, number: int, body: bytes) -> bytes:
    return struct.pack(">IBI", len(body) + 5, kind, number) + body


@given(
    bodies=st.lists(st.binary(max_size=300), max_size=8),
    cuts=st.lists(st.integers(1, 50), min_size=1),
)
def test_replies_are_the_same_however_the_stream_is_cut(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(packet(PacketType.DATA, n, body) for n, body in enumerate(bodies))
    frames, got, at, turn = Frames(), [], 0, 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        got += frames.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert got == [Reply(PacketType.DATA, n, body) for n, body in enumerate(bodies)]


class Kept:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.content: dict[int, bytes] = {}

    def feed(self, offset: int, data: bytes | memoryview) -> None:
        self.content[offset] = bytes(data)

    def whole(self) -> bytes:
        return b"".join(self.content[offset] for offset in sorted(self.content))


@given(
    contents=st.lists(st.tuples(st.binary(max_size=300), st.booleans()), max_size=8),
    cuts=st.lists(st.integers(1, 80), min_size=1),
)
def test_what_goes_to_a_sink_is_the_same_however_the_stream_is_cut(
    contents: list[tuple[bytes, bool]], cuts: list[int]
) -> None:
    sinks = {n: Kept() for n, (_, sunk) in enumerate(contents) if sunk}
    frames, got, at, turn = Frames(lambda n: (sinks[n], 1000) if n in sinks else None), [], 0, 0
    stream = b"".join(packet(PacketType.DATA, n, wire.string(content)) for n, (content, _) in enumerate(contents))
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        got += frames.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert [reply.request for reply in got] == list(range(len(contents)))
    for reply, (content, sunk) in zip(got, contents, strict=True):
        assert reply.body == (len(content).to_bytes(8, "big") if sunk else wire.string(content))
        if sunk:
            assert sinks[reply.request].whole() == content
            assert min(sinks[reply.request].content, default=1000) == 1000


def test_data_whose_length_does_not_fit_its_packet_goes_to_no_sink() -> None:
    sink = Kept()
    (reply,) = Frames(lambda _: (sink, 0)).feed(packet(PacketType.DATA, 1, struct.pack(">I", 9) + b"short"))
    assert sink.content == {}
    with pytest.raises(Malformed):
        wire.one_string(reply.body)


@pytest.mark.parametrize("length", [0, 4, wire.LARGEST_PACKET + 1, 0xFFFFFFFF])
def test_a_length_that_no_server_sends_is_not_waited_for(length: int) -> None:
    with pytest.raises(Malformed):
        list(Frames().feed(struct.pack(">IBI", length, 101, 1)))


@given(body=st.binary(max_size=200))
def test_a_broken_body_is_malformed_and_nothing_else(body: bytes) -> None:
    for decode in (
        wire.status,
        wire.one_string,
        wire.attributes,
        wire.names,
        wire.limits,
        wire.free_bytes,
        wire.extensions,
    ):
        try:
            decode(body)
        except Malformed:
            continue


def test_attributes_are_read_by_their_flags() -> None:
    everything = struct.pack(">IQIIIII", 0x8000000F, 5, 1, 2, 0o100644, 3, 4) + struct.pack(">I", 1)
    everything += wire.string(b"name") + wire.string(b"value")
    about = wire.attributes(everything)
    assert about == Attributes(5, 0o100644, 4, owner=1)
    assert about.is_file
    assert not about.is_folder
    assert wire.attributes(struct.pack(">I", 0)) == Attributes()
    assert wire.attributes(struct.pack(">II", 4, 0o40755)).is_folder
    assert not wire.attributes(struct.pack(">II", 4, 0o120777)).is_file, "a link is no file"


def test_a_status_without_a_message_is_understood() -> None:
    assert wire.status(struct.pack(">I", 4)) == (4, "")
    assert wire.status(struct.pack(">I", 4) + wire.string(b"Failure") + wire.string(b"en")) == (4, "Failure")


def test_limits_and_space_are_read() -> None:
    assert wire.limits(struct.pack(">QQQQ", 262144, 261120, 261120, 1019)) == ServerLimits(262144, 261120, 261120, 1019)
    assert wire.free_bytes(struct.pack(">11Q", 9, 4096, 0, 0, 10, 0, 0, 0, 0, 0, 0)) == 40960


def test_requests_are_as_the_draft_has_them() -> None:
    assert wire.frame(wire.on_path(PacketType.REMOVE, b"a"), 7) == (
        bytes.fromhex("0000000a 0d 00000007 00000001 61"),
        b"",
    )
    assert wire.greeting() == bytes.fromhex("00000005 01 00000003")
    head, data = wire.frame(wire.write(b"h", 1, b"xy"), 7)
    assert head == bytes.fromhex("00000018 06 00000007 00000001 68 0000000000000001 00000002")
    assert data == b"xy"


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        (wire.names, struct.pack(">I", 2**31)),
        (wire.names, struct.pack(">I", 2**32 - 1) + wire.string(b"name") * 2),
        (wire.attributes, struct.pack(">II", 0x80000000, 2**31)),
        (wire.attributes, struct.pack(">II", 0x80000000, 2**32 - 1) + wire.string(b"x") * 3),
        (wire.names, struct.pack(">II", 1, 10_000_000) + b"short"),
        (wire.handle, wire.string(bytes(257))),
        (wire.handle, wire.string(bytes(600_000))),
        (wire.status, b"\0\0\0"),
        (wire.free_bytes, bytes(39)),
    ],
    ids=lambda value: getattr(value, "__name__", None) or f"{len(value)} bytes",  # a whole body is too long for Windows
)
def test_what_a_hostile_server_counts_is_bounded_by_its_packet(decode: Callable[[bytes], object], body: bytes) -> None:
    started = time.process_time()
    with pytest.raises(wire.Malformed):
        decode(body)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("length", [wire.LARGEST_PACKET + 1, 2**31, 2**32 - 1, 0, 4])
def test_a_packet_that_no_server_sends_is_refused_by_its_length(length: int) -> None:
    with pytest.raises(wire.Malformed):
        list(Frames().feed(struct.pack(">IBI", length, wire.PacketType.NAME, 1)))


def test_what_a_server_says_is_shown_short_and_without_control_characters() -> None:
    said = ("Quota\x1b[2J\n exceeded " + "x" * 900_000).encode()
    code, message = wire.status(struct.pack(">I", 4) + wire.string(said))
    assert code == 4
    assert len(message) <= wire.LONGEST_MESSAGE
    assert message.isprintable()


def test_the_line_for_people_tells_the_type_where_the_attributes_do_not() -> None:
    entry = wire.string(b"v1") + wire.string(b"drwxr-xr-x 1 u g 0 Jan 1 2026 v1") + struct.pack(">II", 4, 0o755)
    ((_, about),) = wire.names(struct.pack(">I", 1) + entry)
    assert about.is_folder


def test_a_server_that_sends_a_text_first_is_called_that() -> None:
    with pytest.raises(Malformed, match="sends a text first; tell IT"):
        list(Frames().feed(b"Welcome to the school's server!\r\n"))
