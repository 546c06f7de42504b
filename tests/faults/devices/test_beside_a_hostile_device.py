"""The whole program on an honest laptop, beside a hostile device; and a device that is removed, or gets a new key."""

import contextlib
import os
import random
import signal
import socket
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import paramiko
import pytest

from tests.faults.devices.attacking import MARKS, laptop_of, modes
from tests.laptop import Laptop, sha256
from tests.servers.school import Account, School, put

pytestmark = MARKS

# --- the whole program ------------------------------------------------------------------------------------------------


def test_two_laptops_send_to_one_visit_at_once(
    school: School,
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


def test_doctor_finds_a_share_like_this_in_order(laptop: Laptop, school: School) -> None:
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


def test_what_a_killed_transfer_left_is_removed(laptop: Laptop, school: School) -> None:
    """The folder of the visit cannot be listed, so the laptop remembers what it began to send."""
    laptop.photo("IMG_1.JPG")
    laptop.run()
    school.keep()
    for number in range(4):
        laptop.photo(f"IMG_{number}.JPG", size=300_000, seed=20 + number)
    laptop.configure(device={"name": "Laptop-B"}, share={"bandwidth_kib_per_s": 200})
    sync = laptop.start("sync")
    while not laptop.arriving() and sync.poll() is None:
        time.sleep(0.05)
    os.kill(sync.pid, signal.SIGKILL)
    sync.communicate()
    assert laptop.arriving()
    laptop.register("id,title,starts,ends\nother,Other,2027-01-01,2027-01-02\n")
    laptop.configure(device={"name": "Laptop-B"})
    laptop.run()  # the photos are private now, and none of them is sent again
    laptop.register("id,title,starts,ends\nother,Other,2026-03-14 11:00,2026-03-14 12:00\n")
    laptop.photo("IMG_9.JPG", datetime(2026, 3, 14, 11, 30))  # noqa: DTZ001  # a camera's clock
    laptop.run()
    assert not [name for name in laptop.on_share() if name.endswith(".part")]


# --- hostile names ----------------------------------------------------------------------------------------------------


def test_hostile_names_on_the_share_harm_nobody(school: School, hostile: Account, laptop: Laptop) -> None:
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
    """Names that a shell, a terminal, a spreadsheet or a path could misread."""
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


# --- a device that was locked out -------------------------------------------------------------------------------------


def test_a_device_that_is_removed_is_out_at_once(school: School, visit: str) -> None:
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


def test_a_new_key_ends_the_sessions_of_the_old_one(school: School) -> None:
    account = school.add("Laptop-Anew")
    with school.sftp(account) as sftp:
        sftp.listdir("/photos/register")
        account.key_file.unlink()
        school.add("Laptop-Anew")
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            sftp.listdir("/photos/register")
    with school.sftp(account) as sftp:
        assert sftp.listdir("/photos/record/Laptop-Anew") == []


def test_the_server_log_says_who_did_what(school: School, hostile: Account, visit: str) -> None:
    place = school.share / "dev" / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(place))
        place.chmod(0o666)
        log.settimeout(10)
        with school.sftp(hostile) as sftp:
            sftp.mkdir(f"/photos/visits/{visit}")
            put(sftp, f"/photos/visits/{visit}/a.jpg", b"a")
            sftp.remove(f"/photos/visits/{visit}/a.jpg")
        said = ""
        while f"session closed for local user {hostile.user} " not in said:
            said += log.recv(65536).decode() + "\n"
    place.unlink()
    assert f"session opened for local user {hostile.user} " in said
    for line in (f'mkdir name "/photos/visits/{visit}"', f'open "/photos/visits/{visit}/a.jpg"', "remove name"):
        assert line in said
