"""Scripts that IT's tools run on each laptop: they say what is missing, set it up, and may be repeated."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.settings import load
from tests.platforms import posix_paths

INSTALL = Path(__file__).resolve().parents[3] / "install"
FLEET = INSTALL / "fleet"

pytestmark = posix_paths

Fleet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """IT's settings for the whole machine, as the example has them."""
    folder = tmp_path / "machine" / "photo-agent"
    folder.mkdir(parents=True)
    text = (FLEET / "agent.toml").read_text("utf-8").replace("/etc/xdg/photo-agent", str(folder))
    # A server that never answers: the host key is pinned already, by IT.
    (folder / "agent.toml").write_text(text.replace("photos.school.example", "photos.invalid"), "utf-8")
    import pwd

    login = pwd.getpwuid(os.geteuid()).pw_name
    (folder / "staff.csv").write_text(f"login,staff\n{login},Jane Smith\n", "utf-8")
    return folder


@pytest.fixture
def fleet(tmp_path: Path, machine: Path) -> Fleet:
    """Runs a script as this user, with a separate home folder."""
    home = tmp_path / "home"
    home.mkdir()
    surroundings = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_CONFIG_DIRS": str(machine.parent),
        "XDG_RUNTIME_DIR": str(tmp_path / "no session"),
        "PHOTO_AGENT_AS_ROOT": "1",
        "LANG": "C.UTF-8",
    }

    def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        line = ["sh", str(FLEET / script), *arguments]
        return subprocess.run(line, env=surroundings, capture_output=True, text=True, check=False)

    return run


@pytest.mark.skipif(sys.platform != "linux", reason="the machine's folder can be moved by XDG only")
def test_setting_up_makes_the_keys_and_leaves_the_enrolment(fleet: Fleet, tmp_path: Path) -> None:
    before = fleet("detect.sh")
    assert (before.returncode, before.stdout) == (1, "This user has no keys yet.\n")
    enrolment = tmp_path / "enrolment"
    enrolment.mkdir()
    fleet("set-up.sh", "--enrolment", str(enrolment))
    (file,) = enrolment.glob("*.enrolment")
    told = dict(line.split(": ", 1) for line in file.read_text("utf-8").splitlines() if ": " in line)
    assert told["staff"] == "Jane Smith"
    name = socket.gethostname().partition(".")[0].lower()
    assert told["user"] in {name, f"laptop-{name}"}, "one that begins with a digit could be no user"
    keys = tmp_path / "home" / ".config" / "photo-agent" / "id_ed25519"
    first = keys.read_bytes()
    fleet("set-up.sh", "--enrolment", str(enrolment))
    assert keys.read_bytes() == first, "repeating it changes nothing"
    assert len(list(enrolment.iterdir())) == 1
    # No session runs here, and no package put a unit into its place.
    if not Path("/usr/lib/systemd/user/visit-photo-agent.service").exists():
        assert fleet("detect.sh").stdout == "The program does not start at log-in.\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the machine's folder can be moved by XDG only")
def test_what_is_missing_is_said_in_a_line(fleet: Fleet, machine: Path) -> None:
    behind = fleet("detect.sh", "99.0.0")
    assert behind.returncode == 1
    assert "99.0.0 is wanted" in behind.stdout
    (machine / "agent.toml").write_text("[share]\nhots = 1\n", "utf-8")
    wrong = fleet("detect.sh")
    assert wrong.returncode == 1
    assert "settings" in wrong.stdout
    assert fleet("set-up.sh").returncode == 2


def test_a_version_is_compared_by_its_numbers(fleet: Fleet) -> None:
    assert "is wanted" not in fleet("detect.sh", "0.0.99").stdout


def test_the_example_of_its_settings_is_right(machine: Path) -> None:
    settings = load(machine / "agent.toml")
    assert settings.device.staff == "Jane Smith"
    assert "share.host" in settings.locked.keys


@pytest.mark.skipif(shutil.which("ansible-playbook") is None, reason="Ansible is not on this machine")
def test_ansible_can_read_the_playbook() -> None:
    line = ["ansible-playbook", "-i", "laptop-17,", "--syntax-check", "laptops.yml"]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}  # Ansible refuses to start in another encoding
    done = subprocess.run(line, cwd=FLEET, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
