"""Somebody on the laptop itself gets in the way: folders swapped for links, names made to be misread, twins.

What is private keeps its bytes, its name and its time, whatever is swapped and when; no visit photo is lost.
"""

import json
import os
import random
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.errors import LocalFault
from agent.model.files import Fingerprint, LocalFile
from agent.model.ids import Sha256
from agent.removal import recover, remove
from tests.laptop import PRIVATE, Laptop, jpeg, sha256
from tests.servers.fixtures import sshd  # noqa: F401
from tests.servers.openssh import OpenSSH

LONG = os.environ.get("PHOTO_AGENT_FAULTS", "quick") == "long"
RACES = 5000 if LONG else 1000
NAMES = 300

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and names of POSIX file systems")
SAFE = re.compile(r"visits/museum/[A-Za-z0-9._-]+")


@pytest.fixture
def laptop(tmp_path: Path, sshd: OpenSSH) -> Laptop:  # noqa: F811
    return Laptop(tmp_path / "laptop", sshd)


# --- a folder swapped for a link --------------------------------------------------------------------------------------

SWAPPER = """
import os, sys, time
folder, hidden, private = sys.argv[1:]
chance = 0
print("ready", flush=True)
while True:
    os.rename(folder, hidden)
    os.symlink(private, folder)
    time.sleep((0, 0, 0.0002, 0.001, 0.003)[chance % 5])
    os.unlink(folder)
    os.rename(hidden, folder)
    chance += 1
    time.sleep((0, 0, 0.0003, 0.001, 0.002, 0.004, 0.01)[chance % 7])
"""


@contextmanager
def swapping(folder: Path, private: Path) -> Iterator[None]:
    """While this lasts, the folder is now itself and now a link to another."""
    command = [sys.executable, "-I", "-c", SWAPPER, str(folder), str(folder.with_name("hidden")), str(private)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.terminate()
            process.wait()
    hidden = folder.with_name("hidden")
    if hidden.exists():  # it was ended between two steps
        if folder.is_symlink():
            folder.unlink()
        hidden.rename(folder)


@posix
@pytest.mark.timeout(1200)
def test_a_folder_swapped_for_a_link_never_costs_a_private_photo(tmp_path: Path) -> None:
    imports, private = tmp_path.resolve() / "imports", tmp_path.resolve() / "private"
    folder = imports / "trip"
    folder.mkdir(parents=True)
    private.mkdir()
    real = os.open(folder, os.O_RDONLY)
    kept: dict[str, bytes] = {}
    outcomes = {"removed": 0, "refused": 0}
    try:
        with swapping(folder, private):
            for number in range(RACES):
                name, content = f"IMG_{number}.jpg", b"proven %d" % number
                (private / name).write_bytes(content)  # the same name and the same bytes, but private
                photo = _photo(real, folder / name, content)
                before = _facts(private / name)
                try:
                    remove(photo, Fingerprint(Sha256(sha256(content)), len(content)))
                except LocalFault:
                    outcomes["refused"] += 1
                    kept[name] = content
                else:
                    outcomes["removed"] += 1
                    assert name not in os.listdir(real)  # noqa: PTH208  # by handle: its path is being swapped
                assert _facts(private / name) == before
                (private / name).unlink()
        recover([imports])
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == kept
        assert list(private.iterdir()) == []
    finally:
        os.close(real)
    assert outcomes["refused"] > RACES // 100
    assert outcomes["removed"] > RACES // 100
    print(f"\n{RACES} races with a swapped folder: {outcomes}")


def _photo(folder: int, path: Path, content: bytes) -> LocalFile:
    """Written through a handle on the real folder, whatever its path is at that moment."""
    with open(
        path.name, "xb", opener=lambda name, flags: os.open(name, flags, 0o600, dir_fd=folder)
    ) as file:  # by handle
        file.write(content)
        file.flush()
        seen = os.fstat(file.fileno())
    return LocalFile(path, seen.st_size, seen.st_mtime_ns, seen.st_dev, seen.st_ino)


def _facts(path: Path) -> tuple[object, ...]:
    seen = path.lstat()
    return seen.st_ino, seen.st_mode, seen.st_mtime_ns, seen.st_nlink, path.read_bytes()


# --- names ------------------------------------------------------------------------------------------------------------


def hostile_names(count: int) -> list[bytes]:
    """Names of photos that a shell, a terminal, a path or another program could take for something else."""
    known = [
        *(
            b"-rf",
            b"--help",
            b"$(touch x)",
            b"`touch x`",
            b";reboot",
            b" ",
            b"a\nb",
            b"\n",
            b"\t",
            b"\x1b[2J",
            b"'",
            b'"',
        ),
        *(
            b"*",
            b"?",
            b"[a-z]",
            b"~",
            b"%s%n",
            b"CON",
            b"nul",
            b"x" * 240,
            b"\xff\xfe",
            b"caf\xe9",
            b"..",
            b"...",
            b"a.",
        ),
        *(
            "\u202egpj".encode(),
            "\u200b".encode(),
            "\u0000x".replace("\0", "\u2400").encode(),
            b"visits/"[:-1],
            b"\\",
            b"c:",
        ),
        *(b"=cmd|' C calc'!A0", b"\x7f", b"\r", b"&&", b"|", b"{}", b"%USERNAME% ^", "写真".encode(), "📷".encode()),
    ]
    chance = random.Random(3)
    assert not any(b"/" in name or b"\0" in name for name in known)
    names = {name + b".JPG" for name in known}
    while len(names) < count:
        body = bytes(
            chance.choice(b"aB-.$`'\"\\ \n\t*?[]%;&|\xc3\xa9\xff\x1b\x01") for _ in range(chance.randint(1, 60))
        )
        names.add(body + chance.choice([b".jpg", b".JPG", b".jpeg"]))
    # Those that begin with a full stop are hidden, and left alone as such.
    return sorted(b"n" + name if name.startswith(b".") else name for name in names)


@posix
@pytest.mark.timeout(600)
def test_photos_of_any_name_arrive_and_private_ones_stay(laptop: Laptop) -> None:
    wanted, untouched = set(), {}
    for number, name in enumerate(hostile_names(NAMES)):
        path = laptop.imports / os.fsdecode(name)
        if number % 5 == 4:
            path.write_bytes(jpeg(PRIVATE, seed=number))
            untouched[path] = (path.read_bytes(), path.stat().st_mtime_ns)
        else:
            photo = laptop.photo(os.fsdecode(name), size=4000, seed=number)
            wanted.add(sha256(photo.read_bytes()))
    assert len(wanted) + len(untouched) >= NAMES
    done = laptop.command("sync", "--json", timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in laptop.imports.iterdir()} == untouched
    assert laptop.originals_on_share() == wanted
    assert all(SAFE.fullmatch(name) for name in laptop.on_share())
    shown = laptop.command("log", "show", "--json").stdout
    for path in untouched:
        assert json.dumps(path.name)[1:-1] not in shown


TWINS = [
    ("IMG_1.JPG", "img_1.jpg"),
    ("IMG_2.JPG", "IMG_2.jpg"),
    (unicodedata.normalize("NFC", "café.jpg"), unicodedata.normalize("NFD", "café.jpg")),
    (unicodedata.normalize("NFC", "Ångström.JPG"), unicodedata.normalize("NFD", "Ångström.JPG")),
    ("ſ.jpg", "s.jpg"),
    ("straße.jpg", "STRASSE.JPG"),
    ("K.jpg", "\u212a.jpg"),  # the Kelvin sign, which casefolds to k
    ("a.jpg", "a.jpg "),
    ("ﬁle.jpg", "file.jpg"),
]


@posix
@pytest.mark.parametrize("private_first", [True, False])
def test_of_twins_by_case_or_unicode_only_the_visits_is_taken(laptop: Laptop, private_first: bool) -> None:
    wanted, untouched = set(), {}
    for number, twins in enumerate(TWINS):
        private, visit = twins if private_first else reversed(twins)
        path = laptop.imports / private
        path.write_bytes(jpeg(PRIVATE, seed=number))
        if (laptop.imports / visit).exists():
            pytest.skip("this file system takes such names for one")
        untouched[path] = path.read_bytes()
        if Path(visit).suffix.lower() == ".jpg":
            wanted.add(sha256(laptop.photo(visit, seed=100 + number * 9).read_bytes()))
    done = laptop.command("sync", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path: path.read_bytes() for path in laptop.imports.iterdir()} == untouched
    assert laptop.originals_on_share() == wanted
