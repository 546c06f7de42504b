#!/bin/sh
# Makes the share's folders on the server, with such owners and modes that a device can add photos and read back its own
# files, and can neither see nor change another's. Run as root. When repeated, it repairs owners and modes and updates a
# share of an older version, without losing photos.
#
#   make-share.sh [--root DIR] [--keys DIR] [--log-keys FILE] [--editors GROUP]
#
#   --root      the folder that devices see as / (default /srv/photo-share; the same as ChrootDirectory in
#               50-photo-agent.conf)
#   --keys      the folder for their public keys (default /etc/ssh/photo-agents; the same as AuthorizedKeysFile there)
#   --log-keys  the file in which add-device.sh enters their log keys (default /etc/photo-agent/log-keys.txt)
#   --editors   the group that may write the registers (default: root only)
#
#   DIR/photos/register/         visits.csv, cameras.csv: devices read only
#   DIR/photos/visits/<visit>/   photos: a device adds and reads back its own; it cannot list, read or change another's
#   DIR/photos/record/<device>/  that device's record (made by add-device.sh)
#   DIR/set-aside/               things that devices put in the wrong place (root only; see keep-share.sh)
#
# Groups: photo-agents (the devices; sshd's rules apply to it), photo-door (everybody who may enter DIR: devices, staff
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
    *) usage >&2; echo "There is no option $1." >&2; exit 2 ;;
    esac
done
[ "$(id -u)" -eq 0 ] || { echo "This makes groups and folders for root: run it with sudo." >&2; exit 2; }
case $root in /*) ;; *) echo "--root needs a full path." >&2; exit 2 ;; esac
case $root in *[!A-Za-z0-9/._-]*) echo "--root may have only letters, digits, '/', '.', '_' and '-'." >&2; exit 2 ;; esac
command -v python3 >/dev/null || { echo "The keeper of the share needs Python 3: install python3 first." >&2; exit 2; }
getent group "$editors" >/dev/null || { echo "There is no group $editors; make it first (groupadd $editors)." >&2; exit 2; }
# Without this setting, a device could link to other users' files and so make root's keeper change them.
if [ "$(cat /proc/sys/fs/protected_hardlinks 2>/dev/null || echo 1)" != 1 ]; then
    echo "This server lets users link to other users' files. Set fs.protected_hardlinks = 1 in /etc/sysctl.d/ first." >&2
    exit 1
fi
here=$(cd "$(dirname "$0")" && pwd)

# sshd lets nobody in if other users can write to a folder above the chroot, so check this now.
above=$root
while [ "$above" != / ]; do
    above=$(dirname "$above")
    [ -e "$above" ] || continue
    if [ "$(stat -c %u "$above")" -ne 0 ] || [ -n "$(find "$above" -maxdepth 0 -perm /022)" ]; then
        echo "Users other than root can write to $above, so sshd will refuse $root as a chroot." >&2
        exit 1
    fi
done

for group in photo-agents photo-door photo-share; do
    getent group "$group" >/dev/null || groupadd --system "$group"
done

members() { # members GROUP: the users whose main group it is, and the users that it lists; one per line
    {
        getent group "$1" | cut -d: -f4 | tr ',' '\n'
        getent passwd | awk -F: -v group="$(getent group "$1" | cut -d: -f3)" '$4 == group { print $1 }'
    } | grep . | sort -u || true
}
# Add the users to photo-door first, so that nobody who may enter is shut out in between.
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
# 2: new files belong to the folder's group. 1 (sticky): only the owner of a name may remove it. To these folders, devices
# are "others": they can write and enter, but not list.
folder 2775 "root:$editors" "$root/photos/register"
folder 3753 root:photo-share "$root/photos/visits"
folder 0751 root:photo-share "$root/photos/record"
folder 0755 root:root "$keys"
[ -d "$(dirname "$log_keys")" ] || folder 0755 root:root "$(dirname "$log_keys")"

# In earlier versions devices were in photo-share and could read all photos. An open session keeps its old groups.
for device in $(members photo-agents); do
    if id -nG -- "$device" | tr ' ' '\n' | grep -qx photo-share; then
        gpasswd --delete "$device" photo-share >/dev/null
        "$here/end-sessions.sh" "$device"
        echo "$device can no longer read what other devices sent. Its open sessions were ended; it will reconnect by itself."
    fi
done
# `record` belongs to root, so a device cannot have put another folder or a link here.
for record in "$root"/photos/record/*/; do
    record=${record%/}
    if [ -d "$record" ] && [ ! -L "$record" ]; then
        chgrp photo-share "$record"
        chmod 2750 "$record"
    fi
done

# A device makes visits/<visit>/ itself, so it would own the folder and control every name in it. The keeper hands such a
# folder to root as soon as it appears, so that any device can add files and no device can remove another's.
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
    echo "This server does not use systemd. Add this line to root's crontab:  * * * * * $keeper $root"
fi
echo "The share is ready in $root. Next, copy 50-photo-agent.conf to /etc/ssh/sshd_config.d/, run add-device.sh for each"
echo "laptop, and then check-share.sh. To check the records on this server, or where the share is mounted, IT runs"
echo "  photo-agent log verify $root/photos --key $log_keys"
echo "  photo-agent witness $root/photos --keys $log_keys"
