#!/bin/sh
# Starts a machine that is a copy of this one: its files are this machine's, and what is written goes to memory only.
# It has systemd, log-ins and users of its own, and no network but 127.0.0.1.
#
#     throwaway.sh CGROUP FOLDER SHOWN FORBIDDEN
#
# FOLDER is an empty folder for its mounts, SHOWN one that the machine sees, FORBIDDEN what its root may not do.
#
# The program that starts this (throwaway.py) ends it by ending its first process.
set -eu
if [ "${5:-}" != inside ]; then
    echo $$ >"$1/cgroup.procs"
    exec unshare --mount --pid --fork --kill-child --net --uts --ipc --cgroup sh "$0" "$1" "$2" "$3" "$4" inside
fi

base=$2 shown=$3 forbidden=$4
mount --make-rprivate /
mount -t tmpfs -o size=3g,mode=755 tmpfs "$base"
mkdir "$base/upper" "$base/work" "$base/root"
mount -t overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" overlay "$base/root"
root=$base/root

mount -t proc proc "$root/proc"
# The kernel is the one that runs here: its settings, its clock and its modules stay as they are.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for folder in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$folder"; done
chmod 1777 "$root/tmp"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mkdir -p "$root/srv/shown" "$root/tmp/outside"
mount --bind "$shown" "$root/srv/shown"

# An image for containers forbids packages to start services. A laptop does not.
rm -f "$root/usr/sbin/policy-rc.d"
# Only what a log-in needs is started, whatever services this machine has.
rm -rf "$root"/etc/systemd/system/*.wants "$root"/usr/lib/systemd/system/*.wants "$root/var/lib/systemd/linger"
mkdir -p "$root/usr/lib/systemd/system/sockets.target.wants"
ln -s ../dbus.socket "$root/usr/lib/systemd/system/sockets.target.wants/dbus.socket"
cat >"$root/etc/systemd/system/throwaway.target" <<'END'
[Unit]
Description=A machine that is thrown away
Requires=basic.target dbus.service systemd-logind.service
After=basic.target dbus.service systemd-logind.service
END

ip link set lo up 2>/dev/null || true
cd "$root"
pivot_root . tmp/outside
umount -l /tmp/outside
exec setpriv --bounding-set="$forbidden" \
    env -i container=throwaway PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=throwaway.target --log-target=console --show-status=no
