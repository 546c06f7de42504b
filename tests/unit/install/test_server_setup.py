"""The server's set-up, done for real: groups, users, folders, an sshd with the snippet, and what devices may do there.

What a hostile device cannot do is in tests/faults/devices.
"""

import os
import secrets
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest

from tests.servers.school import (  # noqa: F401
    SERVER,
    SSHD,
    Account,
    School,
    configured,
    needs_users,
    one_at_a_time,
    put,
    run,
    school,
    taken,
)

pytestmark = [
    pytest.mark.skipif(SSHD is None, reason="OpenSSH's server (Debian: openssh-server) is not installed here"),
    *one_at_a_time,
]

UNITS = ("photo-share-keep.service", "photo-share-keep.path", "photo-share-keep.timer")


@pytest.fixture(scope="module")
def one(school: School) -> Account:  # noqa: F811
    return school.add("Laptop-A")


@pytest.fixture(scope="module")
def other(school: School) -> Account:  # noqa: F811
    return school.add("Laptop-B")


def test_sshd_takes_the_snippet_and_holds_the_devices_alone_to_it(tmp_path: Path) -> None:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "host_key")
    config = configured(tmp_path, 2222)
    assert SSHD is not None
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    run(SSHD, "-t", "-f", config)
    everyone = run(SSHD, "-T", "-f", config, "-C", "user=nobody,host=x,addr=192.0.2.1").stdout.lower()
    assert "forcecommand none" in everyone
    assert "chrootdirectory none" in everyone
    assert "port 2222" in everyone  # what follows the Include is not inside the Match


def test_systemd_finds_no_fault_with_the_keepers_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    for name in UNITS:
        text = (SERVER / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("/usr/local/sbin/photo-share-keep", "/bin/true"), "utf-8")
    units = [str(tmp_path / name) for name in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "photo-share-keep" in line] == []
    assert done.returncode == 0


@needs_users
def test_a_device_gets_sftp_only_even_if_its_shell_is_changed(school: School, one: Account) -> None:  # noqa: F811
    assert SSHD is not None
    rules = run(SSHD, "-T", "-f", school.base / "sshd_config", "-C", f"user={one.user},host=x,addr=192.0.2.1")
    assert "forcecommand internal-sftp" in rules.stdout
    for rule in ("disableforwarding yes", "permittty no", "permittunnel no", "passwordauthentication no"):
        assert rule in rules.stdout
    assert f"authorizedkeysfile {school.keys}/%u" in rules.stdout


@needs_users
def test_a_device_is_shut_in_and_has_no_shell(school: School, one: Account) -> None:  # noqa: F811
    with school.sftp(one) as sftp:
        assert {"dev", "photos"} <= set(sftp.listdir("/"))
        with pytest.raises(FileNotFoundError):
            sftp.stat("/etc/passwd")
        with pytest.raises(PermissionError):
            sftp.listdir("/set-aside")
    with school.client(one) as client:
        _, out, _ = client.exec_command("id", timeout=10)
        assert b"uid=" not in out.read()


@needs_users
def test_a_device_reads_the_register_and_cannot_change_it(school: School, one: Account) -> None:  # noqa: F811
    (school.photos / "register" / "visits.csv").write_text("id\n")
    with school.sftp(one) as sftp:
        assert taken(sftp, "/photos/register/visits.csv") == b"id\n"
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
def test_two_devices_add_to_a_visit_and_see_only_their_own(school: School, one: Account, other: Account) -> None:  # noqa: F811
    visit = f"/photos/visits/{secrets.token_hex(4)}"
    with school.sftp(one) as sftp:
        sftp.mkdir(visit)  # as the agent does it: modes are left to the server
        put(sftp, f"{visit}/a.jpg", b"a")
    school.keep()
    with school.sftp(other) as sftp:
        put(sftp, f"{visit}/b.jpg", b"b")
        assert taken(sftp, f"{visit}/b.jpg") == b"b"
        _cannot_touch(sftp, visit, "a.jpg")
    with school.sftp(one) as sftp:  # who made the folder has no more power in it
        _cannot_touch(sftp, visit, "b.jpg")
        put(sftp, f"{visit}/.uploading-a.part", b"c")
        sftp.rename(f"{visit}/.uploading-a.part", f"{visit}/c.jpg")
    folder = school.visits / Path(visit).name
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a.jpg": b"a", "b.jpg": b"b", "c.jpg": b"c"}
    assert {path.group() for path in folder.iterdir()} == {"photo-share"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}


def _cannot_touch(sftp: paramiko.SFTPClient, visit: str, name: str) -> None:
    for act in (
        lambda: sftp.open(f"{visit}/{name}"),
        lambda: sftp.listdir(visit),
        lambda: sftp.open(f"{visit}/{name}", "w"),
        lambda: sftp.remove(f"{visit}/{name}"),
        lambda: sftp.rename(f"{visit}/{name}", f"{visit}/x.jpg"),
        lambda: sftp.rename(visit, f"{visit}-gone"),
        lambda: sftp.chmod(visit, 0o777),
    ):
        with pytest.raises(OSError, match=r"."):
            act()


@needs_users
def test_a_device_writes_its_own_record_and_no_other(school: School, one: Account, other: Account) -> None:  # noqa: F811
    with school.sftp(one) as sftp:
        put(sftp, "/photos/record/Laptop-A/1", b"x")
        with pytest.raises(PermissionError):
            put(sftp, "/photos/record/Laptop-B/1", b"x")
        with pytest.raises(PermissionError):
            sftp.mkdir("/photos/record/Laptop-C")


@needs_users
def test_a_removed_device_cannot_log_in_and_what_it_sent_stays(school: School, other: Account) -> None:  # noqa: F811
    school.script("add-device.sh", "--remove", other.user)
    with pytest.raises(paramiko.AuthenticationException), school.sftp(other):
        pass
    assert (school.photos / "record" / "Laptop-B").is_dir()
    school.add("Laptop-B")
    with school.sftp(other) as sftp:
        assert sftp.listdir("/photos/record/Laptop-B") == []


@needs_users
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Laptop-A", "ssh-rsa AAAA"), "ssh-ed25519"),
        (("Laptop-A", "ssh-ed25519 AAAA"), "not a whole SSH key"),
        (("Laptop-A", "ssh-ed25519 AAAA\ncommand=x ssh-ed25519 AAAA"), "one line"),
        (("../x", "ssh-ed25519 AAAA"), "device's name"),
        ((".x", "ssh-ed25519 AAAA"), "device's name"),
        (("1", "ssh-ed25519 AAAA"), "--user"),
        (("--remove", "root"), "not a device"),
        (("Laptop-Q", "{key of Laptop-A}"), "each laptop needs its own"),
        (("Laptop-Q", "{new key}", "--user", "{user of Laptop-A}"), "is the user of Laptop-A"),
        (("LAPTOP-A", "{new key}"), "more than capitals"),
        (("Laptop-Q", "{new key}", "--user", "nobody"), "not a device"),
        (("Laptop-Q", "{new key}", "--log-key", "ssh-ed25519 {blob} photo-agent log Laptop-A"), "not the log key of"),
        (("Laptop-Q", "{new key}", "--log-key", "visit-photo-agent/Laptop-A+0a+{blob}"), "not the log key of"),
    ],
)
def test_what_would_loosen_the_rules_is_refused(
    school: School,  # noqa: F811
    one: Account,
    other: Account,
    tmp_path: Path,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    before = sorted(path.name for path in school.keys.iterdir())
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key")
    new = (tmp_path / "key.pub").read_text().strip()
    words = {
        "{key of Laptop-A}": one.key_file.with_suffix(".pub").read_text().strip(),
        "{new key}": new,
        "{user of Laptop-A}": one.user,
    }
    given = [words.get(word, word.replace("{blob}", new.split()[1])) for word in arguments]
    done = school.script("add-device.sh", *given, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert sorted(path.name for path in school.keys.iterdir()) == before
    assert not (school.photos / "record" / "Laptop-Q").exists()


@needs_users
def test_a_renamed_laptop_gets_a_folder_for_its_new_record(school: School) -> None:  # noqa: F811
    """`init` on a renamed laptop prints just this line: another device, the same key and user."""
    before = school.add("Laptop-Old")
    key = before.key_file.with_suffix(".pub").read_text().strip()
    school.script("add-device.sh", "Laptop-New", key, "--user", before.user)
    with school.sftp(before) as sftp:
        put(sftp, "/photos/record/Laptop-New/1", b"x")
        put(sftp, "/photos/record/Laptop-Old/rest", b"x")
    school.script("check-share.sh")
    school.script("add-device.sh", "Laptop-New", key, "--user", before.user)
    done = school.script("check-share.sh")
    assert "shut out" not in done.stdout
    school.script("add-device.sh", "--remove", before.user)
    assert ", and 1 shut out." in school.script("check-share.sh").stdout
    # A key that was removed proves nothing any more.
    assert school.script("add-device.sh", "Laptop-3", key, "--user", before.user, check=False).returncode == 2
    run("userdel", before.user)
    for device in ("Laptop-Old", "Laptop-New"):
        shutil.rmtree(school.photos / "record" / device)


@needs_users
@pytest.mark.parametrize(
    ("script", "arguments", "said"),
    [
        ("add-device.sh", ("--form", "/mnt"), "There is no option --form."),
        ("add-device.sh", ("Laptop-Q",), "Name a device and its SSH key"),
        ("check-share.sh", ("--rot", "/srv"), "There is no option --rot."),
        ("make-share.sh", ("--editor", "office"), "There is no option --editor."),
    ],
)
def test_a_wrong_option_is_named(school: School, script: str, arguments: tuple[str, ...], said: str) -> None:  # noqa: F811
    done = school.script(script, *arguments, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(said)


# --- Making it again, and bringing an older one up to date ------------------------------------------------------------


@needs_users
def test_making_the_share_again_changes_nothing_that_was_sent(school: School, one: Account) -> None:  # noqa: F811
    kept = school.visits / "kept"
    kept.mkdir()  # as root makes it by hand: no device could write in it
    (kept / "a.jpg").write_bytes(b"a")
    said = school.script("make-share.sh").stdout
    assert (kept / "a.jpg").read_bytes() == b"a"
    assert stat.S_IMODE((kept / "a.jpg").stat().st_mode) == 0o640
    assert stat.S_IMODE(school.visits.stat().st_mode) == 0o3753
    assert stat.S_IMODE(kept.stat().st_mode) == 0o3753
    assert f"photo-agent witness {school.photos} --keys {school.log_keys}" in said
    assert f"photo-agent log verify {school.photos} --key {school.log_keys}" in said
    if not Path("/run/systemd/system").is_dir():
        assert f"* * * * * /usr/local/sbin/photo-share-keep {school.share}" in said
        assert run("/usr/local/sbin/photo-share-keep", school.share).returncode == 0


@needs_users
def test_a_share_of_an_older_version_is_closed(school: School, one: Account, other: Account) -> None:  # noqa: F811
    """Devices were in the staff's group, all folders open to it, and that is how it was found on real shares."""
    for account in (one, other):
        run("usermod", "--groups", "photo-share", account.user)
    staff = int(run("getent", "group", "photo-share").stdout.split(":")[2])
    for path, mode in ((school.share, 0o755), (school.visits, 0o3770), (school.photos / "record", 0o755)):
        os.chown(path, 0, staff if mode == 0o3770 else 0)
        path.chmod(mode)
    visit = school.visits / secrets.token_hex(4)
    with school.sftp(one) as sftp:
        sftp.mkdir(f"/photos/visits/{visit.name}")
        put(sftp, f"/photos/visits/{visit.name}/a.jpg", b"a")
    os.chown(visit, 0, -1)
    visit.chmod(0o3770)
    with school.sftp(other) as open_session:
        assert taken(open_session, f"/photos/visits/{visit.name}/a.jpg") == b"a"
        said = school.script("make-share.sh").stdout
        assert f"{other.user} can no longer read what other devices sent" in said
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            taken(open_session, f"/photos/visits/{visit.name}/a.jpg")
    with school.sftp(other) as sftp:
        with pytest.raises(PermissionError):
            taken(sftp, f"/photos/visits/{visit.name}/a.jpg")
        put(sftp, f"/photos/visits/{visit.name}/b.jpg", b"b")
    with school.sftp(one) as sftp:
        assert taken(sftp, f"/photos/visits/{visit.name}/a.jpg") == b"a"
    assert school.script("check-share.sh", check=False).stdout.endswith("Devices: 2.\n")


# --- What is wrong with a share ---------------------------------------------------------------------------------------


@pytest.fixture
def clean(school: School, one: Account, other: Account) -> Iterator[School]:  # noqa: F811
    """In order before, and put in order again behind."""
    keys = {path: path.read_bytes() for path in school.keys.iterdir()}
    yield school
    for path in school.visits.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for path in school.keys.iterdir():
        path.unlink()
    for path, content in keys.items():
        path.write_bytes(content)
    for account in (one, other):
        shutil.rmtree(school.photos / "record" / account.device, ignore_errors=True)
        run("usermod", "--groups", "photo-door", account.user)
        school.add(account.device)
    configured(school.base, school.port)
    school.script("make-share.sh")


def _link(school: School) -> None:  # noqa: F811
    (school.visits / "museum").symlink_to("../record")


def _readable(school: School) -> None:  # noqa: F811
    (school.visits / "museum").mkdir()
    (school.visits / "museum" / "a.jpg").write_bytes(b"a")
    (school.visits / "museum" / "a.jpg").chmod(0o644)


def _named(school: School) -> None:  # noqa: F811
    (school.visits / "\x1b[2Jmuseum\n").write_bytes(b"a")


def _in_staff(school: School) -> None:  # noqa: F811
    run("usermod", "--groups", "photo-share,photo-door", school.users[0])


def _outside(school: School) -> None:  # noqa: F811
    run("usermod", "--groups", "", school.users[0])


def _wide(school: School) -> None:  # noqa: F811
    school.visits.chmod(0o777)


def _open_record(school: School) -> None:  # noqa: F811
    (school.photos / "record" / "Laptop-A").chmod(0o755)


def _no_record(school: School) -> None:  # noqa: F811
    shutil.rmtree(school.photos / "record" / "Laptop-A")


def _same_key(school: School) -> None:  # noqa: F811
    shutil.copy(school.keys / school.users[0], school.keys / school.users[1])


def _foreign_key(school: School) -> None:  # noqa: F811
    shutil.copy(school.keys / school.users[0], school.keys / "nobody")


def _loose_key(school: School) -> None:  # noqa: F811
    file = school.keys / school.users[0]
    file.write_text(file.read_text().removeprefix("restrict "))


def _old_rules(school: School) -> None:  # noqa: F811
    file = school.base / "50-photo-agent.conf"
    text = file.read_text()
    file.write_text(text[: text.index(" -p open")] + "\n" + text[text.index(",limits\n") + 8 :])


def _no_rules(school: School) -> None:  # noqa: F811
    (school.base / "50-photo-agent.conf").write_text("")


@needs_users
@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (_link, "symbolic links"),
        (_readable, "could read photos"),
        (_named, "files where visits' folders belong"),
        (_in_staff, "can read every photo and record"),
        (_outside, "cannot use the share"),
        (_wide, "instead of 3753"),
        (_open_record, "can be read by users other than its device"),
        (_no_record, "has no folder for its record"),
        (_same_key, "have the same key"),
        (_foreign_key, "does not belong to a device"),
        (_loose_key, "differs from what add-device.sh writes"),
        (_old_rules, "ForceCommand needs the list after -p"),
        (_no_rules, "sshd does not hold devices to"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_what_is_wrong_with_a_share_is_said(clean: School, breaks: Callable[[School], None], said: str) -> None:
    before = clean.script("check-share.sh", check=False)
    assert before.returncode == 0, before.stdout
    breaks(clean)
    done = clean.script("check-share.sh", check=False)
    assert done.returncode == 1
    assert said in done.stdout, done.stdout
    assert all(character.isprintable() or character == "\n" for character in done.stdout)
