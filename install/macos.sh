#!/bin/sh
# Sets up visit-photo-agent for one user on a Mac; --help says more.
set -eu
home_of_program="$HOME/Library/Application Support/photo-agent"
python_hint="Get it from https://www.python.org/downloads/macos/ or by \`brew install python\`."
# shellcheck source=install/laptop.sh
. "$(dirname "$0")/laptop.sh"
