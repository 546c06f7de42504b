#!/bin/sh
# Ends every open session of one device of the photo share, at once. As root. Its key is not taken away: add-device.sh
# --remove does that first, and then this. What the device was sending stays as an unfinished file.
#
#   end-sessions.sh USER
set -eu

[ $# -eq 1 ] || { sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p' >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "This ends other users' sessions: run it with sudo." >&2; exit 2; }
id -nG -- "$1" 2>/dev/null | tr ' ' '\n' | grep -qx photo-agents || { echo "$1 is not a device of the photo share; nothing was ended." >&2; exit 2; }
uid=$(id -u -- "$1")
[ "$uid" -ne 0 ] || { echo "$1 is root; nothing was ended." >&2; exit 2; }

# A device's user runs nothing but its SFTP sessions. Whoever was let in a moment ago may appear a moment later, so this
# looks for a second after the last one was ended. By /proc/PID/status, since sshd's processes hide their owner else.
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
[ "$quiet" -ge 10 ] || { echo "$1 still has open sessions: is its key away, and its user locked?" >&2; exit 1; }
