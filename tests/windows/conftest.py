"""Windows' own Python, run here by Wine, as a laptop's; and a real OpenSSH server on this machine."""

import os
from pathlib import Path

import pytest

from tests.laptop import Laptop
from tests.servers.fixtures import sshd  # noqa: F401  # the fixture behind `laptop`
from tests.servers.openssh import OpenSSH

VARIABLE = "PHOTO_AGENT_WINDOWS_PYTHON"


class WindowsLaptop(Laptop):
    """A laptop whose program sees this machine's files as Wine shows them: below Z:."""

    def named(self, path: Path) -> str:
        return "Z:" + str(path).replace("/", "\\")


@pytest.fixture(scope="session")
def windows_python() -> str:
    """The command that starts it."""
    command = os.environ.get(VARIABLE)
    if not command:
        pytest.skip(f"{VARIABLE} names no Windows Python (tests/windows/run.sh prepares one)")
    return command


@pytest.fixture
def laptop(windows_python: str, sshd: OpenSSH, tmp_path: Path) -> WindowsLaptop:  # noqa: F811  # imported above
    """Set up, its register on the share, its import folder empty."""
    return WindowsLaptop(tmp_path / "laptop", sshd, (windows_python,))
