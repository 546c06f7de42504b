"""What all packages need, made once: the program's own wheel, and two versions of the Debian package."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from tests.packages.builder import CHECKOUT, NEXT, build, python_with_pip
from tests.servers.school import run

MadeOnce = Callable[[str, Callable[[Path], None]], Path]
"""Takes a folder's name and what fills it; gives the filled folder."""


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> MadeOnce:
    """A folder that whichever worker comes first fills; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def made(name: str, fill: Callable[[Path], None]) -> Path:
        folder = shared / name
        with FileLock(folder.with_suffix(".lock"), timeout=900):
            if not folder.is_dir():
                new = folder.with_suffix(".new")
                new.mkdir(exist_ok=True)
                fill(new)
                new.rename(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def wheel(made_once: MadeOnce) -> Path:
    """The program's own wheel."""

    def fill(folder: Path) -> None:
        line = [python_with_pip(), "-m", "pip", "--disable-pip-version-check", "-q", "wheel", "--no-deps"]
        subprocess.run([*line, "-w", str(folder), str(CHECKOUT)], check=True, stdin=subprocess.DEVNULL, timeout=450)

    (only,) = made_once("own-wheel", fill).glob("*.whl")
    return only


@pytest.fixture(scope="session")
def debs(made_once: MadeOnce, wheel: Path) -> tuple[Path, Path]:
    """Two versions of the Debian package: as it is built, and the same with another version number."""
    if Path("/usr/bin/python3").exists():
        version = run("/usr/bin/python3", "-c", "import sys; print(sys.version_info >= (3, 11))").stdout
        if version.strip() != "True":
            pytest.skip("the system's own Python is older than 3.11")

    def fill(folder: Path) -> None:
        said = build("deb/build.py", "--output", folder, "--wheel", wheel, timeout=850)
        first = Path(said.splitlines()[-1])
        unpacked = folder / "unpacked"
        run("dpkg-deb", "-R", first, unpacked)
        (module,) = unpacked.glob("usr/lib/photo-agent/lib/python3*/site-packages/agent/__init__.py")
        for path in (unpacked / "DEBIAN" / "control", module, unpacked / "DEBIAN" / "preinst"):
            path.write_text(path.read_text("utf-8").replace("0.1.0", NEXT), "utf-8")
        for compiled in module.parent.glob("__pycache__/__init__.*"):
            compiled.unlink()
        second = first.with_name(first.name.replace("0.1.0", NEXT))
        run("dpkg-deb", "--root-owner-group", "-Znone", "--build", unpacked, second)

    built = {path.name.split("_")[1]: path for path in made_once("debs", fill).glob("*.deb")}
    return built["0.1.0"], built[NEXT]
