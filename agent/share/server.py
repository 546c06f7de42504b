"""Where the share is and how to log in there, as plain values, so that settings can be read without loading SSH."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Transport(StrEnum):
    """Which program encrypts: `auto` is OpenSSH's client if it is installed and can connect, otherwise paramiko."""

    AUTO = "auto"
    OPENSSH = "openssh"
    PARAMIKO = "paramiko"


@dataclass(frozen=True, slots=True)
class Server:
    """An SFTP server, this device's account on it, and how to treat it.

    `root` is the agent's root on the share, `device` this device's name (it marks temporary files as its own). Up to
    `connections` send at once, and as many read back; if it is one, that connection does both. `bandwidth_kib_per_s`
    limits what is sent (0: no limit), `timeout` is how many seconds the server may be silent while an answer is due.
    """

    host: str
    port: int
    user: str
    root: str
    key_file: Path
    known_hosts_file: Path
    device: str
    connections: int = 2
    bandwidth_kib_per_s: int = 0
    timeout: float = 20.0
    transport: Transport = Transport.AUTO
