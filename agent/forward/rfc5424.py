"""A record entry as a syslog message (RFC 5424), framed for a stream (RFC 5425, RFC 6587 3.4.1). Pure.

::

    <110>1 2026-03-14T17:00:00Z laptop-17 photo-agent - transferred - {"at":…,"body":{…},"device":…,"event":…,…}

MSGID is the entry's kind. The message is the entry's canonical JSON as the signed record has it, so that it can be
compared with the record on the share; its `device` and `event` together are the event's id, which identifies repeats.
"""

import json
import re
from datetime import UTC, datetime

from agent.forward.event import LogEvent

LOG_AUDIT = 13
"""The facility (RFC 5424, table 1): a record of actions for whoever must account for them."""

NO_STRUCTURED_DATA = "-"
"""The name of a program's own structured data ends in @ and an enterprise number that IANA gave out (RFC 5424, 6.3.2).

The project has none, and 32473, which many use, is for documentation alone (RFC 5612). The names that need no number
(timeQuality, origin, meta) have no field for these facts. The message is JSON and contains them.
"""

LONGEST = 8192
"""Bytes of a message that a receiver SHOULD accept (RFC 5425, 4.3.1), and that rsyslog accepts by default."""

APP_NAME = "photo-agent"
BOM = b"\xef\xbb\xbf"

_NOT_IN_A_HEADER = re.compile(r"[^\x21-\x7e]+")


def message(event: LogEvent) -> bytes:
    """The message, without framing; at most LONGEST bytes."""
    entry = event.entry
    kind = str(entry["kind"])
    head = " ".join(
        (
            f"<{LOG_AUDIT * 8 + event.severity}>1",
            _timestamp(str(entry["at"])),
            _word(str(entry["device"]), 255),
            APP_NAME,
            "-",
            _word(kind, 32),
            NO_STRUCTURED_DATA,
        )
    ).encode()
    whole = head + b" " + _text(event.line)
    if len(whole) <= LONGEST:
        return whole
    # Cut JSON is of no use to a receiver. These fields lead to the whole entry on the share.
    where = {name: entry[name] for name in ("device", "event", "index", "kind")}
    return head + b" " + json.dumps(where | {"leaf_hash": event.leaf_hash, "too_long": True}).encode()


def framed(one: bytes) -> bytes:
    """With its length before it, as a stream needs it: octet counting (RFC 5425, 4.3)."""
    return b"%d %b" % (len(one), one)


def _timestamp(at: str) -> str:
    """RFC 5424, 6.2.3: RFC 3339 with a capital Z and at most six digits of a second."""
    return datetime.fromisoformat(at).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _word(text: str, most: int) -> str:
    """A header field: printable ASCII without spaces, `-` if nothing is left."""
    return _NOT_IN_A_HEADER.sub("_", text)[:most] or "-"


def _text(line: bytes) -> bytes:
    """MSG: UTF-8 begins with a byte order mark (RFC 5424, 6.4). ASCII has none, because JSON parsers prefer that."""
    return line if line.isascii() else BOM + line
