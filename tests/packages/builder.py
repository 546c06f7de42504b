"""A Python that builds packages: one that has pip, which an environment made without it has not."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = CHECKOUT / "install" / "packages"
NEXT = "0.1.9999"
"""The version of the second package, which upgrades the first."""


def python_with_pip() -> str:
    """The command that starts it."""
    if importlib.util.find_spec("pip") is not None:
        return sys.executable
    for name in ("python3", f"python3.{sys.version_info.minor}"):
        found = shutil.which(name)
        if (
            found
            and subprocess.run([found, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
        ):
            return found
    pytest.skip("no Python with pip here")


def build(script: str, *arguments: object, timeout: int = 600) -> str:
    """Run a package's builder; what it says."""
    line = [python_with_pip(), str(PACKAGES / script), *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=timeout, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
