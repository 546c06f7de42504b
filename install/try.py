#!/usr/bin/env python3
"""See the whole job done on this machine: makes a virtual environment, installs the program in it, runs the demo.

    python3 install/try.py [--venv DIR] [arguments of `photo-agent demo`, such as --keep DIR]

Needs only Python 3.11 or newer and the network (for pip). Everything goes into one folder: .venv beside the README, or
the folder given by --venv. Delete it and nothing is left.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file must still be readable to an older Python, to say so
    sys.exit("This needs Python 3.11 or newer (https://www.python.org/downloads/); this is " + sys.version.split()[0])

import virtual_environment


def main(arguments: list[str]) -> int:
    """Set up, run the demo, and return its exit code."""
    if virtual_environment.asks_for_help(arguments):
        print((__doc__ or "").strip())
        return 0
    folder, rest = virtual_environment.folder_from(arguments)
    environment = virtual_environment.prepare(folder, extras="demo")
    return virtual_environment.run([str(environment.script("photo-agent")), "demo", *rest])


if __name__ == "__main__":
    sys.exit(virtual_environment.explained(main, sys.argv[1:]))
