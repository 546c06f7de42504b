"""A record entry as a syslog message (RFC 5424), framed for a stream (RFC 5425, RFC 6587 3.4.1). Pure.

::

    <110>1 2026-03-14T17:00:00Z laptop-17 photo-agent - transferred [visitPhotoAgent@32473 eventId="…" …] {"at":…}

MSGID is the entry's kind. The structured data has what rules and dashboards ask for; the message itself is the entry's
canonical JSON as the signed record has it, so that it can be compared with what lies on the share.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from agent.forward.event import Event

LOG_AUDIT = 13
"""The facility (RFC 5424, table 1): what was done, kept for whoever must account for it."""

WARNING, NOTICE, INFORMATIONAL = 4, 5, 6

SEVERITIES: Mapping[str, int] = {
    "share-refused": WARNING,
    "refused": WARNING,
    "overdue": WARNING,
    "leftover-reported": WARNING,
    "erased": NOTICE,
    "key-rotated": NOTICE,
    "register-changed": NOTICE,
    "enrolled": NOTICE,
    "carried-over": NOTICE,
    "inspected": NOTICE,
}
"""Of kinds a person may have to look at; all others are informational."""

SD_ID = "visitPhotoAgent@32473"
"""The name of our structured data. 32473 is the number set aside for examples (RFC 5612): the project has none."""

LONGEST = 8192
"""Bytes of a message that a receiver SHOULD take (RFC 5425, 4.3.1), and that rsyslog takes unless told otherwise."""

APP_NAME = "photo-agent"
BOM = b"\xef\xbb\xbf"

_NOT_IN_A_HEADER = re.compile(r"[^\x21-\x7e]+")


def message(event: Event) -> bytes:
    """The message, without framing; at most LONGEST bytes."""
    entry = event.entry
    kind = str(entry["kind"])
    head = " ".join(
        (
            f"<{LOG_AUDIT * 8 + SEVERITIES.get(kind, INFORMATIONAL)}>1",
            _timestamp(str(entry["at"])),
            _word(str(entry["device"]), 255),
            APP_NAME,
            "-",
            _word(kind, 32),
            _structured(event),
        )
    ).encode()
    whole = head + b" " + _text(event.line)
    if len(whole) <= LONGEST:
        return whole
    # Cut JSON is worth nothing to a receiver. What the structured data says leads to the whole entry on the share.
    return head + b" the entry is too long for syslog: it is in the record on the share"


def framed(one: bytes) -> bytes:
    """With its length before it, as a stream needs it: octet counting (RFC 5425, 4.3)."""
    return b"%d %b" % (len(one), one)


def _timestamp(at: str) -> str:
    """RFC 5424, 6.2.3: RFC 3339 with a capital Z and at most six digits of a second."""
    return datetime.fromisoformat(at).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _word(text: str, most: int) -> str:
    """A header field: printable ASCII without spaces, `-` where nothing is left."""
    return _NOT_IN_A_HEADER.sub("_", text)[:most] or "-"


def _text(line: bytes) -> bytes:
    """MSG: UTF-8 begins with a byte order mark (RFC 5424, 6.4). ASCII goes without: parsers of JSON like it so."""
    return line if line.isascii() else BOM + line


def _structured(event: Event) -> str:
    entry = event.entry
    body = entry.get("body")
    params = {"eventId": event.id, "index": event.index, "leafHash": event.leaf_hash, "device": entry["device"]}
    if isinstance(body, Mapping):
        params |= {name: body[name] for name in ("visit", "photo", "transfer", "staff") if body.get(name)}
    return f"[{SD_ID} " + " ".join(f'{name}="{_escaped(str(value))}"' for name, value in params.items()) + "]"


def _escaped(value: str) -> str:
    r"""PARAM-VALUE: `"`, `\` and `]` each with a backslash before it (RFC 5424, 6.3.3)."""
    return re.sub(r'(["\\\]])', r"\\\1", value)
