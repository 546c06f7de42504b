#!/bin/sh
# Says what is wrong with the photo share on this server and how to fix it. Changes nothing. Run as root.
#
#   check-share.sh [--root DIR] [--keys DIR] [--sshd-config FILE]
#
# Exit codes: 0 nothing is wrong (there may be advice), 1 something is wrong, 2 the share could not be checked.
set -eu

root=/srv/photo-share keys=/etc/ssh/photo-agents config=''
usage() { sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; }
while [ $# -gt 0 ]; do
    case $1 in
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --keys) keys=${2:?--keys needs a folder}; shift 2 ;;
    --sshd-config) config=${2:?--sshd-config needs a file}; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; echo "There is no option $1." >&2; exit 2 ;;
    esac
done
[ "$(id -u)" -eq 0 ] || { echo "This reads files that only root may read: run it with sudo." >&2; exit 2; }
[ -d "$root/photos" ] || { echo "There is no share in $root: run make-share.sh, or name it with --root." >&2; exit 2; }

wrongs=0
wrong() { wrongs=$((wrongs + 1)); printf 'wrong: %s\n' "$*" | LC_ALL=C tr -c '\012\040-\176' '?'; }
advice() { printf 'advice: %s\n' "$*" | LC_ALL=C tr -c '\012\040-\176' '?'; }
groups_of() { id -nG -- "$1" 2>/dev/null | tr ' ' '\n'; }
in_group() { groups_of "$1" | grep -qx "$2"; }
members() {
    {
        getent group "$1" | cut -d: -f4 | tr ',' '\n'
        getent passwd | awk -F: -v group="$(getent group "$1" | cut -d: -f3)" '$4 == group { print $1 }'
    } | grep . | sort -u || true
}
some() { # some TEXT WHERE CONDITIONS…: everything that find finds there is wrong; print the number and the first three
    text=$1
    shift
    found=$(find -P "$@" -print0 | tr '\n\0' '?\n' | LC_ALL=C sort)
    [ -z "$found" ] || wrong "$text: $(printf '%s\n' "$found" | wc -l), such as $(printf '%s\n' "$found" | head -n 3 | tr '\n' ' ')"
}

# --- Groups and users -------------------------------------------------------------------------------------------------

for group in photo-agents photo-door photo-share; do
    getent group "$group" >/dev/null || { echo "There is no group $group: run make-share.sh." >&2; exit 2; }
done
devices=$(members photo-agents)
for device in $devices; do
    ! in_group "$device" photo-share || wrong "The device $device is in the group photo-share and so can read every photo and record: run make-share.sh."
    in_group "$device" photo-door || wrong "The device $device is not in the group photo-door and so cannot use the share: run make-share.sh."
    others=$(groups_of "$device" | grep -vxE 'photo-agents|photo-door|photo-share' | tr '\n' ' ' || true)
    [ -z "$others" ] || wrong "The device $device is in other groups too ($others): gpasswd --delete $device GROUP."
    [ "$(id -u -- "$device")" -ne 0 ] || wrong "The device $device has the number of root."
    if [ ! -f "$keys/$device" ]; then
        if grep -qsE "^Uid:[[:space:]]+[0-9]+[[:space:]]+$(id -u -- "$device")[[:space:]]" /proc/[0-9]*/status; then
            wrong "The device $device no longer has a key, but still has an open session: run end-sessions.sh $device."
        fi
    elif [ "$(find "$root/photos/record" -mindepth 1 -maxdepth 1 -user "$device" | wc -l)" -eq 0 ]; then
        wrong "The device $device has no folder for its record: run add-device.sh again with its name and key."
    fi
done
for person in $(members photo-share); do
    if ! in_group "$person" photo-agents && ! in_group "$person" photo-door; then
        wrong "$person may look at photos but cannot reach them: gpasswd --add $person photo-door."
    fi
done
editors=$(stat -c %G "$root/photos/register" 2>/dev/null || echo root)
if [ "$editors" != root ]; then
    for person in $(members "$editors"); do
        in_group "$person" photo-door || wrong "$person may write the registers but cannot reach them: gpasswd --add $person photo-door."
    done
fi

# --- Folders ----------------------------------------------------------------------------------------------------------

folder() { # folder MODE OWNER:GROUP PATH
    if [ -L "$3" ] || [ ! -d "$3" ]; then
        wrong "$3 is not a folder: run make-share.sh."
    elif [ "$(stat -c '%a %U:%G' "$3")" != "$1 $2" ]; then
        wrong "$3 has $(stat -c 'mode %a and owner %U:%G' "$3") instead of $1 and $2: run make-share.sh."
    fi
}
folder 750 root:photo-door "$root"
folder 755 root:root "$root/photos"
folder 2775 "root:$editors" "$root/photos/register"
folder 3753 root:photo-share "$root/photos/visits"
folder 751 root:photo-share "$root/photos/record"
folder 755 root:root "$keys"
above=$root
while [ "$above" != / ]; do
    above=$(dirname "$above")
    if [ "$(stat -c %u "$above")" -ne 0 ] || [ -n "$(find "$above" -maxdepth 0 -perm /022)" ]; then
        wrong "Users other than root can write to $above, so sshd lets no device in: chown root $above; chmod go-w $above."
    fi
done
for record in "$root"/photos/record/*; do
    [ -e "$record" ] || [ -L "$record" ] || continue
    if [ -L "$record" ] || [ ! -d "$record" ]; then
        wrong "$record is not a folder: remove it, then run add-device.sh again for that device."
    elif ! in_group "$(stat -c %U "$record")" photo-agents; then
        wrong "$record does not belong to a device, but to $(stat -c %U "$record"): run add-device.sh again for that device."
    elif [ "$(stat -c '%a %G' "$record")" != "2750 photo-share" ]; then
        wrong "$record can be read by users other than its device and staff, or cannot be read by staff: run make-share.sh."
    fi
done

# --- Files on the share -----------------------------------------------------------------------------------------------

visits=$root/photos/visits
some "There are symbolic links, which no program follows; remove them" "$root/photos" -type l
some "There are things that are neither files nor folders; remove them" "$root/photos" ! -type l ! -type d ! -type f
some "There are files where visits' folders belong; run keep-share.sh" "$visits" -mindepth 1 -maxdepth 1 -type f ! -name '.*'
some "Visits' folders were not handed to root, so the keeper is not running; see make-share.sh" \
    "$visits" -mindepth 1 -maxdepth 1 -type d ! \( -user root -group photo-share -perm 3753 \) -cmin +2
some "Devices that know their name could read photos; run keep-share.sh --all" "$visits" -mindepth 2 -type f -perm /007
some "Staff cannot read photos; run keep-share.sh --all" \
    "$visits" -mindepth 2 -type f \( ! -group photo-share -o ! -perm -040 \) -cmin +2
some "There are folders inside a visit's folder, which laptops do not make; look at them" "$visits" -mindepth 2 -type d
some "Devices that know their name could read files of records; chmod o= them" "$root/photos/record" -mindepth 2 -type f -perm /007
if [ -n "$(find -P "$root/set-aside" -mindepth 1 -print -quit 2>/dev/null)" ]; then
    advice "Things that did not belong among the visits were moved to $root/set-aside: look at them."
fi

# --- Keys -------------------------------------------------------------------------------------------------------------

for key in "$keys"/*; do
    [ -e "$key" ] || [ -L "$key" ] || continue
    name=$(basename "$key")
    if [ -L "$key" ] || [ ! -f "$key" ]; then
        wrong "$key is not a plain file."
    elif ! in_group "$name" photo-agents; then
        wrong "$key does not belong to a device: there is no device with the user $name. Remove it."
    elif [ "$(stat -c '%a %U' "$key")" != "644 root" ] || [ "$(grep -c . "$key")" -ne 1 ] || ! grep -q '^restrict ssh-ed25519 ' "$key"; then
        wrong "$key differs from what add-device.sh writes: run add-device.sh again for this device."
    fi
done
twice=$(cat "$keys"/* 2>/dev/null | cut -d' ' -f3 | sort | uniq -d)
for blob in $twice; do
    wrong "These devices have the same key: $(grep -lF -- " $blob" "$keys"/* | sed 's|.*/||' | tr '\n' ' '). Make a new one on each with photo-agent init."
done

# --- The server's own settings ----------------------------------------------------------------------------------------

[ "$(cat /proc/sys/fs/protected_hardlinks 2>/dev/null || echo 1)" = 1 ] ||
    wrong "Users may link to other users' files: set fs.protected_hardlinks = 1 in /etc/sysctl.d/."
sshd=$(command -v sshd || echo /usr/sbin/sshd)
for device in $devices; do
    if ! rules=$("$sshd" -T ${config:+-f "$config"} -C "user=$device,host=x,addr=192.0.2.1" 2>/dev/null); then
        wrong "sshd cannot read its settings: see sshd -t."
        break
    fi
    rule() { printf '%s\n' "$rules" | grep -qix -- "$1" || wrong "sshd does not hold devices to \"$1\": put 50-photo-agent.conf into /etc/ssh/sshd_config.d/ and reload ssh."; }
    rule "chrootdirectory $root"
    rule "authorizedkeysfile $keys/%u"
    rule "authenticationmethods publickey"
    rule "passwordauthentication no"
    rule "disableforwarding yes"
    rule "permittty no"
    command=$(printf '%s\n' "$rules" | sed -n 's/^forcecommand //p')
    case $command in
    "internal-sftp "*) ;;
    *) wrong "Devices can do more than SFTP: put 50-photo-agent.conf into /etc/ssh/sshd_config.d/ and reload ssh." ;;
    esac
    case " $command " in *" -u 0027 "* | *" -u 027 "*) ;; *) wrong "New photos can be read by other devices: ForceCommand needs -u 0027, as in 50-photo-agent.conf." ;; esac
    case " $command " in *" -l "*) ;; *) wrong "The server does not log who sent and removed what: ForceCommand needs -l INFO, as in 50-photo-agent.conf." ;; esac
    permitted=$(printf '%s\n' "$command" | sed -n 's/.* -p \([^ ]*\).*/\1/p')
    case ,$permitted, in
    ,,) wrong "Devices can make links and change modes: ForceCommand needs the list after -p, as in 50-photo-agent.conf." ;;
    *,symlink,* | *,setstat,* | *,fsetstat,* | *,lsetstat,* | *,posix-rename,*) wrong "Devices can make links, change modes or overwrite files: ForceCommand permits $permitted." ;;
    esac
    break # the rules are the same for the whole group
done
[ -S "$root/dev/log" ] || advice "The actions of devices are not logged: $root/dev/log does not exist (see the end of 50-photo-agent.conf)."
if [ -d /run/systemd/system ]; then
    systemctl is-active --quiet photo-share-keep.path || wrong "The keeper of the visits' folders is not active: systemctl enable --now photo-share-keep.path, or run make-share.sh."
fi
free=$(df -Pk "$root/photos" | awk 'NR == 2 { print $4 }')
[ "$free" -gt 10000000 ] || advice "Only $((free / 1000000)) GB are free on the share; a trip can be 10 GB."

if [ "$wrongs" -gt 0 ]; then
    if [ "$wrongs" -eq 1 ]; then echo "1 thing is wrong with the share in $root."; else echo "$wrongs things are wrong with the share in $root."; fi
    exit 1
fi
let_in=0 shut_out=0
for device in $devices; do
    if [ -f "$keys/$device" ]; then let_in=$((let_in + 1)); else shut_out=$((shut_out + 1)); fi
done
if [ "$shut_out" -gt 0 ]; then shut_out=", and $shut_out shut out"; else shut_out=''; fi
echo "The share in $root has no faults. Devices: $let_in$shut_out."
