"""A real OpenSSH server of the tests' own: its port, host key, account and disk, and ways to break it on purpose.

It listens on loopback only, accepts one key made for it, and everything it needs lies in one temporary folder. As root
it can also be chrooted the way `install/` sets up a school's server, and can log in as an account without privileges,
so that permissions mean something.
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.ports import HOST, free_port

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin:/sbin:" + os.environ.get("PATH", ""))
SUBSYSTEM = Path("/usr/lib/openssh/sftp-server")
AS_ROOT = sys.platform != "win32" and os.geteuid() == 0
QUICK_KEYS = "KexAlgorithms -sntrup761*,mlkem768*"
"""OpenSSH prefers these, and one login then takes 0.07 s of processor time more than by the next."""


def why_not() -> str | None:
    """Why no OpenSSH server can be started on this machine, or None where it can."""
    if sys.platform == "win32":
        return "the tests start OpenSSH's server on Linux and macOS only"
    if SSHD is None or shutil.which("ssh-keygen") is None:
        return "OpenSSH's server (Debian: openssh-server) is not installed here"
    return None


class OpenSSH:
    """One sshd, started on entering and ended, sessions and all, on leaving.

    `root` is the share's root as a client sees it, `disk` the same folder on this machine. `subsystem` is the command
    behind sftp (`internal-sftp` unless given); `unprivileged` logs in as `nobody` (needs root); `chrooted` shuts the
    account into the folder above `disk` (needs root). `user` owns `disk`. `quick_keys=False` leaves it to client and
    server how they agree on keys, as at a school.
    """

    def __init__(
        self,
        *,
        subsystem: str = "internal-sftp",
        chrooted: bool = False,
        unprivileged: bool = False,
        options: tuple[str, ...] = (),
        quick_keys: bool = True,
    ) -> None:
        if (chrooted or unprivileged) and not AS_ROOT:
            raise ValueError("only root can start a server that is chrooted or logs in as somebody else")
        self.host = HOST
        self.port = free_port()
        self.user = "nobody" if unprivileged else getpass.getuser()
        self.chrooted = chrooted
        # sshd wants every folder above a chroot to be root's and closed to others, which /tmp is not.
        self.base = Path(tempfile.mkdtemp(prefix="vpa-sshd-", dir="/var/lib" if chrooted else None))
        self.base.chmod(0o755)
        self.key_file = self.base / "device_key"
        self.known_hosts_file = self.base / "known_hosts"
        self.log_file = self.base / "sshd.log"
        self._host_key_file = self.base / "host_key"
        self._subsystem = subsystem
        self._options = (QUICK_KEYS, *options) if quick_keys else options
        self._process: subprocess.Popen[bytes] | None = None
        self._folders = 0
        self.disk = self.base
        self.root = ""
        self.fresh_root()

    # --- where the photos go -----------------------------------------------------------------------------------------

    def fresh_root(self) -> Path:
        """Make an empty share, set `root` and `disk` to it, and return `disk`."""
        self._folders += 1
        name = f"share-{self._folders}"
        self.disk = self.base / name
        self.disk.mkdir(mode=0o755)
        if sys.platform != "win32" and AS_ROOT:
            import pwd

            account = pwd.getpwnam(self.user)
            os.chown(self.disk, account.pw_uid, account.pw_gid)
        self.root = f"/{name}" if self.chrooted else str(self.disk)
        return self.disk

    # --- life --------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        _keygen(self._host_key_file)
        _keygen(self.key_file)
        authorized = self.base / "authorized_keys"
        authorized.write_bytes(self.key_file.with_suffix(".pub").read_bytes())
        authorized.chmod(0o644)
        self.pin_host_key()
        self._configure()
        self.restart()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.base, ignore_errors=True)

    def restart(self) -> None:
        """Start (again), on the same port."""
        self.stop()
        if AS_ROOT:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's privilege separation folder
        assert SSHD is not None
        command = [SSHD, "-D", "-f", str(self.base / "sshd_config"), "-E", str(self.log_file)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"sshd did not start:\n{self.log_file.read_text()}") from None
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """End the server and every session, as a machine that is switched off would."""
        if self._process is None:
            return
        sessions = self.sessions()
        self._process.kill()
        self._process.wait()
        self._process = None
        _kill(sessions)

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._process is not None

    def sessions(self) -> list[int]:
        """The processes of the connections open now."""
        return _descendants(self._process.pid) if self._process is not None else []

    def cut_sessions(self) -> None:
        """Drop every connection at once; new ones are welcome."""
        _kill(self.sessions())

    def freeze_sessions(self) -> None:
        """Stop answering on every connection without closing any, as after a cable was pulled."""
        _kill(self.sessions(), signal.SIGSTOP)

    def thaw_sessions(self) -> None:
        """Go on answering."""
        _kill(self.sessions(), signal.SIGCONT)

    def change_host_key(self) -> None:
        """Become a different server, as far as a client can see; `known_hosts_file` still has the old key."""
        self._host_key_file.unlink()
        self._host_key_file.with_suffix(".pub").unlink()
        _keygen(self._host_key_file)
        if self.running:
            self.restart()

    def pin_host_key(self) -> None:
        """Write the present host key into `known_hosts_file`."""
        kind, key, *_ = self._host_key_file.with_suffix(".pub").read_text().split()
        self.known_hosts_file.write_text(f"[{self.host}]:{self.port} {kind} {key}\n")
        self.known_hosts_file.chmod(0o644)

    def _configure(self) -> None:
        lines = [
            f"ListenAddress {self.host}",
            f"Port {self.port}",
            f"HostKey {self._host_key_file}",
            f"AuthorizedKeysFile {self.base / 'authorized_keys'}",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "UseDNS no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "MaxStartups 200",
            f"Subsystem sftp {self._subsystem}",
            *self._options,
        ]
        if self.chrooted:
            lines += [f"ChrootDirectory {self.base}", "ForceCommand internal-sftp"]
        (self.base / "sshd_config").write_text("\n".join(lines) + "\n")


def _keygen(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f", str(path)], check=True)


def _descendants(parent: int) -> list[int]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    children: dict[int, list[int]] = {}
    for line in table.splitlines():
        pid, ppid = (int(number) for number in line.split())
        children.setdefault(ppid, []).append(pid)
    found, queue = [], [parent]
    while queue:
        for child in children.get(queue.pop(), []):
            found.append(child)
            queue.append(child)
    return found


def _kill(processes: list[int], how: signal.Signals | None = None) -> None:
    for process in processes:
        try:
            os.kill(process, how or signal.SIGKILL)
        except ProcessLookupError:  # ended by itself meanwhile
            continue
