#!/bin/sh
# Removes the program from a Mac, as root. Each user's settings, keys, journal and record stay, and this says where.
#
#   uninstall.sh [--root FOLDER]
set -eu
root=''
case ${1:-} in
--root) root=${2:?--root needs a folder} ;;
'') [ "$(id -u)" -eq 0 ] || { echo "This removes the program for all users: run it with sudo." >&2; exit 2; } ;;
*) sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; exit 2 ;;
esac
if [ -z "$root" ] && person=$(stat -f %Su /dev/console 2>/dev/null) && [ "$person" != root ]; then
    launchctl bootout "gui/$(id -u "$person")/local.visit-photo-agent" 2>/dev/null || true
fi
rm -f "$root/Library/LaunchAgents/local.visit-photo-agent.plist"
case $(readlink "$root/usr/local/bin/photo-agent" 2>/dev/null) in
"/Library/Application Support/photo-agent/program/"*) rm -f "$root/usr/local/bin/photo-agent" ;;
esac
rm -rf "$root/Library/Application Support/photo-agent/program"
rmdir "$root/Library/Application Support/photo-agent" 2>/dev/null || true
pkgutil --forget local.visit-photo-agent >/dev/null 2>&1 || true
echo "The program was removed. These files stay: each user's settings, keys, journal and record, in"
echo "Library/Application Support/photo-agent in the user's home folder, and the machine's settings, if there are any, in"
echo "/Library/Application Support/photo-agent."
