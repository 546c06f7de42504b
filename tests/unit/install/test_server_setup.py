"""The server's set-up, done for real: groups, users, folders, an sshd with the snippet, and what devices may do there.

It adds users and groups to this machine and takes them away again, so it runs only as root and where it was asked for
by PHOTO_AGENT_TEST_USERS=1, as in .ci/run.
"""

import contextlib
import os
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest
from filelock import FileLock

SERVER = Path(__file__).resolve().parents[3] / "install" / "server"
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:" + os.environ.get("PATH", ""))

pytestmark = [
    pytest.mark.skipif(SSHD is None, reason="OpenSSH's server (Debian: openssh-server) is not installed here"),
]
needs_users = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or os.environ.get("PHOTO_AGENT_TEST_USERS") != "1",
    reason="adds users to this machine: as root, with PHOTO_AGENT_TEST_USERS=1",
)


def _run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@dataclass(frozen=True)
class Server:
    """A share in a throw-away folder, and the sshd in front of it."""

    base: Path
    port: int
    users: tuple[str, str]

    @property
    def photos(self) -> Path:
        return self.base / "share" / "photos"

    def add(self, device: str, user: str) -> subprocess.CompletedProcess[str]:
        key = self.base / f"{user}_key"
        if not key.exists():
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        return self.script("add-device.sh", device, key.with_suffix(".pub").read_text().strip(), "--user", user)

    def script(self, name: str, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        folders = ("--keys", self.base / "keys", *(() if "--remove" in arguments else ("--root", self.base / "share")))
        return _run(SERVER / name, *arguments, *folders, check=check)

    def keep(self) -> None:
        _run(SERVER / "keep-share.sh", self.base / "share")

    @contextlib.contextmanager
    def logged_in(self, user: str) -> Iterator["paramiko.SFTPClient"]:
        with self._client(user) as client, client.open_sftp() as sftp:
            yield sftp

    def shell(self, user: str) -> bytes:
        with self._client(user) as client:
            _, out, _ = client.exec_command("id", timeout=10)
            return out.read()

    @contextlib.contextmanager
    def _client(self, user: str) -> Iterator["paramiko.SSHClient"]:
        client = paramiko.SSHClient()
        client.load_host_keys(str(self.base / "known_hosts"))
        key = str(self.base / f"{user}_key")
        client.connect(
            "127.0.0.1", self.port, user, key_filename=key, look_for_keys=False, allow_agent=False, timeout=10
        )
        try:
            yield client
        finally:
            client.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    # The groups are the machine's: where tests run on several cores, one after the other.
    with FileLock(Path(tempfile.gettempdir()) / "photo-agent-test-users.lock"):
        yield from _server()


def _server() -> Iterator[Server]:
    # sshd wants every folder above a chroot to be root's and closed to others, which /tmp is not.
    base = Path(tempfile.mkdtemp(prefix="photo-agent-test-", dir="/var/lib"))
    base.chmod(0o755)
    mark = secrets.token_hex(3)
    users = (f"vpa-{mark}-a", f"vpa-{mark}-b")
    ours = ("photo-agents", "photo-share")
    groups = [group for group in ours if _run("getent", "group", group, check=False).returncode != 0]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = None
    try:
        made = Server(base, port, users)
        made.script("make-share.sh")
        made.add("Laptop-A", users[0])
        made.add("Laptop-B", users[1])
        process = _start_sshd(base, port)
        yield made
    finally:
        if process is not None:
            process.terminate()
            process.wait(10)
        for user in users:
            _run("userdel", user, check=False)
        for group in groups:
            _run("groupdel", group, check=False)
        shutil.rmtree(base)


def _start_sshd(base: Path, port: int) -> "subprocess.Popen[bytes]":
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", base / "host_key")
    public = (base / "host_key.pub").read_text().split()
    (base / "known_hosts").write_text(f"[127.0.0.1]:{port} {public[0]} {public[1]}\n")
    config = _config(base, port)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    assert SSHD is not None
    _run(SSHD, "-t", "-f", config)
    process = subprocess.Popen([SSHD, "-D", "-f", str(config), "-E", str(base / "sshd.log")], stdin=subprocess.DEVNULL)
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process
        time.sleep(0.05)
    raise AssertionError((base / "sshd.log").read_text())


def _config(base: Path, port: int) -> Path:
    snippet = (SERVER / "50-photo-agent.conf").read_text("utf-8")
    assert "ChrootDirectory /srv/photo-share\n" in snippet
    assert "AuthorizedKeysFile /etc/ssh/photo-agents/%u\n" in snippet
    moved = snippet.replace("/srv/photo-share", f"{base}/share").replace("/etc/ssh/photo-agents", f"{base}/keys")
    (base / "50-photo-agent.conf").write_text(moved, "utf-8")
    config = base / "sshd_config"
    lines = (
        f"Include {base}/50-photo-agent.conf",
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {base}/host_key",
        "PidFile none",
        "Subsystem sftp internal-sftp",
    )
    config.write_text("\n".join(lines) + "\n")
    return config


def test_sshd_takes_the_snippet_and_holds_the_devices_alone_to_it(tmp_path: Path) -> None:
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "host_key")
    config = _config(tmp_path, 2222)
    assert SSHD is not None
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    _run(SSHD, "-t", "-f", config)
    everyone = _run(SSHD, "-T", "-f", config, "-C", "user=nobody,host=x,addr=192.0.2.1").stdout.lower()
    assert "forcecommand none" in everyone
    assert "chrootdirectory none" in everyone
    assert "port 2222" in everyone  # what follows the Include is not inside the Match


@needs_users
def test_a_device_gets_sftp_only_even_if_its_shell_is_changed(server: Server) -> None:
    assert SSHD is not None
    rules = _run(SSHD, "-T", "-f", server.base / "sshd_config", "-C", f"user={server.users[0]},host=x,addr=192.0.2.1")
    assert "forcecommand internal-sftp" in rules.stdout
    for rule in ("disableforwarding yes", "permittty no", "permittunnel no", "passwordauthentication no"):
        assert rule in rules.stdout
    assert f"authorizedkeysfile {server.base}/keys/%u" in rules.stdout


@needs_users
def test_a_device_is_shut_in_and_has_no_shell(server: Server) -> None:
    with server.logged_in(server.users[0]) as sftp:
        assert set(sftp.listdir("/")) == {"dev", "photos"}
        with pytest.raises(FileNotFoundError):
            sftp.stat("/etc/passwd")
    assert b"uid=" not in server.shell(server.users[0])


@needs_users
def test_a_device_reads_the_register_and_cannot_change_it(server: Server) -> None:
    (server.photos / "register" / "visits.csv").write_text("id\n")
    with server.logged_in(server.users[0]) as sftp:
        with sftp.open("/photos/register/visits.csv") as file:
            assert file.read() == b"id\n"
        for act in (
            lambda: sftp.open("/photos/register/visits.csv", "w"),
            lambda: sftp.open("/photos/register/new.csv", "w"),
            lambda: sftp.remove("/photos/register/visits.csv"),
            lambda: sftp.rename("/photos/register/visits.csv", "/photos/visits/visits.csv"),
            lambda: sftp.open("/photos/new", "w"),
            lambda: sftp.mkdir("/new"),
        ):
            with pytest.raises(PermissionError):
                act()


@needs_users
def test_two_devices_share_a_visits_folder_and_neither_can_harm_the_others_photos(server: Server) -> None:
    visit = f"/photos/visits/{secrets.token_hex(4)}"
    one, other = server.users
    with server.logged_in(one) as sftp:
        sftp.mkdir(visit)  # as the agent does it: modes are left to the server
        _put(sftp, f"{visit}/a.jpg", b"a")
    server.keep()
    with server.logged_in(other) as sftp:
        _put(sftp, f"{visit}/b.jpg", b"b")
        assert sorted(sftp.listdir(visit)) == ["a.jpg", "b.jpg"]
        _cannot_harm(sftp, visit, "a.jpg")
    with server.logged_in(one) as sftp:  # who made the folder has no more power in it
        _cannot_harm(sftp, visit, "b.jpg")
        _put(sftp, f"{visit}/.uploading-a.part", b"c")
        sftp.rename(f"{visit}/.uploading-a.part", f"{visit}/c.jpg")
    assert {path.name: path.read_bytes() for path in (server.photos / "visits" / Path(visit).name).iterdir()} == {
        "a.jpg": b"a",
        "b.jpg": b"b",
        "c.jpg": b"c",
    }


def _put(sftp: "paramiko.SFTPClient", path: str, content: bytes) -> None:
    with sftp.open(path, "xw") as file:
        file.write(content)


def _cannot_harm(sftp: "paramiko.SFTPClient", visit: str, name: str) -> None:
    for act in (
        lambda: sftp.open(f"{visit}/{name}", "w"),
        lambda: sftp.open(f"{visit}/{name}", "r+"),
        lambda: sftp.remove(f"{visit}/{name}"),
        lambda: sftp.rename(f"{visit}/{name}", f"{visit}/x.jpg"),
        lambda: sftp.posix_rename(f"{visit}/{name}", f"{visit}/x.jpg"),
        lambda: sftp.chmod(f"{visit}/{name}", 0o666),
        lambda: sftp.truncate(f"{visit}/{name}", 0),
        lambda: sftp.rename(visit, f"{visit}-gone"),
        lambda: sftp.chmod(visit, 0o777),
    ):
        with pytest.raises(OSError, match=r"."):
            act()


@needs_users
def test_a_device_writes_its_own_record_and_no_other(server: Server) -> None:
    with server.logged_in(server.users[0]) as sftp:
        _put(sftp, "/photos/record/Laptop-A/1", b"x")
        with pytest.raises(PermissionError):
            _put(sftp, "/photos/record/Laptop-B/1", b"x")
        with pytest.raises(PermissionError):
            sftp.mkdir("/photos/record/Laptop-C")


@needs_users
def test_the_keeper_cannot_be_led_out_of_the_share_by_a_link(server: Server, tmp_path: Path) -> None:
    before = stat.S_IMODE(tmp_path.stat().st_mode)
    link = server.photos / "visits" / secrets.token_hex(4)
    link.symlink_to(tmp_path)
    os.lchown(link, 65534, 65534)
    server.keep()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == before
    assert tmp_path.stat().st_uid == os.geteuid()
    link.unlink()


@needs_users
def test_a_removed_device_cannot_log_in_and_what_it_sent_stays(server: Server) -> None:
    user = server.users[1]
    server.script("add-device.sh", "--remove", user)
    with pytest.raises(paramiko.AuthenticationException), server.logged_in(user):
        pass
    assert (server.photos / "record" / "Laptop-B").is_dir()
    server.add("Laptop-B", user)
    with server.logged_in(user) as sftp:
        assert sftp.listdir("/photos/record/Laptop-B") == []


@needs_users
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Laptop-A", "ssh-rsa AAAA"), "ssh-ed25519"),
        (("Laptop-A", "ssh-ed25519 AAAA"), "no whole SSH key"),
        (("Laptop-A", "ssh-ed25519 AAAA\ncommand=x ssh-ed25519 AAAA"), "one line"),
        (("../x", "ssh-ed25519 AAAA"), "device's name"),
        ((".x", "ssh-ed25519 AAAA"), "device's name"),
        (("1", "ssh-ed25519 AAAA"), "--user"),
        (("--remove", "root"), "no device"),
    ],
)
def test_what_would_loosen_the_rules_is_refused(server: Server, arguments: tuple[str, ...], said: str) -> None:
    done = server.script("add-device.sh", *arguments, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert sorted(path.name for path in (server.base / "keys").iterdir()) == sorted(server.users)


@needs_users
def test_a_user_who_is_no_device_is_not_shut_in(server: Server) -> None:
    key = (server.base / f"{server.users[0]}_key.pub").read_text().strip()
    done = server.script("add-device.sh", "Laptop-Z", key, "--user", "nobody", check=False)
    assert done.returncode == 2
    assert "no device" in done.stderr


@needs_users
def test_making_the_share_again_changes_nothing_that_was_sent(server: Server) -> None:
    kept = server.photos / "visits" / "kept"
    kept.mkdir()
    (kept / "a.jpg").write_bytes(b"a")
    server.script("make-share.sh")
    assert (kept / "a.jpg").read_bytes() == b"a"
    assert stat.S_IMODE((server.photos / "visits").stat().st_mode) == 0o3770
