#!/usr/bin/env python3
"""Run the tests on this machine: a virtual environment, what the tests need, then pytest in a few processes.

    python3 install/test.py [--venv DIR] [--no-apt] [--all] [arguments of pytest]

On Debian and similar systems, apt-get installs the programs that some tests use, if you are root or sudo needs no
password (openssh-server starts an SSH server here; --no-apt leaves the machine as it is). Tests whose programs
are missing are skipped, and this script first says which they are. --all runs the slow tests too. The exit code is
pytest's, or 5 if no test ran.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file must still be readable to an older Python, to say so
    sys.exit("This needs Python 3.11 or newer (https://www.python.org/downloads/); this is " + sys.version.split()[0])

import os
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import virtual_environment

NO_TESTS = 5
"""The same exit code as pytest's own."""


@dataclass(frozen=True)
class Program:
    """A program that some tests use, its Debian packages, and what is not tested without it."""

    name: str
    package: str
    untested: str
    service: str = ""  # a service that the package would start, but that the tests do not need


PROGRAMS = (
    Program("sshd", "openssh-server", "sending to a real OpenSSH server, and the whole job against one"),
    Program("exiftool", "libimage-exiftool-perl", "whether ExifTool reads the tags, and MakerNotes stay intact"),
    Program("exiv2", "exiv2", "whether Exiv2 reads the tags"),
    Program("gcc", "build-essential", "killing a run at each of its side effects, and power cuts"),
    Program("rclone", "rclone", "comparing what arrived with an independent client"),
    Program("proftpd", "proftpd-core proftpd-mod-crypto", "the whole job against ProFTPD", "proftpd.service"),
    Program("dropbear", "dropbear-bin", "the whole job against Dropbear"),
    Program("chromium", "chromium", "the staff page, in a real browser"),
    Program("tinysshd", "tinysshd", "the message if server and laptop share no cipher", "tinysshd.socket"),
)


def main(arguments: list[str]) -> int:
    """Set up, run the tests, and return pytest's exit code."""
    if virtual_environment.asks_for_help(arguments):
        print((__doc__ or "").strip())
        return 0
    folder, rest = virtual_environment.folder_from(arguments)
    may_install = "--no-apt" not in rest
    everything = "--all" in rest
    rest = [argument for argument in rest if argument not in {"--no-apt", "--all"}]
    if not everything:
        print("Leaving out the slow tests; --all runs them too (see tests/README.md)", flush=True)
    if may_install:
        _install_by_apt([program for program in PROGRAMS if not _is_there(program)])
    for program in PROGRAMS:
        if not _is_there(program):
            print(
                f"Skipping tests that need {program.name} (Debian: {program.package}): {program.untested}", flush=True
            )
    environment = virtual_environment.prepare(folder, extras="test")
    # Python compiles a module anew in each process if it may not write its bytecode, as images of containers often
    # have it. The tests start the program some thousand times.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="photo-agent-test-") as scratch:
        report = Path(scratch) / "report.xml"
        command = [
            str(environment.python),
            "-m",
            "pytest",
            "-n",
            str(_processes()),
            "--dist",
            "loadgroup",
            f"--junit-xml={report}",
            *_patience(),
            *([] if everything else ["-m", "not slow"]),
            *rest,
        ]
        code = virtual_environment.run(command, virtual_environment.CHECKOUT)
        if code == 0 and _passed(report) == 0:
            print("No test ran, so nothing was tested.", file=sys.stderr)
            return NO_TESTS
    return code


def _processes() -> int:
    """Three for each core: half the time, a test waits for a server, a disk or photos to settle.

    On Windows one: no server is started there, and what takes the time is starting processes. On many cores fewer for
    each, as a process takes half a gigabyte of memory.
    """
    cores = os.cpu_count() or 1
    return cores if sys.platform == "win32" else max(cores, min(cores * 3, 16))


def _patience() -> list[str]:
    """How long a test may take before it counts as hung, if that differs from what pyproject.toml says.

    A process takes several times longer to start on Windows, and a test may start a dozen. pytest-timeout can end a
    test there only by ending its whole process, so it must not do that to a test that is merely slow.
    """
    return ["--timeout=300"] if sys.platform == "win32" else []


def _is_there(program: Program) -> bool:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/sbin"])
    return shutil.which(program.name, path=path) is not None


def _install_by_apt(programs: list[Program]) -> None:
    """Install Debian packages if that is possible without a question; the caller reports what is still missing."""
    packages = [name for program in programs for name in program.package.split()]
    if not packages or shutil.which("apt-get") is None:
        return
    become_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become_root and (shutil.which("sudo") is None or _quiet([*become_root, "true"]).returncode != 0):
        return
    print(f"Installing {', '.join(packages)} with apt-get", flush=True)
    apt = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    for service in filter(None, (program.service for program in programs)):
        unit = Path("/etc/systemd/system") / service
        if unit.parent.is_dir() and not unit.exists():  # a server that is installed only for the tests must not start
            _quiet([*become_root, "ln", "-s", "/dev/null", str(unit)])
    _quiet([*apt, "update"])  # without a network, the existing lists may be enough
    for package in packages:
        done = _quiet([*apt, "install", "-y", "--no-install-recommends", package])
        if done.returncode != 0:
            print(f"apt-get could not install {package}: {' '.join(done.stderr.split())[-300:]}", flush=True)


def _quiet(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )


def _passed(report: Path) -> int:
    """How many tests ran and passed, according to pytest's JUnit report; 0 without a report."""
    if not report.is_file():
        return 0
    suites = ET.parse(report).getroot().iter("testsuite")
    return sum(int(suite.get("tests", 0)) - int(suite.get("skipped", 0)) for suite in suites)


if __name__ == "__main__":
    sys.exit(virtual_environment.explained(main, sys.argv[1:]))
