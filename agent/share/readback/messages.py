"""What the two processes say to each other: a line of JSON each.

From the engine: first the server (`Server`'s fields); then `read` (a number, with path, size, and perhaps start and
sync), `upto` (so much of that number's file is confirmed), `drop` (nobody waits for it any more) and `widen`.
To the engine: `ready` or `failed` once, `alive` now and then, and for each number `held`, `refused` or `differs`;
`lost` where the connection is.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.share.server import Server

Message = dict[str, Any]


def line(message: Message) -> bytes:
    """A message as it travels."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def parsed(text: bytes) -> Message:
    """A message that came. ValueError where it is none."""
    message = json.loads(text)
    if not isinstance(message, dict):
        raise ValueError("a message is an object")  # noqa: TRY004  # what came is wrong, not what was passed
    return message


def server_message(server: Server) -> Message:
    """A server as a message."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(server).items()}


def server_of(message: Message) -> Server:
    """The server that a message tells of."""
    paths = {name: Path(message[name]) for name in ("key_file", "known_hosts_file")}
    return Server(**{**message, **paths})


def path_text(path: bytes) -> str:
    """A path on the server, whatever its bytes, as text."""
    return path.decode("latin-1")


def path_of(text: str) -> bytes:
    """The path behind such a text."""
    return text.encode("latin-1")
