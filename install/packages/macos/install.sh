#!/bin/sh
# Installs the program for all users of a Mac, as root, from the folder that build.sh made. It does not fetch anything.
# Run it again for a newer version, which replaces the installed one when it is complete. Settings and keys stay.
#
#   install.sh [--root FOLDER]        (FOLDER instead of /, for a test or an image)
#
# Exit codes: 0 installed; 1 not installed, and nothing was changed; 2 wrong use, or no Python.
set -eu

root=''
# A package's postinstall is called with the package, the target, the volume and the system's folder.
case ${1:-} in
--root) root=${2:?--root needs a folder} ;;
-h | --help) sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; exit 0 ;;
'' | /*) ;;
*) echo "Unknown: $1. See --help." >&2; exit 2 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
version=$(cat "$here/python-version")
home="$root/Library/Application Support/photo-agent/program"
agent=$root/Library/LaunchAgents/local.visit-photo-agent.plist
fail() { echo "$*" >&2; exit "${code:-1}"; }

[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || code=2 fail "This installs for all users: run it with sudo."
python=''
for candidate in "${PYTHON:-}" "/Library/Frameworks/Python.framework/Versions/$version/bin/python3" \
    "/opt/homebrew/bin/python$version" "/usr/local/bin/python$version" "/usr/bin/python$version"; do
    if [ -n "$candidate" ] && "$candidate" -c "import sys, venv, ensurepip; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || code=2 fail "This Mac does not have Python $version. Deploy python.org's installer first, with the same tool."

new="$home/$(date +%Y%m%d%H%M%S)-$$"
undo() { rm -rf "$new"; fail "$1 Nothing was changed."; }
mkdir -p "$home"
"$python" -I -m venv "$new" || undo "The virtual environment could not be made."
quiet_pip() { "$new/bin/python" -I -m pip --disable-pip-version-check --no-input -q "$@"; }
quiet_pip install --no-index --find-links "$here/wheels" --require-hashes -r "$here/needs.txt" || undo "What the program needs could not be installed."
quiet_pip install --no-index --no-deps "$here"/visit_photo_agent-*.whl || undo "The program could not be installed."
"$new/bin/photo-agent" --version >/dev/null || undo "The new version does not start."
chmod -R go-w,a+rX "$new"

# From here on the new version is in use: `current` is replaced in one step.
ln -s "$(basename "$new")" "$home/.current.$$"
"$python" -c 'import os, sys; os.replace(*sys.argv[1:])' "$home/.current.$$" "$home/current"
mkdir -p "$root/usr/local/bin" "$(dirname "$agent")"
ln -sf "${home#"$root"}/current/bin/photo-agent" "$root/usr/local/bin/photo-agent"
"$new/bin/python" -I -c '
import sys
from pathlib import Path
from agent.service.launch import Launch
from agent.service.launchd import packaged_agent
sys.stdout.buffer.write(packaged_agent(Launch((sys.argv[1], "-P", "-m", "agent.cli"))))
' "${home#"$root"}/current/bin/python" >"$agent.new" || fail "The LaunchAgent could not be written."
chmod 644 "$agent.new"
mv -f "$agent.new" "$agent"

# Let the open session use the new version at once.
if [ -z "$root" ] && person=$(stat -f %Su /dev/console 2>/dev/null) && [ "$person" != root ]; then
    number=$(id -u "$person")
    launchctl bootout "gui/$number/local.visit-photo-agent" 2>/dev/null || true
    launchctl bootstrap "gui/$number" "$agent" 2>/dev/null || true
fi
for old in "$home"/2*; do
    [ "$old" = "$new" ] || rm -rf "$old"
done
echo "$("$new/bin/photo-agent" --version) is installed for all users."
