"""The share's host key: pinned in a known_hosts file of OpenSSH's format, and never learned without a person.

Reads what ssh and ssh-keyscan write: several names on a line, `[host]:port` for other ports, hashed names
(`|1|salt|hmac`, HMAC-SHA1 of the name), `@revoked`. Lines with wildcards or certificate authorities pin no single key
and are skipped.
"""

import base64
import binascii
import codecs
import contextlib
import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from agent.errors import HostKeyRefused
from agent.files.durable import replace_file
from agent.files.named import read_named

LARGEST = 4_000_000
"""The most bytes of a known_hosts file that are read."""

_SSH_PORT = 22


@dataclass(frozen=True, slots=True)
class HostKey:
    """A server's public key: type and key as in known_hosts, and its SHA-256 fingerprint as ssh-keygen -l shows it."""

    type: str
    base64: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a known_hosts file says about one server: keys that it may show, and keys that it must not."""

    keys: tuple[HostKey, ...]
    revoked: tuple[HostKey, ...] = ()


def host_key(kind: str, blob: bytes) -> HostKey:
    """The key with these bytes (RFC 4253, section 6.6)."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    return HostKey(kind, base64.b64encode(blob).decode("ascii"), f"SHA256:{digest}")


def known_name(host: str, port: int) -> str:
    """A server's name in known_hosts."""
    return host.lower() if port == _SSH_PORT else f"[{host.lower()}]:{port}"


def pinned(known_hosts_file: Path, host: str, port: int) -> Pinned:
    """The keys pinned for a server; none if the file is missing. HostKeyRefused if it cannot be read."""
    try:
        text = decoded(read_named(known_hosts_file, LARGEST))
    except FileNotFoundError:
        return Pinned(())
    except OSError as error:
        raise HostKeyRefused(
            f"The file with the share's pinned host key cannot be read ({error.strerror}): {known_hosts_file}. "
            "Nothing was sent."
        ) from error
    return find(text, host, port)


def decoded(content: bytes) -> str:
    """The text of a known_hosts file in UTF-8, or in UTF-16 from PowerShell's `>` or Notepad, without its mark."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if b"\0" in content[:2]:  # UTF-8 text has no NUL; in UTF-16 every letter of a host's name has one
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le", "replace")
    return content.decode("utf-8-sig", "replace")


def find(text: str, host: str, port: int) -> Pinned:
    """The keys that the text of a known_hosts file gives for a server. Pure."""
    name = known_name(host, port)
    keys: list[HostKey] = []
    revoked: list[HostKey] = []
    for line in text.splitlines():
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#") or marker not in {"", "@revoked"}:
            continue
        if not any(_matches(pattern, name) for pattern in fields[0].split(",")):
            continue
        with contextlib.suppress(binascii.Error):  # a damaged line pins nothing: the server stays unknown
            key = host_key(fields[1], base64.b64decode(fields[2], validate=True))
            (revoked if marker else keys).append(key)
    return Pinned(tuple(keys), tuple(revoked))


def _matches(pattern: str, name: str) -> bool:
    if not pattern.startswith("|1|"):
        return pattern.lower() == name
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in pattern[3:].split("|"))
    except ValueError:  # includes binascii.Error, and a missing part
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), "sha1").digest(), digest)


def judge(key: HostKey, known: Pinned, host: str, port: int) -> None:
    """Let the pinned key pass; raise `HostKeyRefused` with both fingerprints for any other. Pure."""
    where = f"{host} port {port}"
    same = [other for other in known.keys if (other.type, other.base64) == (key.type, key.base64)]
    if key.base64 in {other.base64 for other in known.revoked}:
        raise HostKeyRefused(
            f"The server at {where} shows a host key that has been revoked ({key.fingerprint}). "
            "Nothing was sent and nothing removed. Tell IT now."
        )
    if same:
        return
    if not known.keys:
        raise HostKeyRefused(
            f"The server at {where} is not known here: no host key is pinned for it. It shows {key.fingerprint} "
            f"({key.type}). Nothing was sent. Ask IT whether this is the server's fingerprint, then pin it with "
            "“photo-agent init”."
        )
    expected = ", ".join(f"{other.fingerprint} ({other.type})" for other in known.keys)
    raise HostKeyRefused(
        f"The host key of the server at {where} has changed: it was {expected} and is now {key.fingerprint} "
        f"({key.type}). Nothing was sent and nothing removed. Somebody may be pretending to be the server. Tell IT; if "
        "it really has a new key, IT pins it with “photo-agent init --host-key SHA256:…”."
    )


def pin(known_hosts_file: Path, host: str, port: int, key: HostKey) -> None:
    """Make `key` the only one pinned for a server; lines for other servers stay. Written whole or not at all."""
    name = known_name(host, port)
    others = []
    if known_hosts_file.exists():
        for line in decoded(read_named(known_hosts_file, LARGEST)).splitlines():
            fields = line.split()
            ours = fields and not fields[0].startswith(("#", "@")) and _matches_any(fields[0], name)
            if not ours:
                others.append(line)
    replace_file(known_hosts_file, ("\n".join([*others, f"{name} {key.type} {key.base64}"]) + "\n").encode())


def _matches_any(patterns: str, name: str) -> bool:
    return any(_matches(pattern, name) for pattern in patterns.split(","))
