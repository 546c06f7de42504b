"""SFTP version 3 as bytes: requests out, replies in. Pure: no socket, no state.

After draft-ietf-secsh-filexfer-02 and OpenSSH's PROTOCOL file for the extensions. Every packet is a 32-bit length, a
type and (except in the greeting) a 32-bit request id, which pairs a reply with its request.
"""

import struct
from dataclasses import dataclass, field, replace
from enum import IntEnum

VERSION = 3
LARGEST_PACKET = 1024 * 1024  # four times the most that OpenSSH sends; a length beyond it is not SFTP
LONGEST_HANDLE = 256  # bytes (filexfer-02, section 6.2); a longer one would come back with each request
LONGEST_MESSAGE = 200  # the most characters of a server's message that are shown


class PacketType(IntEnum):
    """Packet types of requests and replies."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    STAT = 17
    RENAME = 18
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


class Code(IntEnum):
    """The code of a STATUS reply."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    NO_CONNECTION = 6
    CONNECTION_LOST = 7
    OP_UNSUPPORTED = 8


class Flag(IntEnum):
    """How OPEN opens a file."""

    READ = 0x01
    WRITE = 0x02
    CREAT = 0x08
    EXCL = 0x20


FSYNC = "fsync@openssh.com"
STATVFS = "statvfs@openssh.com"
HARDLINK = "hardlink@openssh.com"
LIMITS = "limits@openssh.com"
OPENSSH = frozenset({FSYNC, STATVFS, HARDLINK})
"""What OpenSSH's own SFTP server has offered since 6.5, without what a school's server denies to its devices."""

_TELLING = frozenset({STATVFS, LIMITS})
_ANSWERS = {
    PacketType.LSTAT: PacketType.ATTRS,
    PacketType.STAT: PacketType.ATTRS,
    PacketType.FSTAT: PacketType.ATTRS,
    PacketType.OPENDIR: PacketType.HANDLE,
    PacketType.READDIR: PacketType.NAME,
}


_TYPES = {b"d": 0o040000, b"l": 0o120000, b"-": 0o100000}


class Malformed(Exception):
    """The bytes received are not SFTP."""


@dataclass(frozen=True, slots=True)
class Request:
    """A packet to be sent: its type, all that follows the request id, and the type of a successful reply.

    `data` comes after the body; separately, so that a photo's bytes are copied as rarely as possible.
    """

    kind: PacketType
    body: bytes = field(repr=False)
    answer: PacketType = PacketType.STATUS
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """A received packet: its type, the request it answers, and all that follows the request id."""

    kind: int
    request: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a server says about a file; None if it does not say.

    `modified` is in seconds since 1970, `owner` a number that means something on that server only.
    """

    size: int | None = None
    permissions: int | None = None
    modified: int | None = None
    owner: int | None = None

    @property
    def _type(self) -> int:
        return 0 if self.permissions is None else self.permissions & 0o170000

    @property
    def says_type(self) -> bool:
        """Whether the server says what kind of file it is; some send permissions without the type, or none."""
        return self._type != 0

    @property
    def is_folder(self) -> bool:
        """Whether the server says that it is a folder."""
        return self._type == 0o040000

    @property
    def is_link(self) -> bool:
        """Whether the server says that it is a symbolic link."""
        return self._type == 0o120000

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file; one without a stated type is taken for one."""
        return self._type in {0, 0o100000}


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """limits@openssh.com: the longest packet, read and write in bytes, and open handles; 0 means no limit."""

    packet: int = 0
    read: int = 0
    write: int = 0
    handles: int = 0


# --- Requests --------------------------------------------------------------------------------------------------------


def frame(request: Request, number: int) -> tuple[bytes, bytes]:
    """The packet, starting with its length and request id, and its data."""
    length = len(request.body) + len(request.data) + 5
    return struct.pack(">IBI", length, request.kind, number) + request.body, request.data


def greeting() -> bytes:
    """The first packet of a session; the only one without a request id."""
    return struct.pack(">IBI", 5, PacketType.INIT, VERSION)


def string(value: bytes) -> bytes:
    """A length and the bytes."""
    return struct.pack(">I", len(value)) + value


def on_path(kind: PacketType, path: bytes) -> Request:
    """LSTAT, STAT, OPENDIR or REMOVE."""
    return Request(kind, string(path), _ANSWERS.get(kind, PacketType.STATUS))


def on_handle(kind: PacketType, handle: bytes) -> Request:
    """CLOSE, FSTAT or READDIR."""
    return Request(kind, string(handle), _ANSWERS.get(kind, PacketType.STATUS))


def open_file(path: bytes, flags: int) -> Request:
    """OPEN; permissions are left to the server."""
    return Request(PacketType.OPEN, string(path) + struct.pack(">II", flags, 0), PacketType.HANDLE)


def make_folder(path: bytes) -> Request:
    """MKDIR; permissions are left to the server."""
    return Request(PacketType.MKDIR, string(path) + struct.pack(">I", 0))


def read(handle: bytes, offset: int, length: int) -> Request:
    """READ up to `length` bytes from `offset`."""
    return Request(PacketType.READ, string(handle) + struct.pack(">QI", offset, length), PacketType.DATA)


def write(handle: bytes, offset: int, data: bytes) -> Request:
    """WRITE all of `data` at `offset`."""
    return Request(PacketType.WRITE, string(handle) + struct.pack(">QI", offset, len(data)), data=data)


def rename(old: bytes, new: bytes) -> Request:
    """RENAME in version 3: on OpenSSH it fails if `new` exists."""
    return Request(PacketType.RENAME, string(old) + string(new))


def extended(name: str, *fields: bytes) -> Request:
    """EXTENDED with string arguments, answered by a STATUS (fsync@openssh.com, hardlink@openssh.com) or a reply."""
    answer = PacketType.EXTENDED_REPLY if name in _TELLING else PacketType.STATUS
    return Request(PacketType.EXTENDED, string(name.encode("ascii")) + b"".join(map(string, fields)), answer)


# --- Replies ---------------------------------------------------------------------------------------------------------


def _take_string(body: bytes, at: int) -> tuple[bytes, int]:
    if len(body) < at + 4:
        raise Malformed("a string without a length")
    (length,) = struct.unpack_from(">I", body, at)
    end = at + 4 + length
    if len(body) < end:
        raise Malformed("a string longer than its packet")
    return body[at + 4 : end], end


def _take_attributes(body: bytes, at: int) -> tuple[Attributes, int]:
    size = permissions = modified = owner = None
    try:
        (flags,) = struct.unpack_from(">I", body, at)
        at += 4
        if flags & 0x1:
            (size,) = struct.unpack_from(">Q", body, at)
            at += 8
        if flags & 0x2:
            owner, _ = struct.unpack_from(">II", body, at)
            at += 8
        if flags & 0x4:
            (permissions,) = struct.unpack_from(">I", body, at)
            at += 4
        if flags & 0x8:
            _, modified = struct.unpack_from(">II", body, at)
            at += 8
        if flags & 0x80000000:
            (count,) = struct.unpack_from(">I", body, at)
            at += 4
            for _ in range(2 * count):
                _, at = _take_string(body, at)
    except struct.error as error:
        raise Malformed("attributes longer than their packet") from error
    return Attributes(size, permissions, modified, owner), at


def extensions(body: bytes) -> dict[str, str]:
    """Names and versions of the extensions in a VERSION packet (after its version number)."""
    found, at = {}, 0
    while at < len(body):
        name, at = _take_string(body, at)
        value, at = _take_string(body, at)
        found[name.decode("ascii", "replace")] = value.decode("ascii", "replace")
    return found


def status(body: bytes) -> tuple[int, str]:
    """Code and message of a STATUS packet, shortened and printable; some old servers send no message."""
    if len(body) < 4:
        raise Malformed("a status without a code")
    (code,) = struct.unpack_from(">I", body)
    message = _take_string(body, 4)[0] if len(body) >= 8 else b""
    text = message[: 4 * LONGEST_MESSAGE].decode("utf-8", "replace")
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return code, text[:LONGEST_MESSAGE].strip()


def one_string(body: bytes) -> bytes:
    """The bytes of a DATA packet."""
    return _take_string(body, 0)[0]


def handle(body: bytes) -> bytes:
    """The handle of a HANDLE packet."""
    value = one_string(body)
    if len(value) > LONGEST_HANDLE:
        raise Malformed(f"a handle of {len(value)} bytes")
    return value


def attributes(body: bytes) -> Attributes:
    """The attributes in an ATTRS packet."""
    return _take_attributes(body, 0)[0]


def names(body: bytes) -> list[tuple[bytes, Attributes]]:
    """The entries of a NAME packet. The line meant for people helps if the attributes do not state the type."""
    if len(body) < 4:
        raise Malformed("names without a count")
    (count,) = struct.unpack_from(">I", body)
    found, at = [], 4
    for _ in range(count):
        name, at = _take_string(body, at)
        line, at = _take_string(body, at)
        about, at = _take_attributes(body, at)
        if not about.says_type and line[:1] in _TYPES:  # as "ls -l" shows it
            about = replace(about, permissions=(about.permissions or 0) | _TYPES[line[:1]])
        found.append((name, about))
    return found


def limits(body: bytes) -> ServerLimits:
    """The limits in a reply to limits@openssh.com."""
    try:
        return ServerLimits(*struct.unpack_from(">QQQQ", body))
    except struct.error as error:
        raise Malformed("limits shorter than four numbers") from error


def free_bytes(body: bytes) -> int:
    """What this account may still write, by statvfs@openssh.com: available blocks times their size."""
    try:
        _, fragment, _, _, available = struct.unpack_from(">QQQQQ", body)
    except struct.error as error:
        raise Malformed("statvfs shorter than its numbers") from error
    return int(fragment * available)
