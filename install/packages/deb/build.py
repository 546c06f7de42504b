#!/usr/bin/env python3
"""Make the Debian package, on the same release of Debian or Ubuntu as the laptops.

    python3 install/packages/deb/build.py --output FOLDER [--python /usr/bin/python3] [--wheel FILE] [--wheels FOLDER]

The package contains a virtual environment of the system's own Python in /usr/lib/photo-agent, with all dependencies in
the versions and with the hashes of install/locked/package.txt. They come from the package index, or from a folder of
wheels (--wheels) without the network. Laptops that install the package do not fetch anything. The package works only
with that minor version of Python: build it for each release of Debian or Ubuntu that the laptops have.

Needs dpkg-deb and pip. Root is not needed.
"""

import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
LOCK = CHECKOUT / "install" / "locked" / "package.txt"
NAME = "visit-photo-agent"
HOME = Path("usr/lib/photo-agent")

CONTROL = """Package: {name}
Version: {version}
Architecture: {architecture}
Maintainer: School IT <it@school.example>
Installed-Size: {size}
Depends: python3 (>= 3.{minor}), python3 (<< 3.{next}), libc6, libstdc++6, init-system-helpers (>= 1.62)
Section: graphics
Priority: optional
Homepage: https://github.com/visit-photo-agent/visit-photo-agent
Description: photos of a school visit go to the school's share
 Sends the photos of a school visit from a staff laptop to the school's share,
 reads every byte back, and then removes them from the laptop. It runs in each
 user's session, for every user who has settings.
"""

MENU = """[Desktop Entry]
Type=Application
Name=School photos
Comment=Which photos are safe on the school network, and which need you
Exec=/usr/bin/photo-agent open
Icon=photo-agent
Terminal=false
Categories=Graphics;Photography;
"""

COMMAND = """#!/usr/lib/photo-agent/bin/python -P
import sys

from agent.cli import main

if __name__ == "__main__":
    sys.exit(main())
"""


class NotBuilt(Exception):
    """The package cannot be built. The message says why, and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Build the package. Returns 2 if something is missing or fails."""
    parser = argparse.ArgumentParser(description="Make the Debian package.")
    parser.add_argument("--output", type=Path, required=True, help="the folder for the package")
    parser.add_argument("--python", type=Path, default=Path("/usr/bin/python3"), help="the laptops' system's Python")
    parser.add_argument("--wheel", type=Path, help="the program's own wheel; default: built from this folder")
    parser.add_argument("--wheels", type=Path, help="a folder with all the wheels it needs; nothing is fetched")
    options = parser.parse_args(arguments)
    for given in (options.wheel, options.wheels):
        if given is not None and not given.exists():
            parser.error(f"there is no {given}")
    try:
        with tempfile.TemporaryDirectory(prefix="photo-agent-deb-") as scratch:
            print(build(options, Path(scratch)))
    except NotBuilt as fault:
        print(fault, file=sys.stderr)
        return 2
    return 0


def build(options: argparse.Namespace, scratch: Path) -> Path:
    """The package's file."""
    # Permissions that the builder's umask removes would be missing on every laptop.
    os.umask(0o022)
    root = scratch / "root"
    home = root / HOME
    home.parent.mkdir(parents=True)
    python: Path = options.python
    minor = int(_run([python, "-c", "import sys; print(sys.version_info[1])"], "that Python does not start"))
    _run([python, "-I", "-m", "venv", "--without-pip", "--symlinks", home], "the virtual environment could not be made")
    _fill(home, options, scratch)
    version = _run([home / "bin/python", "-c", "import agent; print(agent.__version__)"], "the program does not start")
    unit = _run(
        [home / "bin/python", "-c", _UNIT.format(python=f"/{HOME}/bin/python")], "the unit's text could not be made"
    )
    _settle(home, minor)
    # Users cannot write here, and a package rounds times, so compile now, without a check against the source's time.
    compiling = [python, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    _run([*compiling, "-s", root, "-p", "/", home], "the modules could not be compiled")
    _around(root, unit)
    _control(root, version.strip(), minor)
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or _is_program(path, root) else 0o644)
    options.output.mkdir(parents=True, exist_ok=True)
    architecture = _run(["dpkg", "--print-architecture"], "dpkg does not say for which machines this is").strip()
    package: Path = options.output / f"{NAME}_{version.strip()}_{architecture}.deb"
    _run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "-z2", "--build", root, package],
        "dpkg-deb could not make the package",
    )
    return package


_UNIT = """
from pathlib import Path
from agent.service.launch import Launch
from agent.service.systemd import packaged_unit
print(packaged_unit(Launch(({python!r}, "-P", "-m", "agent.cli"))), end="")
"""


def _fill(home: Path, options: argparse.Namespace, scratch: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]
    own = options.wheel
    if own is None:
        _run([*pip, "wheel", "--no-deps", "-w", scratch / "own", CHECKOUT], "the program's own wheel could not be made")
        own = next((scratch / "own").glob("*.whl"))
    into = [*pip, "--python", home / "bin/python", "install", "--no-deps", "--no-compile", "--only-binary=:all:"]
    source = [] if options.wheels is None else ["--no-index", "--find-links", options.wheels]
    _run([*into, *source, "--require-hashes", "-r", LOCK], "pip could not get what the program needs")
    _run([*into, "--no-index", own], "the program's wheel could not be unpacked")


def _settle(home: Path, minor: int) -> None:
    """Adapt the environment to its place on a laptop, and remove files that only developers need."""
    for path in (home / "bin").iterdir():
        if path.name not in {"python", "python3", f"python3.{minor}"}:
            path.unlink()
    (home / "bin/photo-agent").write_text(COMMAND, "utf-8")
    settings = (home / "pyvenv.cfg").read_text("utf-8")
    (home / "pyvenv.cfg").write_text(re.sub(r"(?m)^command = .*\n", "", settings), "utf-8")
    if (home / "lib64").is_symlink():
        (home / "lib64").unlink()
    shutil.rmtree(home / "include", ignore_errors=True)
    unneeded = [home / "share", home / "man", *home.glob("lib/python3*/site-packages/*/tests")]
    for folder in unneeded:
        shutil.rmtree(folder, ignore_errors=True)


def _around(root: Path, unit: str) -> None:
    """Add the files outside the environment: the command, the unit, the menu entry, the documents."""
    files = {
        f"usr/lib/systemd/user/{NAME}.service": unit,
        "usr/share/applications/photo-agent.desktop": MENU,
        f"usr/share/doc/{NAME}/copyright": (CHECKOUT / "LICENSE").read_text("utf-8"),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    changes = (CHECKOUT / "CHANGELOG.md").read_bytes()
    (root / f"usr/share/doc/{NAME}/changelog.gz").write_bytes(gzip.compress(changes, 9, mtime=0))
    icon = root / "usr/share/icons/hicolor/scalable/apps/photo-agent.svg"
    icon.parent.mkdir(parents=True)
    (shown,) = (root / HOME).glob("lib/python3*/site-packages/agent/web/static/icon.svg")
    shutil.copyfile(shown, icon)
    (root / "usr/bin").mkdir()
    (root / "usr/bin/photo-agent").symlink_to("../lib/photo-agent/bin/photo-agent")


def _control(root: Path, version: str, minor: int) -> None:
    folder = root / "DEBIAN"
    folder.mkdir()
    size = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file()) // 1024
    architecture = _run(["dpkg", "--print-architecture"], "dpkg does not say for which machines this is").strip()
    (folder / "control").write_text(
        CONTROL.format(name=NAME, version=version, architecture=architecture, size=size, minor=minor, next=minor + 1),
        "utf-8",
    )
    for name in ("preinst", "postinst", "prerm", "postrm"):
        text = (HERE / name).read_text("utf-8").replace("@VERSION@", version)
        (folder / name).write_text(text, "utf-8")


def _is_program(path: Path, root: Path) -> bool:
    return path.parent in {root / "DEBIAN", root / HOME / "bin"} and path.name != "control"


def _run(command: Sequence[object], fault: str) -> str:
    line = [os.fspath(part) if isinstance(part, Path) else str(part) for part in command]
    surroundings = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    try:
        done = subprocess.run(line, capture_output=True, text=True, errors="replace", check=False, env=surroundings)
    except FileNotFoundError as missing:
        raise NotBuilt(f"There is no {line[0]} here. On Debian: apt install python3 dpkg-dev") from missing
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()[-8:]
        raise NotBuilt("\n  ".join([f"{fault[0].upper()}{fault[1:]}:", *said]))
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
