#!/usr/bin/env python3
"""The packages that the program needs on a system other than this one: `python3 locked.py win32|darwin|linux 3.13`.

Prints install/locked/package.txt, each version with its hashes, without packages that the system does not need and
without conditions, because pip would evaluate conditions for the system on which it runs.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "locked" / "package.txt"

SYSTEMS = {
    "win32": {"os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64"},
    "darwin": {"os_name": "posix", "platform_system": "Darwin", "platform_machine": "arm64"},
    "linux": {"os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"},
}


def requirements_for(system: str, version: str) -> Iterator[str]:
    """The lines of a requirements file for CPython `version`, such as "3.13", on `system`, a value of sys.platform."""
    from pip._vendor.packaging.markers import Marker

    there = {
        **SYSTEMS[system],
        "sys_platform": system,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "python_version": version,
        "python_full_version": f"{version}.0",
    }
    counts = True
    for line in LOCK.read_text("utf-8").splitlines():
        requirement, _, condition = line.rstrip(" \\").partition(" ; ")
        begins = line[:1] not in {"#", " ", ""}
        if begins:
            counts = not condition or Marker(condition).evaluate(there)
        if counts:
            yield f"{requirement} \\\n" if begins else f"{line}\n"


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SYSTEMS:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.stdout.writelines(requirements_for(sys.argv[1], sys.argv[2]))
