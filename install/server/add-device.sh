#!/bin/sh
# Lets a laptop in: makes its user on the server, enters its SSH key, and makes its folder for the record. As root.
#
#   add-device.sh DEVICE 'ssh-ed25519 AAAA…' [--user NAME] [--root DIR] [--keys DIR]
#   add-device.sh --remove USER [--keys DIR]
#
# DEVICE and the key are what `photo-agent init` prints on the laptop (device.name and the SSH key). The user is called
# like the device, in lower case, unless --user says otherwise; it is what agent.toml has as share.user. Repeating it
# with a new key replaces the old one. --remove takes the key away and locks the user; what it sent stays, and so does
# its number, lest a later user own these files.
set -eu

root=/srv/photo-share keys=/etc/ssh/photo-agents user='' remove='' device='' key=''
usage() { sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; }
fail() { echo "$*" >&2; exit 2; }
while [ $# -gt 0 ]; do
    case $1 in
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --keys) keys=${2:?--keys needs a folder}; shift 2 ;;
    --user) user=${2:?--user needs a name}; shift 2 ;;
    --remove) remove=${2:?--remove needs a user}; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *)
        if [ -z "$device" ]; then device=$1; elif [ -z "$key" ]; then key=$1; else usage >&2; exit 2; fi
        shift
        ;;
    esac
done
[ "$(id -u)" -eq 0 ] || fail "This makes users: run it with sudo."

is_device() { id -nG "$1" 2>/dev/null | tr ' ' '\n' | grep -qx photo-agents; }

if [ -n "$remove" ]; then
    is_device "$remove" || fail "$remove is no device of the photo share; nothing was changed."
    rm -f "$keys/$remove"
    usermod --lock --expiredate 1 "$remove"
    echo "$remove cannot log in any more. What it sent stays."
    exit 0
fi

if [ -z "$device" ] || [ -z "$key" ]; then
    usage >&2
    exit 2
fi
if [ ! -d "$root/photos/record" ] || [ ! -d "$keys" ]; then
    fail "There is no share in $root yet: run make-share.sh first."
fi
case $device in
.* | *. | *[!A-Za-z0-9._-]*) fail "A device's name has only letters, digits, '.', '_' and '-', and no '.' first or last." ;;
esac
[ -n "$user" ] || user=$(printf %s "$device" | tr 'A-Z.' 'a-z-')
printf %s "$user" | grep -Eq '^[a-z_][a-z0-9_-]{0,31}$' || fail "'$user' cannot be a user's name here; choose one with --user."

# One line, one Ed25519 key, no options: what a laptop's key file holds, and nothing that would loosen the rules.
case $key in
*"
"*) fail "The key must be on one line." ;;
'ssh-ed25519 '*) ;;
*) fail "The key must begin with ssh-ed25519, as photo-agent init prints it." ;;
esac
new=$(mktemp "$keys/.new.XXXXXX")
trap 'rm -f "$new"' EXIT
printf 'restrict %s\n' "$key" >"$new"
ssh-keygen -l -f "$new" >/dev/null 2>&1 || fail "That is no whole SSH key; copy all of the line that photo-agent init prints."

if id "$user" >/dev/null 2>&1; then
    is_device "$user" || fail "There is a user $user already who is no device; choose another name with --user."
    usermod --expiredate '' "$user"
else
    useradd --system --gid photo-agents --groups photo-share --no-create-home --home-dir / \
        --shell "$(command -v nologin || echo /usr/sbin/nologin)" --comment "photo-agent on $device" "$user"
fi
# No password fits. (The "!" of a new user means locked: sshd without PAM would turn its key away too.)
usermod --password '*' "$user"

[ ! -L "$root/photos/record/$device" ] || fail "$root/photos/record/$device is a link; it must be a folder."
if [ -d "$root/photos/record/$device" ] && [ "$(stat -c %U "$root/photos/record/$device")" != "$user" ]; then
    fail "$device has a record already that belongs to another user; give the device another name, or that user with --user."
fi
mkdir -p "$root/photos/record/$device"
chown "$user:photo-share" "$root/photos/record/$device"
chmod 2750 "$root/photos/record/$device"

chmod 0644 "$new"
mv -f "$new" "$keys/$user"
trap - EXIT
echo "$device may log in as $user. In its agent.toml: share.user = \"$user\", share.path = \"/photos\"."
echo "Host keys of this server, for the laptop to be compared with:"
for host_key in /etc/ssh/ssh_host_*_key.pub; do
    [ ! -f "$host_key" ] || ssh-keygen -l -f "$host_key"
done
