"""IT's way from a bare server to two laptops' first transfer, by typing what install/guides/it-server.md says.

On the real paths of this machine, so only where nothing is there yet, and where adding users was asked for.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from tests.laptop import jpeg, sha256
from tests.servers.ports import HOST, free_port
from tests.servers.school import GROUPS, KEEPER, SSHD, needs_users, one_at_a_time, run

PROJECT = Path(__file__).resolve().parents[2]
GUIDE = PROJECT / "install" / "guides" / "it-server.md"
MADE = ("/srv/photo-share", "/etc/ssh/photo-agents", "/etc/photo-agent", "/mnt/enrolment", "/opt/photo-agent")
PROGRAM = Path("/usr/local/bin/photo-agent")
RULES = Path("/etc/ssh/sshd_config.d/50-photo-agent.conf")
LAPTOPS = ("laptop-17", "laptop-18")
LONGEST = 600  # seconds: "in under ten minutes"
RELOAD = """#!/bin/sh
[ "$*" = "reload ssh" ] || exit 1
listens() {{ grep -c "Server listening" '{log}'; }}
before=$(listens)
kill -HUP {process}
while [ "$(listens)" -le "$before" ]; do sleep 0.05; done
"""

pytestmark = [needs_users, *one_at_a_time, pytest.mark.slow]


def steps() -> list[list[str]]:
    """The commands of each block of the guide, as they are typed, with their prompts."""
    blocks = re.findall(r"```console\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    return [block.splitlines() for block in blocks]


def test_every_line_of_the_guide_is_typed_here() -> None:
    assert [len(block) for block in steps()] == [7, 1, 2, 2, 4]
    assert all(line[:2] in {"# ", "$ "} for block in steps() for line in block)


@dataclass(slots=True)
class Bare:
    """A server with OpenSSH and nothing of this project; what was typed on it, and what came of it."""

    base: Path
    port: int
    typed: list[str] = field(default_factory=list)
    fingerprint: str = ""

    def as_root(self, line: str) -> str:
        """Typed on the server."""
        tools = f"{self.base}/bin:/usr/local/bin:/usr/sbin:/sbin:{os.environ['PATH']}"
        home = {"HOME": str(self.base / "root"), "PATH": tools, "PYTHON": sys.executable}
        return self._type(line.removeprefix("# "), line, home)

    def on(self, laptop: str, line: str) -> str:
        """Typed on a laptop, with its own name where the guide has the first one's, and this server's address."""
        home = self.base / laptop
        command = line.removeprefix("$ ").replace("laptop-17", laptop).replace("SHA256:…", self.fingerprint)
        # The one thing that a test cannot have: the name and the port of a real server.
        command = command.replace("--host photos.school.example", f"--host {HOST} --port {self.port}")
        tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return self._type(command, line, {"HOME": str(home), "PATH": tools})

    def _type(self, command: str, line: str, env: dict[str, str]) -> str:
        self.typed.append(line)
        Path(env["HOME"]).mkdir(exist_ok=True)
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=PROJECT,
            env={**env, "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=LONGEST,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def bare() -> Iterator[Bare]:
    with FileLock(Path(tempfile.gettempdir()) / "photo-agent-test-users.lock"):
        present = [name for name in (*MADE, str(RULES), str(PROGRAM)) if os.path.lexists(name)]
        present += [user for user in (*LAPTOPS, "s.brown") if run("getent", "passwd", user, check=False).stdout]
        present += [group for group in (*GROUPS, "office") if run("getent", "group", group, check=False).stdout]
        if present or not Path("/etc/ssh/sshd_config.d").is_dir():
            pytest.skip(f"this machine is not a bare server: {present}")
        yield from _bare()


def _bare() -> Iterator[Bare]:
    base = Path(tempfile.mkdtemp(prefix="photo-agent-guide-"))
    port = free_port()
    keeper = KEEPER.exists()
    run("ssh-keygen", "-A")
    run("useradd", "--no-create-home", "s.brown")
    Path("/mnt/enrolment").mkdir()
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    assert SSHD is not None
    options = ("-o", f"Port={port}", "-o", f"ListenAddress={HOST}", "-o", "PidFile=none", "-o", "UsePAM=no")
    log = str(base / "sshd.log")
    process = subprocess.Popen([SSHD, "-D", *options, "-E", log], stdin=subprocess.DEVNULL)
    try:
        (base / "bin").mkdir()
        reload = base / "bin" / "systemctl"  # the test machine has no systemd
        reload.write_text(RELOAD.format(process=process.pid, log=log))
        reload.chmod(0o755)
        yield Bare(base, port)
    finally:
        process.terminate()
        process.wait(10)
        for user in (*LAPTOPS, "s.brown"):
            run("userdel", user, check=False)
        for group in (*GROUPS, "office"):
            run("groupdel", group, check=False)
        for name in (*MADE, base):
            shutil.rmtree(name, ignore_errors=True)
        RULES.unlink(missing_ok=True)
        PROGRAM.unlink(missing_ok=True)
        if not keeper:
            KEEPER.unlink(missing_ok=True)


@pytest.mark.timeout(LONGEST, func_only=True)
def test_the_guide_leads_from_a_bare_server_to_two_first_transfers(bare: Bare) -> None:
    began = time.monotonic()
    share, laptops, entry, first, looking = steps()
    for line in share:
        said = bare.as_root(line)
    bare.fingerprint = said.split()[1]

    visits = Path("/srv/photo-share/photos/register/visits.csv").read_text("utf-8").splitlines()
    day = datetime.fromisoformat(visits[-1].split(",")[2])  # today, or yesterday since a moment ago
    taken = min(datetime.now(), day + timedelta(hours=23, minutes=59))  # noqa: DTZ005  # as a camera's clock
    originals: dict[str, Path] = {}
    for number, laptop in enumerate(LAPTOPS):
        imports = bare.base / laptop / "Pictures" / "Camera Imports"
        imports.mkdir(parents=True)
        for line in laptops:
            bare.on(laptop, line)
        photo = imports / "IMG_1.JPG"
        photo.write_bytes(jpeg(taken, seed=50 * number))
        originals[sha256(photo.read_bytes())] = photo

    for line in entry:
        said = bare.as_root(line)
    assert "Devices: 2." in said

    for laptop in LAPTOPS:
        for line in first:
            # The first laptop made the visit's folder; the keeper hands it over, by systemd or, here, by cron's line.
            with contextlib.suppress(FileNotFoundError):
                run(KEEPER)
            bare.on(laptop, line)
    run(KEEPER)
    assert not any(photo.exists() for photo in originals.values())
    arrived = list(Path("/srv/photo-share/photos/visits").rglob("*.jpg"))
    assert len(arrived) == 2
    assert {path.owner() for path in arrived} == set(LAPTOPS)

    said = [bare.as_root(line) for line in looking]
    assert Path("/opt/photo-agent") in PROGRAM.resolve().parents, "it is the program that was installed just now"
    for laptop in LAPTOPS:
        assert f"{laptop}: whole and signed" in said[2]
    as_staff = ("setpriv", "--reuid", "s.brown", "--regid", "s.brown", "--init-groups")
    assert sha256(subprocess.run([*as_staff, "cat", arrived[0]], capture_output=True, check=True).stdout)
    print(f"\nfrom a bare server to two transfers in {time.monotonic() - began:.0f} s, {len(bare.typed)} lines typed")
