"""`python -m tests.faults [--long [--afresh]] [arguments of pytest]`: the tests of this folder, on every core."""

import os
import subprocess
import sys
from pathlib import Path

from tests.faults.resuming import Passed


def main(arguments: list[str]) -> int:
    """Run them; the exit code is pytest's. A long run goes on where one of the same code ended, unless `--afresh`."""
    long, afresh = "--long" in arguments, "--afresh" in arguments
    rest = [argument for argument in arguments if argument not in {"--long", "--afresh"}]
    folder = Path(__file__).parent
    environment = os.environ | {"PHOTO_AGENT_FAULTS": "long" if long else "quick"}
    if long:
        passed = Passed.begun(afresh=afresh)
        environment["PHOTO_AGENT_FAULTS_PASSED"] = passed.as_text()
        if passed.known:
            print(f"{passed.known} tests have passed with this code before, and are left out; --afresh runs all.")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", str(folder), *rest]
    with subprocess.Popen(command, cwd=folder.parents[1], env=environment) as running:
        while True:
            try:
                return running.wait()
            except KeyboardInterrupt:  # pytest has heard it too, and ends in good order
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
