#!/usr/bin/env python3
"""See the whole job done on this machine: makes a virtual environment, installs the program in it, runs the demo.

    python3 install/try.py [--venv DIR] [arguments of `photo-agent demo`, as --keep DIR]

Needs nothing but Python 3.11 or newer and the network (for pip). Everything lands in one folder, `.venv` beside the
README unless --venv says otherwise; delete it and nothing is left.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file must still be readable to an older Python, to say so
    sys.exit("This needs Python 3.11 or newer (https://www.python.org/downloads/); this is " + sys.version.split()[0])

import virtual_environment


def main(arguments: list[str]) -> int:
    """Set up, run the demo, and end as it ended."""
    folder, rest = virtual_environment.folder_from(arguments)
    environment = virtual_environment.prepare(folder, extras="demo")
    return virtual_environment.run([str(environment.script("photo-agent")), "demo", *rest])


if __name__ == "__main__":
    sys.exit(virtual_environment.explained(main, sys.argv[1:]))
