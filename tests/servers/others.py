"""SFTP servers that are not OpenSSH's, real ones and one with quirks, each with an account, a folder and a port."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.servers.openssh import SUBSYSTEM
from tests.servers.ports import HOST, free_port

PATHS = "/usr/sbin:/usr/local/sbin:/sbin:" + os.environ.get("PATH", "")
QUIRKY = Path(__file__).with_name("quirky.py")


class OtherServer:
    """One server process, from entering to leaving; `root` is the share as a client sees it, `disk` on this machine."""

    name: ClassVar[str] = ""
    key_type: ClassVar[str] = "ed25519"

    def __init__(self) -> None:
        self.host = HOST
        self.port = free_port()
        self.user = getpass.getuser()
        self.base = Path(tempfile.mkdtemp(prefix=f"vpa-{self.name or 'server'}-"))
        self.base.chmod(0o755)
        self.disk = self.base / "share"
        self.disk.mkdir()
        self.root = str(self.disk)
        self.key_file = self.base / "device_key"
        self.host_key_file = self.base / "host_key"
        self.known_hosts_file = self.base / "known_hosts"
        self.log_file = self.base / "log"
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def why_not(cls) -> str | None:
        """Why it cannot be started here; None where it can."""
        return None if shutil.which("ssh-keygen") else "ssh-keygen (Debian: openssh-client) is not installed here"

    def command(self) -> list[str]:
        """Write what it needs, and say how it is started."""
        raise NotImplementedError

    def host_key_line(self) -> str:
        """The host key's public line."""
        return self.host_key_file.with_suffix(".pub").read_text()

    def __enter__(self) -> Self:
        keygen(self.key_file)
        keygen(self.host_key_file, self.key_type)
        command = self.command()
        kind, key, *_ = self.host_key_line().split()
        self.known_hosts_file.write_text(f"[{self.host}]:{self.port} {kind} {key}\n")
        return self.start(command)

    def start(self, command: list[str]) -> Self:
        """Start it, and wait until it listens."""
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.base)
        deadline = time.monotonic() + 15
        while True:
            try:
                socket.create_connection((self.host, self.port), 1).close()
            except OSError:
                said = self.log_file.read_text("utf-8", "replace")
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} did not start: {said}") from None
                time.sleep(0.05)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.base, ignore_errors=True)


class Quirky(OtherServer):
    """The tests' own server with quirks; its clients see only the share."""

    name = "quirky"

    def __init__(self, quirks: str, program: Path = QUIRKY) -> None:
        super().__init__()
        self.root, self.quirks, self.program = "/", quirks, program

    def command(self) -> list[str]:
        return [sys.executable, str(self.program), str(self.port), str(self.disk), str(self.host_key_file), self.quirks]

    def change(self, quirks: str) -> None:
        """Start it again with other quirks, at the same place with the same files."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(5)
        self.quirks = quirks
        self.start(self.command())

    def written(self) -> int:
        """Bytes that it was given to write, in all."""
        lines = self.log_file.read_text("utf-8", "replace").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("written "))


class ProFTPD(OtherServer):
    """ProFTPD with mod_sftp, as Debian packages it."""

    name = "proftpd"
    MODULE: ClassVar[Path] = Path("/usr/lib/proftpd/mod_sftp.so")

    @classmethod
    def why_not(cls) -> str | None:
        if shutil.which("proftpd", path=PATHS) is None or not cls.MODULE.is_file():
            return "ProFTPD with mod_sftp (Debian: proftpd-core, proftpd-mod-crypto) is not installed here"
        return super().why_not()

    def command(self) -> list[str]:
        rfc4716 = subprocess.run(
            ["ssh-keygen", "-e", "-f", str(self.key_file.with_suffix(".pub"))], check=True, capture_output=True
        ).stdout
        (self.base / "authorized").write_bytes(rfc4716)
        config = self.base / "proftpd.conf"
        modules = "".join(f"LoadModule {path.name[:-3]}.c\n" for path in [self.MODULE])
        config.write_text(
            f"ModulePath {self.MODULE.parent}\n{modules}"
            f"ServerType standalone\nUseIPv6 off\nDefaultAddress {HOST}\nPort {self.port}\nUser {self.user}\n"
            f"Group {'root' if os.geteuid() == 0 else self.user}\nPidFile {self.base / 'pid'}\n"
            f"ScoreboardFile {self.base / 'scoreboard'}\nDelayTable none\nRequireValidShell off\nRootLogin on\n"
            f"UseFtpUsers off\nWtmpLog none\nSystemLog {self.base / 'system.log'}\nAllowOverwrite on\n"
            "<IfModule mod_sftp.c>\n"
            f"SFTPEngine on\nSFTPLog {self.base / 'sftp.log'}\nSFTPHostKey {self.host_key_file}\n"
            f"SFTPAuthMethods publickey\nSFTPAuthorizedUserKeys file:{self.base / 'authorized'}\n"
            "</IfModule>\n"
        )
        program = shutil.which("proftpd", path=PATHS)
        assert program is not None
        return [program, "-n", "-c", str(config)]


class Dropbear(OtherServer):
    """Dropbear, which has OpenSSH's sftp-server started for its clients. It reads keys in an account's home only."""

    name = "dropbear"

    @classmethod
    def why_not(cls) -> str | None:
        if any(shutil.which(name, path=PATHS) is None for name in ("dropbear", "dropbearconvert")):
            return "Dropbear (Debian: dropbear-bin) is not installed here"
        if not SUBSYSTEM.is_file():
            return f"OpenSSH's sftp-server is not at {SUBSYSTEM} here"
        if os.geteuid() != 0 or os.environ.get("PHOTO_AGENT_TEST_USERS") != "1":
            return "Dropbear needs an account of its own: as root, with PHOTO_AGENT_TEST_USERS=1"
        return super().why_not()

    def command(self) -> list[str]:
        self.user = f"vpa-db-{self.port}"
        home = self.base / "home"
        subprocess.run(
            ["useradd", "--system", "--shell", "/bin/sh", "--home-dir", str(home), "--create-home", self.user],
            check=True,
        )
        keys = home / ".ssh"
        keys.mkdir(mode=0o700)
        shutil.copy(self.key_file.with_suffix(".pub"), keys / "authorized_keys")
        subprocess.run(["chown", "-R", self.user, str(home), str(self.disk)], check=True)
        own = self.base / "dropbear_key"
        convert, program = (shutil.which(name, path=PATHS) for name in ("dropbearconvert", "dropbear"))
        assert convert is not None
        assert program is not None
        subprocess.run(
            [convert, "openssh", "dropbear", str(self.host_key_file), str(own)], check=True, capture_output=True
        )
        return [program, "-F", "-E", "-r", str(own), "-p", f"{HOST}:{self.port}", "-s", "-P", str(self.base / "pid")]

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, fault, trace)
        subprocess.run(["userdel", self.user], check=False, capture_output=True)


class AsyncSSH(OtherServer):
    """asyncssh's own SFTP server, as it comes."""

    name = "asyncssh"
    SERVE: ClassVar[str] = """
import asyncio, sys, asyncssh
async def main():
    port, key, authorized = sys.argv[1:]
    await asyncssh.listen("127.0.0.1", int(port), server_host_keys=[key], authorized_client_keys=authorized,
                          sftp_factory=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""

    def command(self) -> list[str]:
        return [
            sys.executable,
            "-c",
            self.SERVE,
            str(self.port),
            str(self.host_key_file),
            str(self.key_file.with_suffix(".pub")),
        ]


def keygen(path: Path, kind: str = "ed25519") -> None:
    """A new key pair."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "tests", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
