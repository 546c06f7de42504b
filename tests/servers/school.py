"""A school's server as install/server makes it: groups, one user a device, sshd with the shipped rules, the keeper.

It adds users and groups to this machine and takes them away again, so it starts only as root and where that was asked
for by PHOTO_AGENT_TEST_USERS=1, as in .ci/run. A module takes `school`, `needs_users` and `one_at_a_time` from here.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
import pytest
from filelock import FileLock

from tests.servers.ports import HOST, free_port

SERVER = Path(__file__).resolve().parents[2] / "install" / "server"
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:" + os.environ.get("PATH", ""))
GROUPS = ("photo-agents", "photo-door", "photo-share")
KEEPER = Path("/usr/local/sbin/photo-share-keep")

needs_users = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or os.environ.get("PHOTO_AGENT_TEST_USERS") != "1" or SSHD is None,
    reason="adds users to this machine and starts OpenSSH: as root, with PHOTO_AGENT_TEST_USERS=1",
)


one_at_a_time = (
    # The groups are the machine's: such modules run one after the other, on one worker, and their waiting for one
    # another does not count as time that a test took.
    pytest.mark.xdist_group("users of this machine"),
    pytest.mark.timeout(120, func_only=True),
)


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A command; where it must succeed, what it said is the fault."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@dataclass(frozen=True, slots=True)
class Account:
    """One device as a laptop sees its server; what `tests.laptop.Laptop` needs."""

    device: str
    user: str
    key_file: Path
    known_hosts_file: Path
    port: int
    disk: Path
    host: str = HOST
    root: str = "/photos"


@dataclass(slots=True)
class School:
    """A share in a throw-away folder, and the sshd in front of it."""

    base: Path
    port: int
    mark: str
    users: list[str] = field(default_factory=list)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def share(self) -> Path:
        """The chroot."""
        return self.base / "share"

    @property
    def photos(self) -> Path:
        return self.share / "photos"

    @property
    def visits(self) -> Path:
        return self.photos / "visits"

    @property
    def keys(self) -> Path:
        return self.base / "keys"

    @property
    def log_keys(self) -> Path:
        return self.base / "log-keys.txt"

    # --- the scripts ---------------------------------------------------------------------------------------------

    def script(self, name: str, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A script of install/server, with this server's folders."""
        where: list[str | Path] = ["--keys", self.keys]
        if "--remove" not in arguments:
            where += ["--root", self.share]
        if name == "check-share.sh":
            where += ["--sshd-config", self.base / "sshd_config"]
        else:
            where += ["--log-keys", self.log_keys]
        return run(SERVER / name, *arguments, *where, check=check)

    def keep(self, *options: str) -> subprocess.CompletedProcess[str]:
        """The keeper, once."""
        return run(SERVER / "keep-share.sh", *options, self.share)

    def add(self, device: str, *options: str) -> Account:
        """Enrol a device with its own key; the same key if this is repeated."""
        account = self.account(device)
        if not account.key_file.exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", account.key_file)
        if account.user not in self.users:
            self.users.append(account.user)
        public = account.key_file.with_suffix(".pub").read_text().strip()
        self.script("add-device.sh", device, public, "--user", account.user, *options)
        return account

    def account(self, device: str) -> Account:
        """The account of a device that was let in, or will be."""
        user = f"vpa-{self.mark}-{device.lower().replace('.', '-')}"
        return Account(
            device, user, self.base / f"{user}_key", self.base / "known_hosts", self.port, self.photos, root="/photos"
        )

    # --- sessions ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def client(self, account: Account) -> Iterator[paramiko.SSHClient]:
        """An open connection."""
        client = paramiko.SSHClient()
        client.load_host_keys(str(account.known_hosts_file))
        client.connect(
            HOST,
            self.port,
            account.user,
            key_filename=str(account.key_file),
            look_for_keys=False,
            allow_agent=False,
            timeout=10,
        )
        try:
            yield client
        finally:
            client.close()

    @contextlib.contextmanager
    def sftp(self, account: Account) -> Iterator[paramiko.SFTPClient]:
        """An open SFTP session."""
        with self.client(account) as client, client.open_sftp() as sftp:
            yield sftp

    # --- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start sshd, with the shipped rules."""
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.base / "host_key")
        public = (self.base / "host_key.pub").read_text().split()
        (self.base / "known_hosts").write_text(f"[{HOST}]:{self.port} {public[0]} {public[1]}\n")
        config = configured(self.base, self.port)
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        assert SSHD is not None
        run(SSHD, "-t", "-f", config)
        log = str(self.base / "sshd.log")
        self._process = subprocess.Popen([SSHD, "-D", "-f", str(config), "-E", log], stdin=subprocess.DEVNULL)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError((self.base / "sshd.log").read_text())

    def stop(self) -> None:
        """Stop it, and remove everything that was made."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        for user in self.users:
            run(SERVER / "end-sessions.sh", user, check=False)
            run("userdel", user, check=False)
        shutil.rmtree(self.base)


def configured(base: Path, port: int) -> Path:
    """An sshd_config that includes the shipped rules, with this server's folders in them."""
    snippet = (SERVER / "50-photo-agent.conf").read_text("utf-8")
    assert "ChrootDirectory /srv/photo-share\n" in snippet
    assert "AuthorizedKeysFile /etc/ssh/photo-agents/%u\n" in snippet
    moved = snippet.replace("/srv/photo-share", f"{base}/share").replace("/etc/ssh/photo-agents", f"{base}/keys")
    (base / "50-photo-agent.conf").write_text(moved, "utf-8")
    config = base / "sshd_config"
    lines = (
        f"Include {base}/50-photo-agent.conf",
        f"Port {port}",
        f"ListenAddress {HOST}",
        f"HostKey {base}/host_key",
        "PidFile none",
        "MaxStartups 200",
        "Subsystem sftp internal-sftp",
    )
    config.write_text("\n".join(lines) + "\n")
    return config


@pytest.fixture(scope="module")
def school() -> Iterator[School]:
    """A server with the share made and no device yet. The groups are the machine's: one test module at a time."""
    with FileLock(Path(tempfile.gettempdir()) / "photo-agent-test-users.lock"):
        groups = [group for group in GROUPS if run("getent", "group", group, check=False).returncode != 0]
        keeper = KEEPER.exists()
        # sshd wants every folder above a chroot to be root's and closed to others, which /tmp is not.
        base = Path(tempfile.mkdtemp(prefix="photo-agent-test-", dir="/var/lib"))
        base.chmod(0o755)
        made = School(base, free_port(), secrets.token_hex(3))
        try:
            made.script("make-share.sh")
            made.start()
            yield made
        finally:
            made.stop()
            for group in groups:
                run("groupdel", group, check=False)
            if not keeper:
                KEEPER.unlink(missing_ok=True)


def put(sftp: paramiko.SFTPClient, path: str, content: bytes) -> None:
    """A new file, as the agent makes one."""
    with sftp.open(path, "xw") as file:
        file.write(content)


def taken(sftp: paramiko.SFTPClient, path: str) -> bytes:
    """A file's content."""
    with sftp.open(path) as file:
        return file.read()
