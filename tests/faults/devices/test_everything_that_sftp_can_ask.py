"""A hostile or stolen laptop asks for everything that SFTP can ask, with a key that the server accepts.

It reads nothing of the other laptop and changes nothing. It also has a process on the server itself, which plants links
faster than SFTP could. No photo is led astray.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import paramiko
import pytest

from tests.faults.devices.attacking import MARKS, as_user, clear, extended, modes
from tests.laptop import Laptop, sha256
from tests.servers.school import Account, School, put, taken

pytestmark = MARKS

SECRET = b"a photo that only laptop-b and staff may see"

# --- links where folders belong ---------------------------------------------------------------------------------------


def test_a_device_cannot_plant_a_link(school: School, hostile: Account, visit: str) -> None:
    with school.sftp(hostile) as sftp:
        sftp.mkdir("/photos/record/Laptop-A/trap")
        with pytest.raises(OSError, match=r"."):
            sftp.symlink("../record/Laptop-A/trap", f"/photos/visits/{visit}")
    assert not (school.visits / visit).is_symlink()
    (school.photos / "record" / "Laptop-A" / "trap").rmdir()


def test_a_planted_link_leads_no_photo_astray(school: School, hostile: Account, laptop: Laptop) -> None:
    trap = school.photos / "record" / "Laptop-A" / "trap"
    as_user(hostile, "import os; os.umask(0); os.mkdir('trap', 0o777)", trap.parent)
    as_user(hostile, "import os; os.symlink('../record/Laptop-A/trap', 'museum')", school.visits)
    photo = laptop.photo("IMG_1.JPG")
    original = sha256(photo.read_bytes())

    laptop.run()
    assert photo.exists(), "a photo was sent through the link, and removed here"
    assert list(trap.iterdir()) == []

    said = school.keep().stdout
    assert "'museum' was a symbolic link" in said
    laptop.run()
    assert not photo.exists()
    assert laptop.originals_on_share() == {original}
    assert not (school.visits / "museum").is_symlink()
    assert list(trap.iterdir()) == []
    trap.rmdir()


def test_the_keeper_moves_away_what_is_not_a_folder(school: School, hostile: Account) -> None:
    plant = (
        "import os\n"
        "os.symlink('/etc', 'link'); os.symlink('nowhere', 'dangling'); os.symlink('.', 'loop')\n"
        "open('file', 'w').write('a photo'); os.mkfifo('pipe'); open('.uploading-x', 'w')\n"
        "os.mkdir('folder'); os.symlink('/etc/shadow', 'folder/photo.jpg'); os.chmod('folder', 0o777)\n"
        "open('folder/open.jpg', 'w'); os.chmod('folder/open.jpg', 0o4646)\n"
        "open('folder/shut.jpg', 'w'); os.chmod('folder/shut.jpg', 0)\n"
    )
    as_user(hostile, plant, school.visits)
    before = {path: path.lstat() for path in (Path("/etc"), Path("/etc/shadow"))}
    school.keep()
    assert {path.name for path in school.visits.iterdir()} == {".uploading-x", "folder"}
    assert modes(school.visits / "folder") == ("root", "photo-share", 0o3753)
    assert {path.name for path in (school.visits / "folder").iterdir()} == {"open.jpg", "shut.jpg"}
    assert modes(school.visits / "folder" / "open.jpg") == (hostile.user, "photo-share", 0o640)
    assert modes(school.visits / "folder" / "shut.jpg") == (hostile.user, "photo-share", 0o440)
    kept = {path.name.split("-", 4)[-1] for path in (school.share / "set-aside").iterdir()}
    assert kept == {"link", "dangling", "loop", "file", "pipe", "photo.jpg"}
    for path, about in before.items():
        now = path.lstat()
        assert (now.st_mode, now.st_uid, now.st_gid, now.st_ctime_ns) == (
            about.st_mode,
            about.st_uid,
            about.st_gid,
            about.st_ctime_ns,
        )
    clear(school)


# --- everything that SFTP can ask -------------------------------------------------------------------------------------

CHMOD = paramiko.SFTPAttributes()
CHMOD.st_mode = 0o666
OWNER = paramiko.SFTPAttributes()
OWNER.st_uid = OWNER.st_gid = 0


def mine(sftp: paramiko.SFTPClient) -> str:
    """A file of the hostile device's own, new."""
    path = f"/photos/record/Laptop-A/{os.urandom(4).hex()}"
    put(sftp, path, b"mine")
    return path


def copied(sftp: paramiko.SFTPClient, path: str) -> bytes:
    """Have the server itself copy a file into one's own."""
    target = mine(sftp)
    extended(sftp, "copy-data", sftp.open(path).handle, *[0, 0], sftp.open(target, "r+").handle, 0)
    return taken(sftp, target)


def linked(sftp: paramiko.SFTPClient, path: str) -> bytes:
    target = mine(sftp) + "-link"
    extended(sftp, "hardlink@openssh.com", path, target)
    return taken(sftp, target)


def through_a_link(sftp: paramiko.SFTPClient, path: str) -> bytes:
    target = mine(sftp) + "-link"
    sftp.symlink(path, target)
    return taken(sftp, target)


READS: dict[str, Callable[[paramiko.SFTPClient, str], object]] = {
    "read": taken,
    "read and write": lambda sftp, path: sftp.open(path, "r+").read(),
    "list": lambda sftp, path: sftp.listdir(path),
    "list the folder": lambda sftp, path: sftp.listdir(os.path.dirname(path)),  # noqa: PTH120  # of the server's
    "follow": lambda sftp, path: sftp.readlink(path),
    "copy": copied,
    "hard link": linked,
    "symbolic link": through_a_link,
}
CHANGES: dict[str, Callable[[paramiko.SFTPClient, str], object]] = {
    "write": lambda sftp, path: sftp.open(path, "r+").write(b"x"),
    "append": lambda sftp, path: sftp.open(path, "a").write(b"x"),
    "write over": lambda sftp, path: sftp.open(path, "w"),
    "make": lambda sftp, path: put(sftp, path, b"x"),
    "remove": lambda sftp, path: sftp.remove(path),
    "remove as a folder": lambda sftp, path: sftp.rmdir(path),
    "make a folder": lambda sftp, path: sftp.mkdir(path),
    "make a folder inside": lambda sftp, path: sftp.mkdir(f"{path}/x"),
    "make a file inside": lambda sftp, path: put(sftp, f"{path}/x", b"x"),
    "rename": lambda sftp, path: sftp.rename(path, f"{path}-x"),
    "take": lambda sftp, path: sftp.rename(path, "/photos/record/Laptop-A/taken"),
    "rename over it": lambda sftp, path: sftp.rename(mine(sftp), path),
    "overwrite by a rename": lambda sftp, path: sftp.posix_rename(mine(sftp), path),
    "take by overwriting": lambda sftp, path: sftp.posix_rename(path, mine(sftp)),
    "link over it": lambda sftp, path: extended(sftp, "hardlink@openssh.com", mine(sftp), path),
    "symbolic link over it": lambda sftp, path: sftp.symlink("/photos/record/Laptop-A", path),
    "mode": lambda sftp, path: sftp.chmod(path, 0o666),
    "owner": lambda sftp, path: sftp.chown(path, 0, 0),
    "times": lambda sftp, path: sftp.utime(path, (0, 0)),
    "size": lambda sftp, path: sftp.truncate(path, 0),
    "mode of the name": lambda sftp, path: extended(sftp, "lsetstat@openssh.com", path, CHMOD),
    "owner of the name": lambda sftp, path: extended(sftp, "lsetstat@openssh.com", path, OWNER),
    "mode by handle": lambda sftp, path: sftp.open(path).chmod(0o666),
    "size by handle": lambda sftp, path: sftp.open(path).truncate(0),
}
TARGETS = (
    "visits/{visit}/b.jpg",
    "visits/{visit}/.uploading-laptop_2db-0123456789abcdef0123456789abcdef-0.part",
    "visits/{visit}",
    "visits/{new}",
    "record/Laptop-B/segment",
    "record/Laptop-B",
    "record",
    "register",
    "visits",
)
OPEN_TO_ALL = {
    ("register/visits.csv", "read"),
    ("register", "list"),
    ("register/visits.csv", "list the folder"),
    ("register", "list the folder"),
    ("visits", "list the folder"),
    ("record", "list the folder"),
    ("visits/{visit}", "make a folder inside"),
    ("visits/{visit}", "make a file inside"),
    ("visits", "make a folder inside"),
    ("visits", "make a file inside"),
}
"""`/photos` has three names for everybody, the register is for all, and all add to the visits."""


@pytest.mark.parametrize("target", [*TARGETS, "register/visits.csv"])
def test_a_hostile_device_reads_and_changes_nothing(
    school: School,
    hostile: Account,
    honest: Account,
    visit: str,
    target: str,
) -> None:
    new = f"{visit}-new"
    (school.photos / "register" / "visits.csv").write_text("id\n")
    with school.sftp(honest) as sftp:
        sftp.mkdir(f"/photos/visits/{visit}")
        school.keep()
        sftp.mkdir(f"/photos/visits/{new}")  # not handed over yet
        put(sftp, f"/photos/visits/{new}/b.jpg", SECRET)
        for place in TARGETS[:2]:
            put(sftp, f"/photos/{place.format(visit=visit, new=new)}", SECRET)
        with contextlib.suppress(OSError):
            put(sftp, "/photos/record/Laptop-B/segment", SECRET)
    path = f"/photos/{target.format(visit=visit, new=new)}"
    before = snapshot(school, hostile)
    tried = 0
    with school.client(hostile) as client:
        for what, act in (READS | CHANGES).items():
            if (target, what) in OPEN_TO_ALL:
                continue
            tried += 1
            with client.open_sftp() as sftp:
                try:
                    got = act(sftp, path)
                except (OSError, paramiko.SSHException, EOFError):
                    got = None
                assert what not in READS or not got, f"{what} of {target} gave {got!r}"
            assert snapshot(school, hostile) == before, f"{what} changed {target}"
    assert tried > 25
    shutil.rmtree(school.visits / new)
    (school.photos / "record" / "Laptop-B" / "segment").unlink()
    for path_of_a in (school.photos / "record" / "Laptop-A").iterdir():
        path_of_a.unlink()


def snapshot(school: School, without: Account) -> dict[str, tuple[object, ...]]:
    """Everything on the share that is not this device's own: owner, mode, time and content."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(school.share.rglob("*")):
        about = path.lstat()
        if path.owner() == without.user:
            continue
        content = path.read_bytes() if stat.S_ISREG(about.st_mode) else b""
        # A folder's own time moves when the device adds what it may add.
        when = about.st_mtime_ns if stat.S_ISREG(about.st_mode) else 0
        found[str(path)] = (about.st_uid, about.st_gid, about.st_mode, when, about.st_nlink if content else 0, content)
    return found


def test_a_device_reads_back_what_it_wrote_itself(school: School, honest: Account, visit: str) -> None:
    with school.sftp(honest) as sftp:
        sftp.mkdir(f"/photos/visits/{visit}")
        school.keep()
        put(sftp, f"/photos/visits/{visit}/.uploading", SECRET)
        extended(sftp, "hardlink@openssh.com", f"/photos/visits/{visit}/.uploading", f"/photos/visits/{visit}/b.jpg")
        sftp.remove(f"/photos/visits/{visit}/.uploading")
        assert taken(sftp, f"/photos/visits/{visit}/b.jpg") == SECRET
        assert sftp.lstat(f"/photos/visits/{visit}/b.jpg").st_mode == stat.S_IFREG | 0o640
        put(sftp, "/photos/record/Laptop-B/2", b"x")
        assert sftp.listdir("/photos/record/Laptop-B") == ["2"]
        sftp.remove("/photos/record/Laptop-B/2")


def test_no_mode_a_client_asks_for_opens_a_photo(school: School, hostile: Account, visit: str) -> None:
    wide = paramiko.SFTPAttributes()
    wide.st_mode = 0o6777
    with school.sftp(hostile) as sftp:
        sftp.mkdir(f"/photos/visits/{visit}", 0o777)
        sftp._request(paramiko.sftp.CMD_OPEN, f"/photos/visits/{visit}/a.jpg".encode(), 0x2A, wide)
    assert (school.visits / visit).stat().st_mode & 0o027 == 0
    assert (school.visits / visit / "a.jpg").stat().st_mode & 0o027 == 0
    school.keep()
    assert modes(school.visits / visit / "a.jpg") == (hostile.user, "photo-share", 0o640)
