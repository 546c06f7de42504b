#!/usr/bin/env python3
"""List everything that is installed with the program, for IT (CycloneDX, JSON): `python install/sbom.py FILE`.

The list comes from the locked versions and their hashes, so it is the same on every machine. Needs cyclonedx-bom, which
is in the dependency group `dev`.
"""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Write the file. Returns the exit code of cyclonedx-py, or 2 if no file was named."""
    if len(arguments) != 1:
        print("Name the file to write, such as photo-agent.cdx.json.", file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible", "--of", "JSON"]
    command += ["--pyproject", str(CHECKOUT / "pyproject.toml"), "--output-file", arguments[0]]
    command += [str(CHECKOUT / "install" / "locked" / "laptop.txt")]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
