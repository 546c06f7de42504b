"""The Debian package: built here, installed, used, upgraded and purged on this machine, which is then as it was before.

Only where tests may change the machine, as root, and where neither the package nor its places are there.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages.builder import NEXT
from tests.servers.school import needs_users, run

NAME = "visit-photo-agent"
PLACES = (
    "/usr/lib/photo-agent",
    "/usr/bin/photo-agent",
    f"/usr/lib/systemd/user/{NAME}.service",
    f"/usr/share/doc/{NAME}",
)
USER = "pa-packaged"

pytestmark = [
    pytest.mark.slow,
    needs_users,
    pytest.mark.xdist_group("users of this machine"),
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no Debian here"),
    pytest.mark.timeout(900, func_only=True),
]


@pytest.fixture
def bare() -> Iterator[None]:
    """A machine without it, and again afterwards."""
    there = [place for place in PLACES if Path(place).exists()]
    if there or run("getent", "passwd", USER, check=False).stdout:
        pytest.skip(f"this machine has it already: {there}")
    run("useradd", "--create-home", "--shell", "/bin/sh", USER)
    try:
        yield
    finally:
        run("dpkg", "--purge", NAME, check=False)
        run("userdel", "--remove", USER, check=False)
    assert not [place for place in PLACES if Path(place).exists()]


def as_user(*line: str, timeout: int = 180) -> subprocess.CompletedProcess[str]:
    home = f"/home/{USER}"
    command = ["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", "env", "-i", f"HOME={home}"]
    command += ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", *line]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=home, timeout=timeout)


def dpkg(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    # No package index is asked for anything: what it depends on must be here already.
    # Nor is each file waited for until it is on the disk, which takes longer than all the rest.
    return run("dpkg", "--force-unsafe-io", *arguments, check=False)


def test_it_holds_nothing_that_could_go_wrong_on_a_laptop(debs: tuple[Path, Path]) -> None:
    listed = run("dpkg-deb", "-c", debs[0]).stdout.splitlines()
    assert all(line.split()[1] == "root/root" for line in listed)
    assert not [line for line in listed if re.match(r"[-d].{4}w|[-d].{7}w|.{3}s", line)], "nobody else may write"
    names = [line.split()[5] for line in listed if line.startswith("-")]
    programs = [line.split()[5] for line in listed if line.startswith("-rwx")]
    assert programs == ["./usr/lib/photo-agent/bin/photo-agent"]
    assert not [name for name in names if name.endswith(("/pip", "/activate"))]
    sources = [name for name in names if name.endswith(".py")]
    assert len([name for name in names if name.endswith(".pyc")]) == len(sources), "none is left to be compiled"
    depends = run("dpkg-deb", "-f", debs[0], "Depends").stdout
    assert re.search(r"python3 \(>= 3\.(\d+)\), python3 \(<< 3\.\d+\)", depends)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_its_unit(debs: tuple[Path, Path], tmp_path: Path) -> None:
    run("dpkg-deb", "-x", debs[0], tmp_path)
    unit = (tmp_path / "usr/lib/systemd/user" / f"{NAME}.service").read_text("utf-8")
    assert (
        "ConditionPathExists=|/etc/xdg/photo-agent/agent.toml\nConditionPathExists=|%E/photo-agent/agent.toml" in unit
    )
    # The program that it starts is not installed here: any other that is.
    checked = tmp_path / f"{NAME}.service"
    checked.write_text(unit.replace("/usr/lib/photo-agent/bin/python", "/bin/true"), "utf-8")
    said = run("systemd-analyze", "--user", "verify", checked, check=False)
    assert NAME not in said.stderr, said.stderr


def test_it_is_installed_used_upgraded_and_purged(debs: tuple[Path, Path], bare: None) -> None:
    first, second = debs
    done = dpkg("-i", first)
    assert done.returncode == 0, done.stdout + done.stderr
    assert as_user("photo-agent", "--version").stdout.strip() == "photo-agent 0.1.0"
    enabled = Path("/etc/systemd/user/default.target.wants") / f"{NAME}.service"
    assert enabled.is_symlink(), "it starts at log-in, for every user"
    demo = as_user("photo-agent", "demo")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "6 removed" in demo.stdout
    folder = Path(f"/home/{USER}/Pictures")
    folder.mkdir()
    shutil.chown(folder, USER, USER)
    told = ["--staff", "j.smith", "--watch", str(folder), "--host", "photos.invalid", "--user", "laptop-17"]
    made = as_user("photo-agent", "init", "--yes", "--no-server", "--timezone", "Europe/London", *told)
    assert made.returncode == 0, made.stderr
    assert "installed: yes" in as_user("photo-agent", "service", "status").stdout
    settings = Path(f"/home/{USER}/.config/photo-agent")
    kept = {path.name: path.read_bytes() for path in settings.iterdir()}
    assert {"agent.toml", "id_ed25519"} <= kept.keys()

    enabled.unlink()  # an administrator switches it off
    done = dpkg("-i", second)
    assert done.returncode == 0, done.stdout + done.stderr
    assert as_user("photo-agent", "--version").stdout.strip() == f"photo-agent {NEXT}"
    assert not enabled.is_symlink(), "off stays off"
    older = dpkg("-i", first)
    assert older.returncode != 0
    assert "newer than 0.1.0" in older.stderr
    assert as_user("photo-agent", "--version").stdout.strip() == f"photo-agent {NEXT}"

    gone = dpkg("--remove", NAME)
    assert gone.returncode == 0, gone.stderr
    assert ".config/photo-agent" in gone.stdout, "where the settings are is said"
    assert dpkg("--purge", NAME).returncode == 0
    assert not [place for place in PLACES if os.path.lexists(place)]
    assert not enabled.is_symlink()
    assert not list(Path("/etc/systemd/user").rglob(f"{NAME}*"))
    assert not list(Path("/var/lib/systemd").rglob(f"*{NAME}*"))
    assert {path.name: path.read_bytes() for path in settings.iterdir()} == kept
