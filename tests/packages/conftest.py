"""The program's own wheel, made once for all packages."""

import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from tests.packages.builder import CHECKOUT, python_with_pip


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Whichever worker comes first makes it; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "own-wheel"
    with FileLock(folder.with_suffix(".lock"), timeout=500):
        if not folder.is_dir():
            made = folder.with_suffix(".new")
            line = [python_with_pip(), "-m", "pip", "--disable-pip-version-check", "-q", "wheel", "--no-deps"]
            subprocess.run([*line, "-w", str(made), str(CHECKOUT)], check=True, stdin=subprocess.DEVNULL, timeout=450)
            made.rename(folder)
    (only,) = folder.glob("*.whl")
    return only
