#!/bin/sh
# Makes the share's folders on the server, with owners and modes such that a device adds photos, reads back what it
# wrote itself, and can neither see nor change what another sent. As root. May be repeated: it repairs owners and modes,
# brings a share of an older version up to date, and loses no photo.
#
#   make-share.sh [--root DIR] [--keys DIR] [--log-keys FILE] [--editors GROUP]
#
#   --root      what devices see as /       (default /srv/photo-share; the same as ChrootDirectory in 50-photo-agent.conf)
#   --keys      where their public keys go  (default /etc/ssh/photo-agents; the same as AuthorizedKeysFile there)
#   --log-keys  where add-device.sh enters their log keys (default /etc/photo-agent/log-keys.txt)
#   --editors   who may write the registers (a group; default: root only)
#
#   DIR/photos/register/         visits.csv, cameras.csv: devices read only
#   DIR/photos/visits/<visit>/   photos: a device adds and reads back its own; it cannot list, read or change another's
#   DIR/photos/record/<device>/  that device's record (made by add-device.sh)
#   DIR/set-aside/               what devices put where it does not belong (root only; see keep-share.sh)
#
# Groups: photo-agents (the devices; sshd's rules apply to it), photo-door (everybody who may pass DIR: devices, staff
# and editors) and photo-share (staff who may look at the photos: `usermod -aG photo-door,photo-share NAME`).
set -eu

root=/srv/photo-share keys=/etc/ssh/photo-agents log_keys=/etc/photo-agent/log-keys.txt editors=root
usage() { sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; }
while [ $# -gt 0 ]; do
    case $1 in
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --keys) keys=${2:?--keys needs a folder}; shift 2 ;;
    --log-keys) log_keys=${2:?--log-keys needs a file}; shift 2 ;;
    --editors) editors=${2:?--editors needs a group}; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done
[ "$(id -u)" -eq 0 ] || { echo "This makes groups and folders for root: run it with sudo." >&2; exit 2; }
case $root in /*) ;; *) echo "--root needs a full path." >&2; exit 2 ;; esac
case $root in *[!A-Za-z0-9/._-]*) echo "--root may have only letters, digits, '/', '.', '_' and '-'." >&2; exit 2 ;; esac
command -v python3 >/dev/null || { echo "The keeper of the share needs Python 3: install python3 first." >&2; exit 2; }
getent group "$editors" >/dev/null || { echo "There is no group $editors; make it first (groupadd $editors)." >&2; exit 2; }
# Without it a device could link to files of others and so have root's keeper change them.
if [ "$(cat /proc/sys/fs/protected_hardlinks 2>/dev/null || echo 1)" != 1 ]; then
    echo "This server lets users link to other users' files. Set fs.protected_hardlinks = 1 in /etc/sysctl.d/ first." >&2
    exit 1
fi
here=$(cd "$(dirname "$0")" && pwd)

# sshd will not let anyone in if a folder above the chroot can be written by others: say so now.
above=$root
while [ "$above" != / ]; do
    above=$(dirname "$above")
    [ -e "$above" ] || continue
    if [ "$(stat -c %u "$above")" -ne 0 ] || [ -n "$(find "$above" -maxdepth 0 -perm /022)" ]; then
        echo "$above can be written by others than root: sshd will refuse $root as a chroot." >&2
        exit 1
    fi
done

for group in photo-agents photo-door photo-share; do
    getent group "$group" >/dev/null || groupadd --system "$group"
done

members() { # members GROUP: those who name it as theirs, and those it lists; one a line
    {
        getent group "$1" | cut -d: -f4 | tr ',' '\n'
        getent passwd | awk -F: -v group="$(getent group "$1" | cut -d: -f3)" '$4 == group { print $1 }'
    } | grep . | sort -u || true
}
# In the door's list first, so that nobody who may pass is shut out for a moment.
for member in $(members photo-agents) $(members photo-share) $([ "$editors" = root ] || members "$editors"); do
    id -nG -- "$member" | tr ' ' '\n' | grep -qx photo-door || gpasswd --add "$member" photo-door >/dev/null
done

folder() { # folder MODE OWNER:GROUP PATH
    [ ! -L "$3" ] || { echo "$3 is a link; a share must be real folders." >&2; exit 1; }
    mkdir -p "$3"
    chown "$2" "$3"
    chmod "$1" "$3"
}
folder 0750 root:photo-door "$root"
folder 0755 root:root "$root/dev"
folder 0755 root:root "$root/photos"
# 2: what is made in it belongs to its group. 1 (sticky): only the owner of a name may remove it. Behind the door the
# devices are "others": they write and pass, and do not list.
folder 2775 "root:$editors" "$root/photos/register"
folder 3753 root:photo-share "$root/photos/visits"
folder 0751 root:photo-share "$root/photos/record"
folder 0755 root:root "$keys"
[ -d "$(dirname "$log_keys")" ] || folder 0755 root:root "$(dirname "$log_keys")"

# Until this version devices were in photo-share, and so could read all photos. An open session keeps its groups.
for device in $(members photo-agents); do
    if id -nG -- "$device" | tr ' ' '\n' | grep -qx photo-share; then
        gpasswd --delete "$device" photo-share >/dev/null
        "$here/end-sessions.sh" "$device"
        echo "$device can no longer read what other devices sent. Its open sessions were ended; it goes on by itself."
    fi
done
# `record` is root's, so no device can have put another folder or a link under these names.
for record in "$root"/photos/record/*/; do
    record=${record%/}
    if [ -d "$record" ] && [ ! -L "$record" ]; then
        chgrp photo-share "$record"
        chmod 2750 "$record"
    fi
done

# A device makes visits/<visit>/ itself and would own it, and with that every name in it. The keeper hands such a folder
# over to root as soon as it appears, so that any device may add to it and none may take from it.
"$here/keep-share.sh" --all "$root"
keeper=/usr/local/sbin/photo-share-keep
install -D -m 0755 "$here/keep_share.py" "$keeper"
if [ -d /run/systemd/system ]; then
    for unit in photo-share-keep.service photo-share-keep.path photo-share-keep.timer; do
        sed "s|/srv/photo-share|$root|g" "$here/$unit" >"/etc/systemd/system/$unit"
    done
    systemctl daemon-reload
    systemctl enable --now photo-share-keep.path photo-share-keep.timer
else
    echo "No systemd here: have root's cron run every minute:  * * * * * $keeper $root"
fi
echo "The share is ready in $root. Next: 50-photo-agent.conf into /etc/ssh/sshd_config.d/, add-device.sh for each laptop,"
echo "then check-share.sh. On this server, or where the share is mounted, IT looks at the records with"
echo "  photo-agent log verify $root/photos --key $log_keys"
echo "  photo-agent witness $root/photos --keys $log_keys"
