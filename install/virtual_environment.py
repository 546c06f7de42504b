"""A virtual environment with this checkout installed in it, for try.py and test.py.

It uses only the standard library, since nothing is installed yet. Every fault gives a message that says what to do.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

CHECKOUT = Path(__file__).resolve().parent.parent
LOCKED = Path(__file__).resolve().parent / "locked"


class NotReadyError(Exception):
    """Something that must first be fixed on this machine. The message says what."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment at `folder`."""

    folder: Path

    def script(self, name: str) -> Path:
        """The path of a program in the environment, on this system."""
        if sys.platform == "win32":
            return self.folder / "Scripts" / f"{name}.exe"
        return self.folder / "bin" / name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.script("python")


def explained(main: Callable[[list[str]], int], arguments: list[str]) -> int:
    """Run `main`, print faults in words, and return the exit code (2: not ready, 130: interrupted)."""
    try:
        return main(arguments)
    except NotReadyError as fault:
        print(f"\n{fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether these are the arguments of somebody who wants to read first, and not to install anything yet."""
    return not {"-h", "--help"}.isdisjoint(arguments)


def folder_from(arguments: Sequence[str]) -> tuple[Path, list[str]]:
    """The folder for the environment (`--venv DIR`, else .venv in the checkout), and the other arguments."""
    rest = list(arguments)
    for place, argument in enumerate(rest):
        if argument == "--":
            break
        if argument.startswith("--venv="):
            del rest[place]
            return Path(argument.partition("=")[2]).absolute(), rest
        if argument == "--venv":
            if place + 1 == len(rest):
                raise NotReadyError("--venv needs a folder after it.")
            folder = Path(rest[place + 1]).absolute()
            del rest[place : place + 2]
            return folder, rest
    return CHECKOUT / ".venv", rest


def prepare(folder: Path, extras: str) -> Environment:
    """The environment at `folder`, made if necessary, with the checkout and its `extras` ("", "demo", "test") in it.

    All dependencies are installed in the locked versions and checked by their hashes.
    """
    environment = Environment(folder)
    if not _works(environment):
        _make(environment)
    print("Installing the program and what it needs (a minute or two the first time)", flush=True)
    _install(environment, "--require-hashes", "-r", str(LOCKED / f"{extras or 'laptop'}.txt"))
    _install(environment, f"{CHECKOUT}[{extras}]" if extras else str(CHECKOUT))
    return environment


def run(command: Sequence[str], folder: Path | None = None) -> int:
    """Run a program on this terminal and return its exit code. The program itself handles Ctrl-C."""
    process = subprocess.Popen(command, cwd=folder)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the program got the Ctrl-C as well, and ends in its own way


def _works(environment: Environment) -> bool:
    """Whether the environment exists, and its Python is still on this machine and new enough."""
    if not environment.python.exists():
        return False
    question = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    asked = subprocess.run([str(environment.python), "-c", question], capture_output=True, check=False)
    return asked.returncode == 0


def _make(environment: Environment) -> None:
    folder = environment.folder
    if os.path.lexists(folder) and not _may_be_cleared(folder):
        raise NotReadyError(
            f"{folder} exists and is not a virtual environment that this system made, or holds more than that. "
            "Name another folder with --venv DIR."
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise NotReadyError(
            "This Python cannot make virtual environments. On Debian or Ubuntu: sudo apt install python3-venv "
            f"(or python{version}-venv), then try again."
        )
    if "WindowsApps" in sys.base_prefix:
        raise NotReadyError(
            "This is the Python of the Microsoft Store. Windows hides the files that it writes in a separate folder, "
            "where nobody would find the settings. Get Python from https://www.python.org/downloads/windows/, or run: "
            "winget install Python.Python.3.13"
        )
    _check_place(folder)
    print(f"Making a virtual environment in {folder}", flush=True)
    if _lacks_launchers():
        _make_by_copying(folder)
        return
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NotReadyError(f"The virtual environment could not be made:\n{_end_of(done.stdout + done.stderr)}")


def _check_place(folder: Path) -> None:
    """Raise if this user may not write where the environment belongs, as in somebody else's checkout."""
    there = folder
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK):
        raise NotReadyError(
            f"You may not write to {there}, where the virtual environment would be made. Name a folder of your own: "
            "--venv FOLDER"
        )


def _lacks_launchers() -> bool:
    """Whether this is a Python for Windows without the small programs that `venv` puts into an environment.

    Python's own installers bring them. One that was put together from its parts, as for tests under Wine, may not.
    """
    if sys.platform != "win32":
        return False
    import venv

    return next((Path(venv.__file__).parent / "scripts" / "nt").glob("*.exe"), None) is None


def _make_by_copying(folder: Path) -> None:
    """Make an environment with python.exe itself and its DLLs in it, since there are no launchers to start them."""
    import venv

    class Builder(venv.EnvBuilder):
        def setup_python(self, context: SimpleNamespace) -> None:
            for file in Path(context.python_dir).iterdir():
                if file.suffix.lower() in {".exe", ".dll"}:
                    shutil.copyfile(file, Path(context.bin_path) / file.name)
            # What makes up for a system that is not quite Windows; an environment does not see the one of its Python.
            custom = Path(sysconfig.get_path("purelib")) / "sitecustomize.py"
            if custom.is_file():
                shutil.copyfile(custom, Path(context.env_dir) / "Lib" / "site-packages" / custom.name)

    try:
        Builder(clear=True, with_pip=True).create(folder)
    except subprocess.CalledProcessError as fault:
        raise NotReadyError(f"pip could not be set up:\n{_end_of(os.fsdecode(fault.output or b''))}") from fault
    except OSError as fault:
        raise NotReadyError(f"The virtual environment could not be made:\n  {fault}") from fault


def _may_be_cleared(folder: Path) -> bool:
    """Whether making the environment anew deletes nothing but an old one: what is deleted is gone.

    A link may lead anywhere. So may those inside an environment of another system, whose own rules do not see them:
    Windows' Python under Wine once deleted the Linux interpreter in that way.
    """
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = {path.name.lower() for path in folder.iterdir()}
    foreign = "bin" if sys.platform == "win32" else "scripts"
    return not names or ("pyvenv.cfg" in names and foreign not in names and names <= _OF_AN_ENVIRONMENT)


_OF_AN_ENVIRONMENT = {
    *("bin", "scripts", "lib", "lib64", "include", "share", "etc", "pyvenv.cfg"),
    *(".gitignore", "cachedir.tag", ".lock"),
}
"""What venv and virtualenv, and packages such as Jupyter's, put into an environment, in lower case."""


def _install(environment: Environment, *what: str) -> None:
    pip = [str(environment.python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    surroundings = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(
        [*pip, "install", "--quiet", *what],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=surroundings,
    )
    if done.returncode != 0:
        raise NotReadyError(
            f"pip could not install the program:\n{_errors_in(done.stdout + done.stderr)}\n\n"
            "Is the network reachable? Behind a proxy, set HTTPS_PROXY. For a mirror, set PIP_INDEX_URL. For wheels in "
            "a folder, set PIP_NO_INDEX=1 and PIP_FIND_LINKS to that folder (with the wheels of install/locked)."
        )


def _errors_in(text: str) -> str:
    """The lines that pip marks as errors, without the frames around them, or else the end of the output."""
    lines = [line.strip(" │╰─>×") for line in text.splitlines() if "ERROR: " in line]
    return _end_of("\n".join(dict.fromkeys(lines)) if lines else text)


def _end_of(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-8:])
