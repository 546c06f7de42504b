#!/bin/sh
# Sets up visit-photo-agent for one user on a Linux laptop; --help says more.
set -eu
home_of_program=${XDG_DATA_HOME:-$HOME/.local/share}/photo-agent
python_hint="On Debian or Ubuntu: sudo apt install python3 python3-venv"
# shellcheck source=install/laptop.sh
. "$(dirname "$0")/laptop.sh"
