"""Two enrolled laptops on a real server, each with a user of its own; one of them is hostile, or stolen.

It has a key that the server accepts, and asks for whatever SFTP can ask. Nothing of the other laptop is read, changed
or led astray by it, and no photo is lost. It also has a process on the server itself, which makes its attacks faster.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import paramiko
import pytest

from tests.laptop import Laptop, sha256
from tests.servers.school import SERVER, Account, School, needs_users, one_at_a_time, put, run, school, taken  # noqa: F401

pytestmark = [needs_users, *one_at_a_time, pytest.mark.slow]

LONG = os.environ.get("PHOTO_AGENT_FAULTS", "quick") == "long"
RACES = 3000 if LONG else 200

SECRET = b"a photo that only laptop-b and staff may see"


@pytest.fixture(scope="module")
def hostile(school: School) -> Account:  # noqa: F811
    return school.add("Laptop-A")


@pytest.fixture(scope="module")
def honest(school: School) -> Account:  # noqa: F811
    return school.add("Laptop-B")


@pytest.fixture
def visit(school: School) -> Iterator[str]:  # noqa: F811
    """A visit that nobody has sent anything of yet."""
    name = f"visit-{os.urandom(4).hex()}"
    yield name
    shutil.rmtree(school.visits / name, ignore_errors=True)


@pytest.fixture
def laptop(school: School, honest: Account, tmp_path: Path) -> Iterator[Laptop]:  # noqa: F811
    """The honest laptop with the whole program."""
    yield laptop_of(honest, tmp_path / "b")
    clear(school)


def laptop_of(account: Account, home: Path) -> Laptop:
    made = Laptop(home, account)
    made.configure(device={"name": account.device})
    return made


def clear(school: School) -> None:  # noqa: F811
    """Empty but for the folders that the server itself made."""
    records = [path for path in (school.photos / "record").iterdir() if path.is_dir()]
    for folder in (school.visits, school.share / "set-aside", *records):
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


# --- links where folders belong ---------------------------------------------------------------------------------------


def test_a_device_cannot_plant_a_link(school: School, hostile: Account, visit: str) -> None:  # noqa: F811
    with school.sftp(hostile) as sftp:
        sftp.mkdir("/photos/record/Laptop-A/trap")
        with pytest.raises(OSError, match=r"."):
            sftp.symlink("../record/Laptop-A/trap", f"/photos/visits/{visit}")
    assert not (school.visits / visit).is_symlink()
    (school.photos / "record" / "Laptop-A" / "trap").rmdir()


def test_a_planted_link_leads_no_photo_astray(school: School, hostile: Account, laptop: Laptop) -> None:  # noqa: F811
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


def test_the_keeper_moves_away_what_is_not_a_folder(school: School, hostile: Account) -> None:  # noqa: F811
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


def modes(path: Path) -> tuple[str, str, int]:
    return path.owner(), path.group(), stat.S_IMODE(path.lstat().st_mode)


def as_user(account: Account, program: str, folder: Path) -> None:
    """A program of the device's user on the server itself, in a folder of the share."""
    done = subprocess.run(
        in_the_name_of(account, program),
        cwd="/",
        env={"FOLDER": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def in_the_name_of(account: Account, program: str) -> list[str]:
    user = account.user
    return [
        *("setpriv", "--reuid", user, "--regid", "photo-agents", "--init-groups", "--"),
        *(
            "env",
            "PATH=/usr/local/bin:/usr/bin:/bin",
            "python3",
            "-c",
            "import os; os.chdir(os.environ['FOLDER'])\n" + program,
        ),
    ]


# --- everything that SFTP can ask -------------------------------------------------------------------------------------

CHMOD = paramiko.SFTPAttributes()
CHMOD.st_mode = 0o666
OWNER = paramiko.SFTPAttributes()
OWNER.st_uid = OWNER.st_gid = 0
TIMES = paramiko.SFTPAttributes()
TIMES.st_atime = TIMES.st_mtime = 0
SIZE = paramiko.SFTPAttributes()
SIZE.st_size = 0


def extended(sftp: paramiko.SFTPClient, name: str, *fields: Any) -> None:
    sftp._request(200, name.encode(), *(one.encode() if isinstance(one, str) else one for one in fields))


def mine(sftp: paramiko.SFTPClient) -> str:
    """A file of the hostile device's own, new."""
    path = f"/photos/record/Laptop-A/{os.urandom(4).hex()}"
    put(sftp, path, b"mine")
    return path


def copied(sftp: paramiko.SFTPClient, path: str) -> bytes:
    """By the server itself, from a file into one's own."""
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
    school: School,  # noqa: F811
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


def snapshot(school: School, without: Account) -> dict[str, tuple[object, ...]]:  # noqa: F811
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


def test_a_device_reads_back_what_it_wrote_itself(school: School, honest: Account, visit: str) -> None:  # noqa: F811
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


def test_no_mode_a_client_asks_for_opens_a_photo(school: School, hostile: Account, visit: str) -> None:  # noqa: F811
    wide = paramiko.SFTPAttributes()
    wide.st_mode = 0o6777
    with school.sftp(hostile) as sftp:
        sftp.mkdir(f"/photos/visits/{visit}", 0o777)
        sftp._request(paramiko.sftp.CMD_OPEN, f"/photos/visits/{visit}/a.jpg".encode(), 0x2A, wide)
    assert (school.visits / visit).stat().st_mode & 0o027 == 0
    assert (school.visits / visit / "a.jpg").stat().st_mode & 0o027 == 0
    school.keep()
    assert modes(school.visits / visit / "a.jpg") == (hostile.user, "photo-share", 0o640)


# --- the whole program, beside a hostile device -----------------------------------------------------------------------


def test_two_laptops_send_to_one_visit_at_once(
    school: School,  # noqa: F811
    hostile: Account,
    laptop: Laptop,
    tmp_path: Path,
) -> None:
    other = laptop_of(hostile, tmp_path / "a")
    originals = {sha256(laptop.photo(f"IMG_{n}.JPG", seed=n).read_bytes()) for n in range(6)}
    originals |= {sha256(other.photo(f"DSC_{n}.JPG", seed=100 + n).read_bytes()) for n in range(6)}
    same = laptop.photo("SAME.JPG", seed=7)  # on both: neither can see that the other sent it
    other.photo("SAME.JPG", seed=7)
    originals.add(sha256(same.read_bytes()))
    running = [one.start("sync", "--json") for one in (laptop, other)]
    deadline = time.monotonic() + 60
    while any(one.poll() is None for one in running) and time.monotonic() < deadline:
        school.keep()
        time.sleep(0.2)
    for one in running:
        one.communicate(timeout=10)
    for one in (laptop, other):  # one of them may have come before the folder was handed over
        one.run()
        assert list(one.imports.iterdir()) == []
    assert laptop.originals_on_share() == originals
    assert len(laptop.on_share()) == len(originals) + 1
    assert not [name for name in laptop.on_share() if name.endswith(".part")]


def test_doctor_finds_a_share_like_this_in_order(laptop: Laptop, school: School) -> None:  # noqa: F811
    laptop.photo("IMG_1.JPG")
    laptop.run()
    school.keep()
    done = laptop.command("doctor")
    lines = [line for line in done.stdout.splitlines() if line.startswith("fail") or "share" in line]
    assert not [line for line in lines if line.startswith("fail")], done.stdout
    assert "ok    share writing" in done.stdout
    assert "ok    share fsync" in done.stdout


def test_a_laptop_verifies_its_own_record_on_the_share(laptop: Laptop, hostile: Account) -> None:
    laptop.photo("IMG_1.JPG")
    laptop.run()
    key = laptop.home / "log-key"
    key.write_text(laptop.command("log", "key").stdout)
    done = laptop.command("log", "verify", "--share", "--key", key)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Laptop-B" in done.stdout
    assert hostile.device not in done.stdout


def test_what_a_killed_transfer_left_is_taken_away(laptop: Laptop, school: School) -> None:  # noqa: F811
    """The folder of the visit cannot be listed, so the laptop remembers what it began to send."""
    laptop.photo("IMG_1.JPG")
    laptop.run()
    school.keep()
    for number in range(4):
        laptop.photo(f"IMG_{number}.JPG", size=300_000, seed=20 + number)
    laptop.configure(device={"name": "Laptop-B"}, share={"bandwidth_kib_per_s": 200})
    sync = laptop.start("sync")
    while not any(name.endswith(".part") for name in laptop.on_share()) and sync.poll() is None:
        time.sleep(0.05)
    os.kill(sync.pid, signal.SIGKILL)
    sync.communicate()
    assert any(name.endswith(".part") for name in laptop.on_share())
    laptop.register("id,title,starts,ends\nother,Other,2027-01-01,2027-01-02\n")
    laptop.configure(device={"name": "Laptop-B"})
    laptop.run()  # the photos are private now, and none of them is sent again
    laptop.register("id,title,starts,ends\nother,Other,2026-03-14 11:00,2026-03-14 12:00\n")
    laptop.photo("IMG_9.JPG", datetime(2026, 3, 14, 11, 30))  # noqa: DTZ001  # a camera's clock
    laptop.run()
    assert not [name for name in laptop.on_share() if name.endswith(".part")]


# --- names swapped at the worst moment --------------------------------------------------------------------------------

SWAPPER = """
import os, random, sys
kinds = sys.stdin.readline().split()
chance = random.Random(1)
def clear():
    for act in (os.unlink, os.rmdir):
        try: act('contested')
        except OSError: pass
    for name in os.listdir(own):
        try: os.rmdir(own + '/' + name)
        except OSError: pass
own = os.environ['OWN']
print('ready', flush=True)
n = 0
while True:
    n += 1
    for kind in kinds:
        try:
            if kind == 'link': os.symlink(os.environ['DECOY'], 'contested')
            elif kind == 'folder': os.mkdir('contested')
            elif kind == 'file': os.close(os.open('contested', os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            elif kind == 'hardlink': os.link(os.environ['REGISTER'], 'contested')
            elif kind == 'away': os.rename('contested', own + '/%d' % n)
        except OSError: pass
        if chance.random() < .5: clear()
"""


@contextlib.contextmanager
def swapping(program: str, kinds: str, account: Account, env: dict[str, str]) -> Iterator[None]:
    """The hostile device's process, at work while this lasts."""
    command = in_the_name_of(account, program)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd="/"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{kinds}\n")
        process.stdin.flush()
        try:
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()


@pytest.mark.timeout(3600 if LONG else 120, func_only=True)
def test_a_name_swapped_under_the_keeper_changes_nothing_elsewhere(
    school: School,  # noqa: F811
    hostile: Account,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    decoy = school.base / "decoy"
    decoy.mkdir(mode=0o700)
    (decoy / "private.jpg").write_bytes(b"private")
    (decoy / "private.jpg").chmod(0o600)
    register = school.photos / "register" / "visits.csv"
    register.write_text("id\n")
    watched = {path: settled(path) for path in (decoy, decoy / "private.jpg", register, school.photos / "register")}
    own = school.photos / "record" / "Laptop-A" / "moved"
    as_user(hostile, "import os; os.mkdir('moved')", own.parent)
    env = {"FOLDER": str(school.visits), "DECOY": str(decoy), "REGISTER": str(register), "OWN": str(own)}
    outcomes: dict[str, int] = {}
    with swapping(SWAPPER, "link folder away file folder link away hardlink link", hostile, env):
        while sum(outcomes.values()) < RACES:
            raced = run(sys.executable, "-I", "-c", A_HUNDRED, school.share)
            for word in raced.stdout.split():
                outcomes[word] = outcomes.get(word, 0) + 1
            assert {path: settled(path) for path in watched} == watched
    assert sum(outcomes.values()) >= RACES
    print(f"\n{RACES} races of the keeper: {outcomes}")
    for path in sorted((school.photos / "record" / "Laptop-A").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    clear(school)
    shutil.rmtree(decoy)


A_HUNDRED = f"""
import contextlib, importlib.util, io, os, sys, time
spec = importlib.util.spec_from_file_location("keep_share", {str(SERVER / "keep_share.py")!r})
keep_share = importlib.util.module_from_spec(spec)
spec.loader.exec_module(keep_share)
keep_share.PASSES = 1
contested = os.path.join(sys.argv[1], "photos", "visits", "contested")
for _ in range(100):
    until = time.monotonic() + 1
    while not os.path.lexists(contested) and time.monotonic() < until:
        pass
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        keeper = keep_share.Keeper(sys.argv[1], False)
        keeper.keep()
    os.close(keeper.visits)
    os.close(keeper.aside)
    outcome = "set-aside" if "moved to" in said.getvalue() else "swapped" if said.getvalue() else "gone"
    with contextlib.suppress(FileNotFoundError):
        if os.lstat(contested).st_uid == 0:
            outcome = "handed-over"
            os.rmdir(contested)  # so that the device can go on
    print(outcome)
"""


def settled(path: Path) -> tuple[object, ...]:
    about = path.lstat()
    content = path.read_bytes() if path.is_file() else b"".join(sorted(bytes(one) for one in path.iterdir()))
    return about.st_uid, about.st_gid, about.st_mode, about.st_ino, content


@pytest.mark.timeout(600 if LONG else 120, func_only=True)
def test_no_photo_is_lost_while_a_device_swaps_the_visits_name(
    school: School,  # noqa: F811
    hostile: Account,
    laptop: Laptop,
) -> None:
    own = school.photos / "record" / "Laptop-A" / "moved"
    as_user(hostile, "import os; os.umask(0); os.makedirs('moved', 0o777, exist_ok=True)", own.parent)
    env = {"FOLDER": str(school.visits), "DECOY": str(own), "REGISTER": "/nowhere", "OWN": str(own)}
    program = SWAPPER.replace("contested", "museum")
    originals = {sha256(laptop.photo(f"IMG_{n}.JPG", seed=n).read_bytes()) for n in range(8)}
    with swapping(program, "link folder away file link away", hostile, env):
        for _ in range(10 if LONG else 3):
            laptop.run()
            here = {sha256(path.read_bytes()) for path in laptop.imports.rglob("*.JPG")}
            assert here | laptop.originals_on_share() >= originals, "a photo is neither here nor where it belongs"
            school.keep()
    school.keep()
    for _ in range(3):
        if laptop.run().waiting == 0:
            break
    assert list(laptop.imports.iterdir()) == []
    assert laptop.originals_on_share() == originals
    shutil.rmtree(own)


# --- a device that was locked out -------------------------------------------------------------------------------------


def test_a_device_that_is_removed_is_out_at_once(school: School, visit: str) -> None:  # noqa: F811
    lost = school.add("Laptop-Lost")
    with school.sftp(lost) as sftp:
        sftp.mkdir(f"/photos/visits/{visit}")
        sending = sftp.open(f"/photos/visits/{visit}/.uploading", "xw")
        sending.write(b"x")
        school.script("add-device.sh", "--remove", lost.user)
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            sftp.listdir("/photos/register")
    with pytest.raises(paramiko.AuthenticationException), school.sftp(lost):
        pass


def test_a_new_key_ends_the_sessions_of_the_old_one(school: School) -> None:  # noqa: F811
    account = school.add("Laptop-Anew")
    with school.sftp(account) as sftp:
        sftp.listdir("/photos/register")
        account.key_file.unlink()
        school.add("Laptop-Anew")
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            sftp.listdir("/photos/register")
    with school.sftp(account) as sftp:
        assert sftp.listdir("/photos/record/Laptop-Anew") == []


def test_the_server_log_says_who_did_what(school: School, hostile: Account, visit: str) -> None:  # noqa: F811
    place = school.share / "dev" / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(place))
        place.chmod(0o666)
        log.settimeout(10)
        with school.sftp(hostile) as sftp:
            sftp.mkdir(f"/photos/visits/{visit}")
            put(sftp, f"/photos/visits/{visit}/a.jpg", b"a")
            sftp.remove(f"/photos/visits/{visit}/a.jpg")
        told = ""
        while f"session closed for local user {hostile.user}" not in told:
            told += log.recv(65536).decode() + "\n"
    place.unlink()
    assert f"session opened for local user {hostile.user}" in told
    for line in (f'mkdir name "/photos/visits/{visit}"', f'open "/photos/visits/{visit}/a.jpg"', "remove name"):
        assert line in told


def test_hostile_names_on_the_share_harm_nobody(
    school: School,  # noqa: F811
    hostile: Account,
    laptop: Laptop,
) -> None:
    chance = random.Random(7)
    with school.sftp(hostile) as sftp:
        made = 0
        for name in hostile_names(chance, 300):
            for folder in (True, False):
                path = b"/photos/visits/" + name
                with contextlib.suppress(OSError):
                    if folder:
                        sftp.mkdir(path)
                    else:
                        put(sftp, path + b"/" + name, b"x")
                    made += 1
    assert made > 300
    photo = laptop.photo("IMG_1.JPG")
    original = sha256(photo.read_bytes())
    school.keep()
    laptop.run()
    school.keep()
    laptop.run()
    assert not photo.exists()
    assert original in laptop.originals_on_share()
    for path in school.visits.iterdir():
        assert path.is_dir()
        assert modes(path)[::2] == ("root", 0o3753)
    checked = school.script("check-share.sh", check=False)
    assert all(character.isprintable() or character == "\n" for character in checked.stdout)


def hostile_names(chance: random.Random, count: int) -> Iterator[bytes]:
    """Names that a shell, a terminal, a spreadsheet or a path could take for something else."""
    known = (
        b"-rf", b"--help", b"$(touch x)", b"`touch x`", b";reboot", b"a b", b" ", b"\n", b"a\nb", b"\t", b"\x1b[2J",
        b"'", b'"', b"*", b"?", b"[a-z]", b"~root", b"%s%n", b"CON", b"aux.jpg", b"x" * 255, b"\xff\xfe", b"caf\xe9",
        "café".encode(), "cafe\u0301".encode(), "\u202egpj.exe".encode(), "\u200b".encode(), b"...", b"museum ",
        b"Museum", b"MUSEUM", b"museum.", b".museum", b"a\\b", b"c:", b"=cmd|'/C calc'!A0", b"\x7f", b"\r", b"&&", b"|",
    )  # fmt: skip
    yield from known
    for _ in range(count - len(known)):
        length = chance.randint(1, 60)
        name = bytes(chance.choice(b"ab-.$`'\"\\ \n\t*?[]\xc3\xa9\xff\x1b\x01") for _ in range(length))
        yield b"n" + name if name in {b".", b".."} else name
