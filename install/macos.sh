#!/bin/sh
# Sets up visit-photo-agent for one user on a Mac; --help says more.
set -eu
home_of_program="$HOME/Library/Application Support/photo-agent"
python_hint="Get it from https://www.python.org/downloads/macos/ or by \`brew install python\`."
add_to_menu() { :; } # nothing yet: `photo-agent open` opens the staff page
remove_from_menu() { :; }
# shellcheck source=install/laptop.sh
. "$(dirname "$0")/laptop.sh"
