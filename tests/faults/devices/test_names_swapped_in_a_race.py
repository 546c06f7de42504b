"""A process of the hostile device swaps names at the worst moment, under the keeper and under an honest laptop."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.devices.attacking import MARKS, as_user, clear, in_the_name_of
from tests.faults.profile import either
from tests.laptop import Laptop, sha256
from tests.servers.school import SERVER, Account, School, run

pytestmark = MARKS

RACES = either(200, 3000)

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


@pytest.mark.timeout(either(120, 3600), func_only=True)
def test_a_name_swapped_under_the_keeper_changes_nothing_elsewhere(
    school: School,
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
            os.rmdir(contested)  # so that the device can continue
    print(outcome)
"""


def settled(path: Path) -> tuple[object, ...]:
    about = path.lstat()
    content = path.read_bytes() if path.is_file() else b"".join(sorted(bytes(one) for one in path.iterdir()))
    return about.st_uid, about.st_gid, about.st_mode, about.st_ino, content


@pytest.mark.timeout(either(120, 600), func_only=True)
def test_no_photo_is_lost_while_a_device_swaps_the_visits_name(
    school: School,
    hostile: Account,
    laptop: Laptop,
) -> None:
    own = school.photos / "record" / "Laptop-A" / "moved"
    as_user(hostile, "import os; os.umask(0); os.makedirs('moved', 0o777, exist_ok=True)", own.parent)
    env = {"FOLDER": str(school.visits), "DECOY": str(own), "REGISTER": "/nowhere", "OWN": str(own)}
    program = SWAPPER.replace("contested", "museum")
    originals = {sha256(laptop.photo(f"IMG_{n}.JPG", seed=n).read_bytes()) for n in range(8)}
    with swapping(program, "link folder away file link away", hostile, env):
        for _ in range(either(3, 10)):
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
