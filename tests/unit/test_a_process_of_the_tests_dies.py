"""The tests themselves: if one of their processes dies, one test has failed, and the run ends."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TESTS = """
import os, time
import pytest

@pytest.mark.parametrize("n", range({tests}))
def test_one(n):
    if n == {dies}:
        time.sleep(0.5)  # the other process runs most of the rest meanwhile
        os._exit(1)
"""


@pytest.mark.parametrize("dies", [3, 19])
def test_one_test_has_failed_and_the_others_are_run(tmp_path: Path, dies: int) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_xdist_make_scheduler\n", "utf-8")
    (tmp_path / "test_them.py").write_text(TESTS.format(tests=20, dies=dies), "utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "2",
            "--dist",
            "loadgroup",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            ".",
            ".",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.search(r"1 failed, 19 passed", done.stdout), done.stdout
    assert f"test_one[{dies}]" in done.stdout
    assert done.returncode == 1
