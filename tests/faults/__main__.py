"""`python -m tests.faults [--long] [arguments of pytest]`: the tests of this folder, on every core."""

import os
import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run them; the exit code is pytest's."""
    profile = "long" if "--long" in arguments else "quick"
    rest = [argument for argument in arguments if argument != "--long"]
    folder = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", str(folder), *rest]
    environment = {**os.environ, "PHOTO_AGENT_FAULTS": profile}
    return subprocess.run(command, cwd=folder.parents[1], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
