#!/bin/sh
# Makes the share's folders on the server, with owners and modes such that no device can change what another sent.
# As root. May be repeated: it repairs owners and modes of the folders and touches no photo.
#
#   make-share.sh [--root DIR] [--keys DIR] [--editors GROUP]
#
#   --root     what devices see as /       (default /srv/photo-share; the same as ChrootDirectory in 50-photo-agent.conf)
#   --keys     where their public keys go  (default /etc/ssh/photo-agents; the same as AuthorizedKeysFile there)
#   --editors  who may write the registers (a group; default: root only)
#
#   DIR/photos/register/         visits.csv, cameras.csv: devices read only
#   DIR/photos/visits/<visit>/   photos: any device adds, none changes, renames or removes another's
#   DIR/photos/record/<device>/  that device's record (made by add-device.sh)
#
# Groups: photo-agents (the devices; sshd's rules apply to it) and photo-share (devices, and the staff who may look at
# the photos on the server: add them with `usermod -aG photo-share NAME`).
set -eu

root=/srv/photo-share keys=/etc/ssh/photo-agents editors=root
usage() { sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; }
while [ $# -gt 0 ]; do
    case $1 in
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --keys) keys=${2:?--keys needs a folder}; shift 2 ;;
    --editors) editors=${2:?--editors needs a group}; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done
[ "$(id -u)" -eq 0 ] || { echo "This makes groups and folders for root: run it with sudo." >&2; exit 2; }
case $root in /*) ;; *) echo "--root needs a full path." >&2; exit 2 ;; esac
getent group "$editors" >/dev/null || { echo "There is no group $editors; make it first (groupadd $editors)." >&2; exit 2; }

for group in photo-agents photo-share; do
    getent group "$group" >/dev/null || groupadd --system "$group"
done

folder() { # folder MODE OWNER:GROUP PATH
    [ ! -L "$3" ] || { echo "$3 is a link; a share must be real folders." >&2; exit 1; }
    mkdir -p "$3"
    chown "$2" "$3"
    chmod "$1" "$3"
}
folder 0755 root:root "$root"
folder 0755 root:root "$root/dev"
folder 0755 root:root "$root/photos"
# 2: what is made in it belongs to its group. 1 (sticky): only the owner of a name may rename or remove it.
folder 2775 "root:$editors" "$root/photos/register"
folder 3770 root:photo-share "$root/photos/visits"
folder 0755 root:root "$root/photos/record"
folder 0755 root:root "$keys"

# sshd will not let anyone in if a folder above the chroot can be written by others: say so now.
above=$root
while [ "$above" != / ]; do
    above=$(dirname "$above")
    if [ "$(stat -c %u "$above")" -ne 0 ] || [ -n "$(find "$above" -maxdepth 0 -perm /022)" ]; then
        echo "$above can be written by others than root: sshd will refuse $root as a chroot." >&2
        exit 1
    fi
done

# A device makes visits/<visit>/ itself and would own it, and with that every name in it. The keeper hands such a folder
# over to root as soon as it appears, so that any device may add to it and none may take from it.
here=$(cd "$(dirname "$0")" && pwd)
"$here/keep-share.sh" "$root"
if [ -d /run/systemd/system ]; then
    install -m 0755 "$here/keep-share.sh" /usr/local/sbin/photo-share-keep
    cat >/etc/systemd/system/photo-share-keep.service <<EOF
[Unit]
Description=Hands new visit folders of the photo share to root
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/photo-share-keep "$(printf %s "$root" | sed 's/%/%%/g')"
EOF
    cat >/etc/systemd/system/photo-share-keep.path <<EOF
[Unit]
Description=New visit folders of the photo share
[Path]
PathChanged=$(printf %s "$root" | sed 's/%/%%/g')/photos/visits
[Install]
WantedBy=multi-user.target
EOF
    systemctl daemon-reload
    systemctl enable --now photo-share-keep.path
else
    echo "No systemd here: have root's cron run every minute:  * * * * * $here/keep-share.sh $root"
fi
echo "The share is ready in $root. Next: 50-photo-agent.conf into /etc/ssh/sshd_config.d/, add-device.sh for each laptop."
