"""Everything that must survive a power cut is on the disk before the first photo goes: every name, in every folder."""

import re
import shutil
from pathlib import Path

import pytest

from tests.laptop import Laptop

STRACE = shutil.which("strace")


@pytest.mark.skipif(STRACE is None, reason="no strace here (Debian: strace), which sees what is synced")
def test_every_name_in_the_state_folder_is_synced_before_the_first_removal(laptop: Laptop, tmp_path: Path) -> None:
    laptop.photo("a.jpg")
    log = tmp_path / "trace"
    calls = "trace=mkdir,mkdirat,openat,rename,renameat,renameat2,fsync,fdatasync,unlink,unlinkat"
    done = laptop.command("sync", before=[STRACE or "", "-f", "-y", "-o", str(log), "-e", calls])
    assert done.returncode == 0, done.stderr
    state, waiting, known = laptop.home / "state", set[str](), set[str]()
    for line in log.read_text().splitlines():
        if re.search(r"unlink(?:at)?\(.*a\.jpg", line):
            break
        if "= -1" in line:
            continue
        if made := re.search(r"(?:mkdir\w*|O_CREAT|rename\w*)\b", line):
            names = [Path(name) for name in re.findall(r'"([^"]+)"', line)]
            # A file opened again has its name already; SQLite's -shm may be lost.
            if names and (made[0] != "O_CREAT" or (not {str(names[-1])} & known and "-shm" not in names[-1].name)):
                waiting.add(str(names[-1].parent))
            known.update(map(str, names))
        if synced := re.search(r"sync\(\d+<([^>]+)>", line):
            waiting.discard(synced[1])
    else:
        pytest.fail("the photo was never removed")
    assert {folder for folder in waiting if Path(folder) == state.parent or Path(folder).is_relative_to(state)} == set()
