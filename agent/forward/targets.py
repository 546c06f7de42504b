"""The receivers: a syslog server over TLS, and the Elastic Common Schema as JSON Lines into a file or over TLS."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.forward import rfc5424
from agent.forward.event import LogEvent
from agent.forward.lines import append, check
from agent.forward.tls import TlsTrust, hand_over


@dataclass(frozen=True, slots=True)
class SyslogServer:
    """RFC 5424 messages over TLS, according to RFC 5425 (port 6514)."""

    host: str
    port: int
    trust: TlsTrust
    name: str = "syslog"

    @property
    def description(self) -> str:
        """For messages."""
        return f"the syslog server {self.host}:{self.port}"

    def render(self, event: LogEvent) -> bytes:
        """A message with its length before it."""
        return rfc5424.framed(rfc5424.message(event))

    def send(self, payloads: Sequence[bytes]) -> None:
        """Send all events in one connection."""
        hand_over(self.host, self.port, self.trust, b"".join(payloads))

    def try_out(self) -> None:
        """A connection in which nothing is sent."""
        hand_over(self.host, self.port, self.trust, b"")


@dataclass(frozen=True, slots=True)
class EcsServer:
    """JSON Lines over TLS: Logstash's `tcp` input with its `json_lines` codec, a Splunk or Graylog TCP input."""

    host: str
    port: int
    trust: TlsTrust
    name: str = "ecs-server"

    @property
    def description(self) -> str:
        """For messages."""
        return f"the log server {self.host}:{self.port}"

    def render(self, event: LogEvent) -> bytes:
        """One line."""
        return _line(event)

    def send(self, payloads: Sequence[bytes]) -> None:
        """Send all events in one connection."""
        hand_over(self.host, self.port, self.trust, b"".join(payloads))

    def try_out(self) -> None:
        """A connection in which nothing is sent."""
        hand_over(self.host, self.port, self.trust, b"")


@dataclass(frozen=True, slots=True)
class EcsFile:
    """JSON Lines appended to a local file."""

    path: Path
    name: str = "ecs-file"

    @property
    def description(self) -> str:
        """For messages; IT chooses the file's place in agent.toml."""
        return "the file for events"

    def render(self, event: LogEvent) -> bytes:
        """One line."""
        return _line(event)

    def send(self, payloads: Sequence[bytes]) -> None:
        """Append all events at once."""
        append(self.path, b"".join(payloads))

    def try_out(self) -> None:
        """Whether the file, or a new one in its folder, can be written."""
        check(self.path)


def _line(event: LogEvent) -> bytes:
    return json.dumps(event.document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
