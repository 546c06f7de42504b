#!/usr/bin/env python3
"""Lock the version of each package, with the hashes of its files: `python3 install/lock.py`.

Needs uv. Writes a file in `install/locked/` for each way to install, for Linux, macOS and Windows and for every Python
that the program supports. The files name no registry, so that a school can use a mirror. Run this when pyproject.toml
changes, and now and then for newer versions (`--upgrade`).
"""

import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

LOCKS = {
    "laptop": [],
    "demo": ["--extra", "demo"],
    "package": ["--extra", "heif", "--extra", "zones", "--extra", "demo", "--extra", "desktop"],
    "test": ["--extra", "test"],
    "development": ["--extra", "test", "--group", "dev"],
}
"""For each file, the parts of pyproject.toml that it covers in addition to the dependencies."""


def main(arguments: list[str]) -> int:
    """Write each file. Returns uv's exit code if it fails."""
    uv = shutil.which("uv")
    if uv is None:
        print("This needs uv: https://docs.astral.sh/uv/", file=sys.stderr)
        return 2
    for name, parts in LOCKS.items():
        command = [uv, "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-emit-index-url"]
        command += ["--python-version", "3.11", "--custom-compile-command", "python3 install/lock.py"]
        command += [*parts, "--output-file", f"install/locked/{name}.txt", "pyproject.toml", *arguments]
        code = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
        if code != 0:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
