"""What IT's commands say about a folder that is the wrong one, or that this user may not read."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMANDS = (("log", "show"), ("log", "verify"), ("witness",))
NOBODY = 65534
SETPRIV = shutil.which("setpriv")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user can come to, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="vpa-others-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def run(words: tuple[str, ...], folder: Path, base: Path, *before: str) -> subprocess.CompletedProcess[str]:
    keys = base / "keys.txt"
    keys.touch()
    more = ["--keys", str(keys), "--state", str(base / "state")] if words == ("witness",) else ["--key", str(keys)]
    return subprocess.run(
        [*before, sys.executable, "-m", "agent.cli", *words, str(folder), *more],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], "HOME": str(base)},
    )


@pytest.mark.parametrize("words", COMMANDS)
def test_a_folder_without_a_record_is_said_to_be_the_wrong_one(words: tuple[str, ...], reachable: Path) -> None:
    (reachable / "photos" / "summer").mkdir(parents=True)
    done = run(words, reachable / "photos", reachable)
    assert done.returncode == 2, done.stderr
    assert f"There is no record in {reachable / 'photos'}. Name the share's folder" in done.stderr
    assert "ROLLBACK" not in done.stdout


@pytest.mark.skipif(SETPRIV is None, reason="no setpriv here (util-linux)")
@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("closed", [".", "record"])
def test_a_folder_that_may_not_be_read_is_a_sentence(words: tuple[str, ...], closed: str, reachable: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to somebody else")
    share = reachable / "share"
    (share / "record").mkdir(parents=True)
    (share / closed).chmod(0o700)
    os.chown(share / closed, NOBODY, NOBODY)
    # Root without its privilege over others' files: the interpreter's owner can start it, and no more.
    done = run(words, share, reachable, SETPRIV or "", "--bounding-set=-dac_override,-dac_read_search")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert f"{share} may not be read by this user" in done.stderr or "is not readable" in done.stderr
