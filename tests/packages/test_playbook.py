"""IT's Ansible playbook, run for real: on a laptop with systemd and log-ins, beside a school's server.

The laptop and the server are one machine, which is thrown away afterwards and has no network.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.laptop import ON_VISIT, jpeg
from tests.packages.builder import CHECKOUT, NEXT
from tests.packages.throwaway import SHOWN, Machine, NotStarted, machine

PEOPLE = ("anna", "ben")
INVENTORY = """[laptops]
localhost ansible_connection=local ansible_python_interpreter=/usr/bin/python3 ansible_become_method={}
"""
HOST_VARS = "photo_agent_people: [anna, ben]\nphoto_agent_enrolment: /mnt/enrolment\n"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("ansible-playbook") is None, reason="no Ansible here (Debian: ansible-core)"),
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no Debian here"),
    pytest.mark.timeout(900, func_only=True),
]


@dataclass(frozen=True, slots=True)
class Laptop:
    """A laptop that IT manages: the machine, and IT's folder with the playbook and what stands beside it."""

    machine: Machine
    folder: Path

    def play(self, *options: str) -> subprocess.CompletedProcess[str]:
        line = (
            f"cd {SHOWN}/fleet && ANSIBLE_PIPELINING=1 exec ansible-playbook -i hosts {' '.join(options)} laptops.yml"
        )
        return self.machine.run("sh", "-c", line)

    def as_person(self, login: str, *line: str) -> subprocess.CompletedProcess[str]:
        number = self.machine.done("id", "-u", login).strip()
        return self.machine.run("env", f"XDG_RUNTIME_DIR=/run/user/{number}", *line, user=login)

    def service(self, login: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(
            self.as_person(login, "photo-agent", "service", "status", "--json").stdout
        )
        return found

    def running(self, login: str) -> str:
        """The process of this person's service, which must be there."""
        line = ("systemctl", "--user", "show", "-P", "MainPID", "visit-photo-agent")
        number = self.as_person(login, *line).stdout.strip()
        assert number.isdigit()
        assert number != "0"
        return number

    def version(self) -> str:
        return self.machine.done("photo-agent", "--version").split()[-1]

    def keys(self) -> list[str]:
        return [self.machine.done("cat", f"/home/{login}/.config/photo-agent/id_ed25519") for login in PEOPLE]


@pytest.fixture
def laptop(tmp_path: Path, debs: tuple[Path, Path]) -> Iterator[Laptop]:
    """A bare one. `anna` has logged in, `ben` never has."""
    folder, shown, base = tmp_path / "shown" / "fleet", tmp_path / "shown", tmp_path / "machine"
    shutil.copytree(CHECKOUT / "install" / "fleet", folder)
    shutil.copytree(CHECKOUT / "install" / "server", shown / "install" / "server")
    shutil.copytree(CHECKOUT / "config", shown / "config")
    for deb in debs:
        shutil.copyfile(deb, folder / deb.name)
    settings = (folder / "agent.toml").read_text("utf-8")
    # As the guide says for a laptop with several people.
    (folder / "agent.toml").write_text(settings.replace('"{host}"', '"{host}-{login}"'), "utf-8")
    (folder / "staff.csv").write_text("login,staff\nanna,j.smith\nben,a.okafor\n", "utf-8")
    (folder / "hosts").write_text(INVENTORY.format("sudo" if shutil.which("sudo") else "su"), "utf-8")
    (folder / "host_vars").mkdir()
    (folder / "host_vars" / "localhost.yml").write_text(HOST_VARS, "utf-8")
    base.mkdir()
    try:
        with machine(base, shown) as there:
            there.done("sh", "-c", "echo 127.0.0.1 photos.school.example >>/etc/hosts && hostname lap-9")
            for login in PEOPLE:
                there.done("useradd", "--create-home", "--shell", "/bin/sh", login)
            there.log_in("anna")
            there.done("mkdir", "-m", "1777", "/mnt/enrolment")
            there.done("ssh-keygen", "-A")
            key = there.done("cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()
            (folder / "known_hosts").write_text(f"photos.school.example {key[0]} {key[1]}\n", "utf-8")
            yield Laptop(there, folder)
    except NotStarted as fault:
        pytest.skip(f"no machine can be started inside this one: {fault}")


def recap(played: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """The counts of the last line, if the play succeeded."""
    assert played.returncode == 0, played.stdout + played.stderr
    return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", played.stdout.splitlines()[-2])}


def test_the_machine_cannot_change_the_one_around_it(laptop: Laptop) -> None:
    """Its root may not set the clock or load modules, and the kernel's settings are read-only."""
    allowed = int(re.findall(r"CapBnd:\s+(\w+)", laptop.machine.done("cat", "/proc/self/status"))[0], 16)
    assert not [number for number in (16, 17, 25) if allowed >> number & 1]  # linux/capability.h: module, rawio, time
    assert " ro," in next(
        line for line in laptop.machine.done("cat", "/proc/self/mountinfo").splitlines() if " /proc/sys " in line
    )


def test_the_playbook_sets_up_upgrades_and_may_be_repeated(laptop: Laptop) -> None:
    there = laptop.machine
    shown = laptop.play("--check", "--diff")
    assert recap(shown)["changed"] > 0
    assert "anna: The program is not installed." in shown.stdout
    assert '+host = "photos.school.example"' in shown.stdout
    assert there.run("test", "-e", "/etc/xdg/photo-agent").returncode == 1, "nothing was changed"

    assert recap(laptop.play())["changed"] > 0
    keys = laptop.keys()
    assert laptop.service("anna")["running"] == "yes"
    assert laptop.service("ben")["installed"] is True
    assert len(there.done("ls", "/mnt/enrolment").split()) == len(PEOPLE)
    assert recap(laptop.play())["changed"] == 0, "repeating it changes nothing"

    # The server does not know the laptop yet.
    there.done("systemctl", "start", "ssh")
    server = ["groupadd office", "install/server/make-share.sh --editors office"]
    server += ["cp install/server/50-photo-agent.conf /etc/ssh/sshd_config.d/", "sshd -t", "systemctl reload ssh"]
    server += ["cp config/visits.csv /srv/photo-share/photos/register/visits.csv"]
    there.done("sh", "-c", f"cd {SHOWN} && {' && '.join(server)}")
    photo = laptop.folder / "IMG_1.JPG"
    photo.write_bytes(jpeg(ON_VISIT, seed=7))
    imports = "/home/anna/Pictures/Camera Imports"
    there.done("install", "-o", "anna", f"{SHOWN}/fleet/IMG_1.JPG", imports)
    refused = laptop.as_person("anna", "photo-agent", "sync")
    assert refused.returncode == 6, refused.stdout + refused.stderr
    assert there.done("ls", imports).strip() == "IMG_1.JPG"

    entered = there.done("sh", "-c", f"cd {SHOWN} && install/server/add-device.sh --from /mnt/enrolment")
    assert "2 of 2 entered" in entered, entered
    sent = laptop.as_person("anna", "photo-agent", "sync")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert there.done("ls", imports).strip() == ""
    assert there.done("sh", "-c", "ls /srv/photo-share/photos/visits/*/*.jpg")

    first = laptop.running("anna")
    assert recap(laptop.play("-e", f"photo_agent_version={NEXT}"))["changed"] > 0
    assert laptop.version() == NEXT
    second = laptop.running("anna")
    assert second != first, "open sessions run the new version at once"
    assert laptop.keys() == keys

    settings = (laptop.folder / "agent.toml").read_text("utf-8")
    (laptop.folder / "agent.toml").write_text(settings.replace("[share]", "rescan_minutes = 7\n\n[share]"), "utf-8")
    assert recap(laptop.play("-e", f"photo_agent_version={NEXT}"))["changed"] > 0
    assert laptop.running("anna") != second, "open sessions use the new settings at once"

    older = laptop.play()
    assert older.returncode == 2
    assert "A later version is already installed" in older.stdout
    assert laptop.version() == NEXT
    assert laptop.keys() == keys
