"""A folder of enrolment files, as laptops leave them with `init --enrolment`, taken by the server; some are hostile."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.pipeline.enrol import Enrolment
from agent.pipeline.enrolment import FIRST_LINE, leave, text_of
from agent.record.keys import read_keys
from agent.share import make_key
from tests.platforms import links
from tests.servers.school import School, needs_users, one_at_a_time, run, school  # noqa: F401

pytestmark = [*one_at_a_time]


def enrolment(device: str, folder: Path, user: str = "") -> Enrolment:
    """What `init` would have made, with its own keys."""
    keys = [
        make_key(folder / f"key-{len(list(folder.iterdir()))}", comment)
        for comment in (f"photo-agent {device}", f"photo-agent log {device}")
    ]
    return Enrolment(device, user or device.lower(), keys[0], keys[1])


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "enrolments"
    made.mkdir()
    return made


def test_init_leaves_a_file_that_says_all_that_it_needs(tmp_path: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "agent.cli", "init", "--staff", "Zoë Smith", "--watch", str(tmp_path / "photos")]
    command += ["--host", "photos.school.example", "--user", "laptop-17", "--name", "Laptop-17", "--no-server"]
    command += ["--timezone", "Europe/London", "--enrolment", str(folder)]
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), "PATH": os.environ["PATH"]}
    if sys.platform == "win32":
        local = {"USERPROFILE": str(tmp_path), "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(tmp_path / "AppData")}
        home = {**os.environ, **home, **local}
    config = str(tmp_path / "agent.toml")
    command[3:3] = ["--config", config]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=home, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    (file,) = folder.iterdir()
    assert str(file) in done.stderr
    lines = file.read_text("utf-8").splitlines()
    assert lines[0] == FIRST_LINE
    told = dict(line.split(": ", 1) for line in lines[1:])
    assert told.keys() == {"device", "user", "staff", "ssh-key", "log-key", "fingerprint"}
    assert (told["device"], told["user"], told["staff"]) == ("Laptop-17", "laptop-17", "Zoë Smith")
    digest = hashlib.sha256(base64.b64decode(told["ssh-key"].split()[1])).digest()
    assert told["fingerprint"] == "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
    if shutil.which("ssh-keygen"):
        public = tmp_path / "public"
        public.write_text(told["ssh-key"] + "\n")
        assert told["fingerprint"] in run("ssh-keygen", "-l", "-f", public).stdout
    assert read_keys(told["log-key"])[0].name == "visit-photo-agent/Laptop-17"


def test_a_file_is_never_written_over(keys: Path, folder: Path) -> None:
    first, anew = enrolment("laptop-1", keys), enrolment("laptop-1", keys)
    one = leave(first, "j.smith", folder)
    before = one.stat().st_mtime_ns
    assert leave(first, "j.smith", folder) == one
    assert one.stat().st_mtime_ns == before
    assert leave(anew, "j.smith", folder) != one
    assert len(list(folder.iterdir())) == 2


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", [pytest.param("pipe", marks=links), pytest.param("link", marks=links), "another text"])
def test_what_others_put_in_the_files_place_keeps_nobody_waiting(keys: Path, folder: Path, kind: str) -> None:
    one = enrolment("laptop-1", keys)
    file = leave(one, "j.smith", folder)
    content = file.read_bytes()
    elsewhere = folder.parent / "elsewhere"
    elsewhere.write_bytes(content)
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "link":
        file.symlink_to(elsewhere)
    else:
        file.write_bytes(content * 2)
    assert leave(one, "j.smith", folder) == file
    assert not file.is_symlink()
    assert file.is_file()
    assert file.read_bytes() == content == elsewhere.read_bytes()


@pytest.fixture
def devices(school: School) -> Iterator[School]:  # noqa: F811
    """Users that the enrolment files name are removed afterwards."""
    before = {line.split(":")[0] for line in run("getent", "passwd").stdout.splitlines()}
    yield school
    for line in run("getent", "passwd").stdout.splitlines():
        if line.split(":")[0] not in before:
            run("userdel", line.split(":")[0])


@needs_users
def test_a_folder_of_files_is_entered_at_once(devices: School, keys: Path, folder: Path) -> None:
    mark = devices.mark
    made = [enrolment(f"Bulk-{mark}-{number}", keys) for number in range(5)]
    for one in made:
        leave(one, "Zoë Smith", folder)
    done = devices.script("add-device.sh", "--from", folder)
    assert "5 of 5 entered" in done.stdout
    assert f"Bulk-{mark}-3 may log in as bulk-{mark}-3" in done.stdout
    assert {key.name for key in read_keys(devices.log_keys.read_text())} == {
        f"visit-photo-agent/{one.device}" for one in made
    }
    for one in made:
        assert one.ssh_key in (devices.keys / one.user).read_text()
        assert (devices.photos / "record" / one.device).owner() == one.user
    again = devices.script("add-device.sh", "--from", folder)
    assert "5 of 5 entered" in again.stdout
    assert len(read_keys(devices.log_keys.read_text())) == 5


def hostile(mark: str, keys: Path) -> Iterator[tuple[str, bytes, str]]:
    """A name, a content, and what must be said of it."""
    good = enrolment(f"Evil-{mark}", keys)
    text = text_of(good, "j.smith")
    ssh, log = good.ssh_key, good.log_key

    def changed(old: str, new: str) -> bytes:
        assert old in text
        return text.replace(old, new).encode()

    device, user = f"device: {good.device}\n", f"user: {good.user}\n"
    yield "empty", b"", "not an enrolment file"
    yield "large", text.encode() + b"#" * 9000, "too large"
    yield "escapes", changed("j.smith", "\x1b[2Jj.smith"), "control characters"
    yield "twice", changed(device, device * 2), "one device"
    yield "nobody", changed(user, ""), "one user"
    yield "option", changed(device, "device: --remove\n").replace(user.encode(), b"user: --remove\n"), "no device can"
    yield "keys option", changed(device, "device: --keys=/etc\n"), "no device can"
    yield "path", changed(device, "device: ../register\n"), "no device can"
    yield "root", changed(user, "user: root\n"), "not called like its device"
    root = Enrolment("root", "root", ssh, log.replace(good.device, "root"))
    yield "is root", text_of(root, "j.smith").encode(), "not a device"
    yield "command", changed(ssh, f'command="sh" {ssh}'), "ssh-key that is not one"
    yield "rsa", changed("ssh-key: ssh-ed25519", "ssh-key: ssh-rsa"), "ssh-key that is not one"
    yield "half", changed(ssh, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"), "not a whole SSH key"
    yield "two blanks", changed(ssh, ssh.replace(" ", "  ", 1)), "not a whole SSH key"
    yield "another's record", changed(log, log.replace(good.device, "Laptop-B")), "not the log key"
    yield "two log keys", changed(log, f"{log} {log}"), "not the log key"


@needs_users
@pytest.mark.parametrize("number", range(16))
def test_a_hostile_file_is_refused_and_the_others_go_on(devices: School, keys: Path, folder: Path, number: int) -> None:
    name, content, said = list(hostile(devices.mark, keys))[number]
    (folder / f"{name}.enrolment").write_bytes(content)
    leave(enrolment(f"Good-{devices.mark}-{number}", keys), "j.smith", folder)
    before = devices.log_keys.read_text() if devices.log_keys.exists() else ""
    users = run("getent", "passwd").stdout
    done = devices.script("add-device.sh", "--from", folder, check=False)
    assert done.returncode == 1
    assert said in done.stderr, done.stderr
    assert "1 of 2 entered" in done.stdout, done.stdout + done.stderr
    after = devices.log_keys.read_text()
    assert len(after.splitlines()) == len(before.splitlines()) + 1
    fresh = run("getent", "passwd").stdout.replace(users, "")
    assert [line.split(":")[0] for line in fresh.splitlines()] == [f"good-{devices.mark}-{number}"]
    assert all(character.isprintable() or character == "\n" for character in done.stdout + done.stderr)


@needs_users
def test_a_file_cannot_take_the_place_of_a_device_that_is_there(devices: School, keys: Path, folder: Path) -> None:
    device = f"Held-{devices.mark}"
    first = leave(enrolment(device, keys), "j.smith", folder)
    devices.script("add-device.sh", "--from", folder)
    key = (devices.keys / device.lower()).read_text()
    log_keys = devices.log_keys.read_text()
    first.unlink()
    thief = enrolment(device, keys)
    leave(thief, "j.smith", folder)
    done = devices.script("add-device.sh", "--from", folder, check=False)
    assert done.returncode == 1
    assert "with another SSH key" in done.stderr
    first.write_text(text_of(thief, "other"))  # and two files that do not agree on who it is
    done = devices.script("add-device.sh", "--from", folder, check=False)
    assert "another file names too" in done.stderr
    assert (devices.keys / device.lower()).read_text() == key
    assert devices.log_keys.read_text() == log_keys


@needs_users
def test_links_and_pipes_in_the_folder_are_not_read(devices: School, folder: Path) -> None:
    (folder / "link.enrolment").symlink_to("/etc/shadow")
    os.mkfifo(folder / "pipe.enrolment")
    (folder / "folder.enrolment").mkdir()
    done = devices.script("add-device.sh", "--from", folder, check=False)
    assert done.returncode == 1
    assert done.stderr.count("not a plain file") == 3
    assert "root:" not in done.stdout + done.stderr
