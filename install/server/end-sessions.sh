#!/bin/sh
# Ends every open session of one device of the photo share, at once. Run as root. The device's key stays; add-device.sh
# --remove first removes the key and then runs this. A file that was being sent stays unfinished.
#
#   end-sessions.sh USER
set -eu

[ $# -eq 1 ] || { sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p' >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "This ends other users' sessions: run it with sudo." >&2; exit 2; }
id -nG -- "$1" 2>/dev/null | tr ' ' '\n' | grep -qx photo-agents || { echo "$1 is not a device of the photo share; nothing was ended." >&2; exit 2; }
uid=$(id -u -- "$1")
[ "$uid" -ne 0 ] || { echo "$1 is root; nothing was ended." >&2; exit 2; }

# A device's user runs only its SFTP sessions. A session that was accepted a moment ago may appear a moment later, so this
# looks until none has appeared for a second. It reads /proc/PID/status, because sshd's processes otherwise hide their
# owner.
quiet=0 rounds=0
while [ "$quiet" -lt 10 ] && [ "$rounds" -lt 100 ]; do
    rounds=$((rounds + 1)) quiet=$((quiet + 1))
    for status in $(grep -lE "^Uid:[[:space:]]+($uid|[0-9]+[[:space:]]+$uid)[[:space:]]" /proc/[0-9]*/status 2>/dev/null || true); do
        process=${status#/proc/}
        kill -KILL "${process%/status}" 2>/dev/null || true
        quiet=0
    done
    sleep 0.1
done
[ "$quiet" -ge 10 ] || { echo "$1 still has open sessions. Check that its key is removed and its user is locked." >&2; exit 1; }
