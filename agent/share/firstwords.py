"""What answers on the share's port if SSH fails: the reason, in words for IT or for a teacher.

The server's banner and its first packet (RFC 4253, section 7.1) are not encrypted, and say which algorithms it offers.
A network that wants its users to log in on a web page first answers every request itself, and not as SSH.
"""

import struct
import time
from dataclasses import dataclass

from agent.errors import ShareUnreachable
from agent.share.sockets import connect

MOST = 64 * 1024  # the most bytes of a first packet (RFC 4253, section 6.1: 35,000 must be understood)
SECONDS = 5.0
_BANNER = b"SSH-2.0-photo-agent\r\n"
_KEXINIT = 20
_LISTS = ("key exchange", "host keys", "ciphers", "ciphers", "MACs", "MACs")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server says before anything is agreed: names of algorithms, by purpose."""

    software: str
    algorithms: dict[str, tuple[str, ...]]


def why_not_ssh(host: str, port: int, ours: dict[str, tuple[str, ...]]) -> str | None:
    """Why no connection can be made to what answers there; None if nothing was found that explains it.

    `ours` are the algorithms that this program has, by the same names as in `Offer`.
    """
    try:
        said = _first_words(host, port)
    except (OSError, ShareUnreachable):
        return None
    if not said.startswith(b"SSH-") and b"\nSSH-" not in said:
        return _not_ssh(host, port, said)
    offer = parse(said)
    if offer is None:
        return None
    missing = [kind for kind, names in offer.algorithms.items() if not set(names) & set(ours.get(kind, names))]
    if not missing:
        return None
    lists = "; ".join(f"{kind}: {', '.join(offer.algorithms[kind])}" for kind in missing)
    return (
        f"{host} is an SSH server ({offer.software}), but it offers only algorithms that this program does "
        f"not use, since they are too old or too rare ({lists}). Nothing was sent. IT must update it, or change its "
        "settings."
    )


def parse(said: bytes) -> Offer | None:
    """The banner and the first packet of an SSH server; None if they are not complete."""
    start = 0 if said.startswith(b"SSH-") else said.index(b"\nSSH-") + 1
    banner, _, packet = said[start:].partition(b"\n")
    if len(packet) < 22 or packet[5] != _KEXINIT:
        return None
    at, algorithms = 22, {}  # length, padding's length, type, and sixteen random bytes
    for kind in _LISTS:
        if len(packet) < at + 4:
            return None
        (length,) = struct.unpack_from(">I", packet, at)
        names = packet[at + 4 : at + 4 + length]
        if len(names) < length:
            return None
        at += 4 + length
        algorithms[kind] = tuple(name for name in names.decode("ascii", "replace").split(",") if name)
    return Offer(_shown(banner.removeprefix(b"SSH-2.0-")), algorithms)


def _first_words(host: str, port: int) -> bytes:
    with connect(host, port, SECONDS) as connection:
        connection.settimeout(SECONDS)
        connection.sendall(_BANNER)
        said, until = b"", time.monotonic() + 2 * SECONDS
        while time.monotonic() < until and len(said) < MOST and (parse(said) if _speaks_ssh(said) else None) is None:
            try:
                piece = connection.recv(MOST)
            except (TimeoutError, ConnectionError):
                break
            if not piece or b"</html" in piece.lower():
                said += piece
                break
            said += piece
        return said


def _speaks_ssh(said: bytes) -> bool:
    return said.startswith(b"SSH-") or b"\nSSH-" in said


def _not_ssh(host: str, port: int, said: bytes) -> str | None:
    if not said:
        return None
    start = said[:4096].lower()
    if start.startswith((b"http/", b"<!doctype", b"<html")) or b"<html" in start:
        return (
            f"This network requires you to log in on a web page first: a web page answered instead of {host}. Open a "
            "web browser, log in to the network, and the photos will be sent then. If no such page appears, tell IT: a "
            f"web server answers on port {port}."
        )
    return (
        f"{host} port {port} answers, but not as an SSH server (it says “{_shown(said)}”). Ask IT for the right port."
    )


def _shown(said: bytes) -> str:
    line = said.strip().split(b"\n")[0][:60].decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "?" for character in line).strip("? ") or "…"
