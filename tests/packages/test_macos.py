"""The folder for Macs, built and installed here with this system's wheels; what only a Mac has is not tried."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages.builder import PACKAGES, python_with_pip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="Linux' wheels stand in for a Mac's"),
    pytest.mark.timeout(600, func_only=True),
    pytest.mark.xdist_group("macs"),
]


def sh(*line: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", *map(str, line)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=500,
    )


def only(needs: str, *names: str) -> str:
    """These packages, with their hashes, from a requirements file."""
    blocks = re.split(r"\n(?=[a-z])", needs)
    kept = [block for block in blocks if block.partition("==")[0] in names]
    assert len(kept) == len(names)
    return "\n".join(kept) + "\n"


def test_the_folder_installs_without_a_network_and_leaves_settings(tmp_path: Path, wheel: Path) -> None:
    python, folder, root = python_with_pip(), tmp_path / "folder", tmp_path / "mac"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    here = ("--python", version, "--platform", "manylinux_2_28_x86_64", "--wheel", wheel)
    built = sh(PACKAGES / "macos/build.sh", "--output", folder, *here, PYTHON=python)
    assert built.returncode == 0, built.stdout + built.stderr

    offline = {"PIP_INDEX_URL": "http://192.0.2.1/", "PIP_NO_INDEX": "1", "PYTHON": python}
    installed = sh(folder / "install.sh", "--root", root, **offline)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    home = root / "Library/Application Support/photo-agent"
    (first,) = [path for path in (home / "program").iterdir() if path.name != "current"]
    command = home / "program/current/bin/photo-agent"
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("photo-agent ")
    agent = root / "Library/LaunchAgents/local.visit-photo-agent.plist"
    assert "/Library/Application Support/photo-agent/program/current/bin/python" in agent.read_text("utf-8")
    (home / "agent.toml").write_text("# IT's\n")

    # A newer version that needs less, so that it is quickly there.
    needs = folder / "needs.txt"
    needs.write_text(only(needs.read_text("utf-8"), "click", "platformdirs"), "utf-8")
    (folder / "wheels" / "put-aside").mkdir()
    lacking = next((folder / "wheels").glob("platformdirs-*.whl"))
    lacking.rename(folder / "wheels" / "put-aside" / lacking.name)
    failed = sh(folder / "install.sh", "--root", root, **offline)
    assert failed.returncode == 1
    assert "Nothing was changed" in failed.stderr
    assert (home / "program/current").resolve() == first.resolve(), "what was there goes on"
    (folder / "wheels" / "put-aside" / lacking.name).rename(lacking)

    again = sh(folder / "install.sh", "--root", root, **offline)
    assert again.returncode == 0, again.stderr
    assert (home / "program/current").resolve() != first.resolve()
    assert not first.exists()

    gone = sh(folder / "uninstall.sh", "--root", root)
    assert gone.returncode == 0
    assert "settings, keys" in gone.stdout
    assert [path.name for path in home.iterdir()] == ["agent.toml"]
    assert not agent.exists()
