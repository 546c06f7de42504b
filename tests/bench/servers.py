"""Where the benchmark sends to: sshd on loopback, or behind the WAN emulator in a separate network namespace."""

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.servers.openssh import AS_ROOT, SSHD, OpenSSH

_SHARED = [up / "shared" / "tools" / "wan" / "wan.sh" for up in Path(__file__).resolve().parents[3:5]]
WAN = next(filter(Path.is_file, _SHARED), _SHARED[0])
IN_CLIENT = ("ip", "netns", "exec", "wancli")
IN_SERVER = ("ip", "netns", "exec", "wansrv")


@dataclass(frozen=True, slots=True)
class Link:
    """A network between client and server; `up` are the emulator's arguments, none for loopback.

    The emulator wants the delay of one direction in ms, Mbit/s up and down, and loss in parts per million.
    """

    name: str
    words: str
    up: tuple[str, ...] = ()

    @property
    def before(self) -> tuple[str, ...]:
        """The prefix that starts a command at the client's end."""
        return IN_CLIENT if self.up else ()

    def why_not(self) -> str | None:
        """Why this link cannot be had here; None where it can."""
        if not self.up:
            return None
        if not AS_ROOT:
            return "only root can make network namespaces"
        if not WAN.exists():
            return "the WAN emulator is not there"
        missing = [tool for tool in ("ip", "gcc") if shutil.which(tool) is None]
        return f"{', '.join(missing)} not installed" if missing else None

    def start(self) -> None:
        """Have the link."""
        if self.up:
            subprocess.run([WAN, "up", *self.up], check=True, stdout=subprocess.DEVNULL)

    def end(self) -> None:
        """Take it away again."""
        if self.up:
            subprocess.run([WAN, "down"], check=False, stdout=subprocess.DEVNULL)


LINKS = (
    Link("loopback", "loopback"),
    Link("lan", "5 ms, 1 Gbit/s", ("2.5", "1000", "1000")),
    Link("home", "40 ms, 100 Mbit/s", ("20", "100", "100")),
    Link("poor", "60 ms, 20 Mbit/s up, 1 % loss", ("30", "20", "100", "10000")),
)


class BenchServer(OpenSSH):
    """OpenSSH at the far end of a link; plain, or chrooted without a shell."""

    def __init__(self, link: Link, *, chrooted: bool) -> None:
        super().__init__(chrooted=chrooted, unprivileged=chrooted, quick_keys=False)
        self.link = link
        if link.up:
            self.host = "10.99.1.2"

    def restart(self) -> None:
        """Start, inside the server's namespace where the link has one."""
        if not self.link.up:
            super().restart()
            return
        self.stop()
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        assert SSHD is not None
        command = [*IN_SERVER, SSHD, "-D", "-f", str(self.base / "sshd_config"), "-E", str(self.log_file)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self.log_file.exists() or "listening" not in self.log_file.read_text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("sshd did not start behind the emulator")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """CPU time of the sshd that listens, including sessions that have ended."""
        assert self._process is not None
        return self._process.pid
