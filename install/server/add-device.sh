#!/bin/sh
# Lets a laptop in: makes its user on the server, enters its SSH key and its log key, and makes the folder for its
# record. Run as root.
#
#   add-device.sh DEVICE 'ssh-ed25519 AAAA…' [--log-key 'ssh-ed25519 AAAA… photo-agent log DEVICE'] [--user NAME] [WHERE]
#   add-device.sh --from FOLDER [WHERE]
#   add-device.sh --remove USER [--keys DIR]
#
# WHERE: --root DIR, --keys DIR, --log-keys FILE, as for make-share.sh.
#
# `photo-agent init` prints DEVICE and the keys on the laptop (device.name, the SSH key, the log key). The user has the
# name of the device in lower case, unless --user says otherwise; agent.toml has it as share.user. Repeating this with a
# new SSH key replaces the old one and ends its open sessions. A laptop that was given another name, and has the same key
# and user as before, gets a folder for its new record; its old one stays. The log key is for `photo-agent log verify` and the witness.
#
# --from takes all files *.enrolment in a folder, as `photo-agent init --enrolment FOLDER` writes them. They come from
# laptops, so each is checked, and a device that was let in before keeps its keys: to replace one, name it as above.
#
# --remove removes the key, locks the user and ends its open sessions. The files that it sent stay, and so does its user
# number, because a later user with that number would own these files.
set -eu

root=/srv/photo-share keys=/etc/ssh/photo-agents log_keys=/etc/photo-agent/log-keys.txt
user='' remove='' device='' key='' log_key='' from='' only_new=''
usage() { sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; }
fail() { echo "$*" >&2; exit 2; }
while [ $# -gt 0 ]; do
    case $1 in
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --keys) keys=${2:?--keys needs a folder}; shift 2 ;;
    --log-keys) log_keys=${2:?--log-keys needs a file}; shift 2 ;;
    --log-key) log_key=${2:?--log-key needs a key}; shift 2 ;;
    --user) user=${2:?--user needs a name}; shift 2 ;;
    --remove) remove=${2:?--remove needs a user}; shift 2 ;;
    --from) from=${2:?--from needs a folder}; shift 2 ;;
    --only-new) only_new=yes; shift ;; # a device that was let in before keeps its keys; used by --from
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; fail "There is no option $1." ;;
    *)
        if [ -z "$device" ]; then device=$1; elif [ -z "$key" ]; then key=$1; else usage >&2; exit 2; fi
        shift
        ;;
    esac
done
[ "$(id -u)" -eq 0 ] || fail "This makes users: run it with sudo."
here=$(cd "$(dirname "$0")" && pwd)

is_device() { id -nG -- "$1" 2>/dev/null | tr ' ' '\n' | grep -qx photo-agents; }

if [ -n "$remove" ]; then
    is_device "$remove" || fail "$remove is not a device of the photo share; nothing was changed."
    # First the key and the account, so that no new session can begin while the open ones are ended.
    rm -f "$keys/$remove"
    usermod --lock --expiredate 1 "$remove"
    "$here/end-sessions.sh" "$remove"
    echo "$remove can no longer log in, and its open sessions were ended. The photos that it sent stay."
    exit 0
fi

if [ ! -d "$root/photos/record" ] || [ ! -d "$keys" ] || ! getent group photo-door >/dev/null; then
    fail "$root does not have a share yet, or has one of an older version: run make-share.sh first."
fi

# --- A folder of enrolment files --------------------------------------------------------------------------------------

LARGEST=8192  # the most bytes of one file
MOST=2000     # the most files
shown() { printf %s "$1" | LC_ALL=C tr -c '\040-\176' '?'; }
field() { sed -n "s/^$1: //p" "$2"; }

# Prints what is wrong with the copy of an enrolment file, or nothing if it can be used.
fault_of() {
    [ "$(wc -c <"$1")" -le "$LARGEST" ] || { echo "is too large to be one"; return; }
    [ "$(head -n 1 "$1")" = "visit-photo-agent enrolment 1" ] || { echo "is not an enrolment file of this version"; return; }
    if [ "$(LC_ALL=C tr -d '\012\040-\176\200-\377' <"$1" | wc -c)" -ne 0 ]; then
        echo "has control characters"
        return
    fi
    for name in device user ssh-key log-key; do
        [ "$(grep -c "^$name: " "$1")" -eq 1 ] || { echo "must name one $name"; return; }
    done
    # No name may look like an option, because it is passed to other programs.
    field device "$1" | grep -Eqx '[A-Za-z0-9_][A-Za-z0-9._-]*' || { echo "names a device as no device can be called"; return; }
    for name in ssh-key log-key; do
        field "$name" "$1" | grep -q '^ssh-ed25519 ' || { echo "has an $name that is not one"; return; }
    done
    [ "$(field user "$1")" = "$(field device "$1" | tr '[:upper:].' '[:lower:]-')" ] ||
        echo "names a user that is not called like its device: enter it by hand, with --user"
}

take_all() {
    [ -d "$from" ] || fail "There is no folder $(shown "$from")."
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    count=0 refused=0
    # First copy each file without following a link, so that the checked content is also the content that is used.
    for file in "$from"/*.enrolment; do
        [ -e "$file" ] || [ -L "$file" ] || continue
        count=$((count + 1))
        [ "$count" -le "$MOST" ] || fail "There are more than $MOST enrolment files; nothing was entered."
        basename -- "$file" >"$work/$count.name"
        if [ ! -f "$file" ] || [ -L "$file" ]; then
            echo "is not a plain file" >"$work/$count.fault"
        elif ! timeout 10 dd if="$file" of="$work/$count" iflag=nofollow,nonblock bs=$((LARGEST + 1)) count=1 status=none 2>/dev/null; then
            echo "cannot be read" >"$work/$count.fault"
        else
            fault_of "$work/$count" >"$work/$count.fault"
            [ -s "$work/$count.fault" ] || field device "$work/$count" | tr '[:upper:]' '[:lower:]' >>"$work/devices"
        fi
    done
    [ "$count" -gt 0 ] || fail "There are no files *.enrolment in $(shown "$from")."
    number=0
    while [ "$number" -lt "$count" ]; do
        number=$((number + 1)) copy=$work/$((number))
        name=$(shown "$(cat "$copy.name")")
        if [ ! -s "$copy.fault" ]; then
            device=$(field device "$copy") key=$(field ssh-key "$copy")
            if [ "$(grep -cFx -- "$(printf %s "$device" | tr '[:upper:]' '[:lower:]')" "$work/devices")" -gt 1 ]; then
                echo "names a device that another file names too: find out which is right" >"$copy.fault"
            elif "$here/add-device.sh" "$device" "$key" --user "$(field user "$copy")" --log-key "$(field log-key "$copy")" --only-new \
                --root "$root" --keys "$keys" --log-keys "$log_keys" >"$copy.said" 2>&1; then
                printf '%s\n' "$key" >"$work/key"
                echo "$(sed -n 1p "$copy.said") Staff: $(shown "$(field staff "$copy")"). $(ssh-keygen -l -f "$work/key" | cut -d' ' -f2)"
            else
                tr '\n' ' ' <"$copy.said" >"$copy.fault"
            fi
        fi
        if [ -s "$copy.fault" ]; then
            refused=$((refused + 1))
            # What `fault_of` says goes on after "it"; what add-device.sh itself says is a whole sentence.
            if [ -e "$copy.said" ]; then it=''; else it='it '; fi
            echo "$name was not entered: $it$(shown "$(sed 's/ *$//' "$copy.fault")")" >&2
        fi
    done
    echo "$((count - refused)) of $count entered. Compare the fingerprints with those that the laptops show."
    echo "Log keys: $log_keys, for \`photo-agent log verify $root/photos --key $log_keys\` and the witness."
    [ "$refused" -eq 0 ] || exit 1
}

if [ -n "$from" ]; then
    [ -z "$device$key$user$log_key" ] || { usage >&2; exit 2; }
    take_all
    exit 0
fi

# --- One device -------------------------------------------------------------------------------------------------------

if [ -z "$device" ] || [ -z "$key" ]; then
    usage >&2
    fail "Name a device and its SSH key, as \`photo-agent init\` prints them."
fi
case $device in
.* | *. | -* | *[!A-Za-z0-9._-]*) fail "A device's name has only letters, digits, '.', '_' and '-', and no '.' first or last." ;;
esac
[ ${#device} -le 64 ] || fail "A device's name has at most 64 characters."
[ -n "$user" ] || user=$(printf %s "$device" | tr '[:upper:].' '[:lower:]-')
printf %s "$user" | grep -Eq '^[a-z_][a-z0-9_-]{0,31}$' || fail "'$(shown "$user")' cannot be a user's name here; choose one with --user."

# Allow exactly one line with one Ed25519 key, as in a laptop's key file, and no options that would loosen the rules.
case $key in
*"
"*) fail "The key must be on one line." ;;
'ssh-ed25519 '*) ;;
*) fail "The key must begin with ssh-ed25519, as photo-agent init prints it." ;;
esac
new=$(mktemp "$keys/.new.XXXXXX")
trap 'rm -f "$new"' EXIT
printf 'restrict %s\n' "$key" >"$new"
# A second blank would hide the key from the comparisons below, which take it as the second word.
if ! printf '%s\n' "$key" | LC_ALL=C grep -Eqx 'ssh-ed25519 [A-Za-z0-9+/]{68}( .*)?' || ! ssh-keygen -l -f "$new" >/dev/null 2>&1; then
    fail "That is not a whole SSH key; copy all of the line that photo-agent init prints."
fi
blob=$(printf %s "$key" | cut -d' ' -f2)

# A log key speaks for the device that it names, so it must name this device.
if [ -n "$log_key" ]; then
    pattern=$(printf %s "$device" | sed 's/\./\\./g')
    log_key_of="(ssh-ed25519 [A-Za-z0-9+/]{68} photo-agent log $pattern|visit-photo-agent/$pattern\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44})"
    if [ "$(printf '%s\n' "$log_key" | wc -l)" -ne 1 ] || ! printf '%s\n' "$log_key" | grep -Eqx "$log_key_of"; then
        fail "That is not the log key of $device; copy all of the line that photo-agent init prints."
    fi
fi

# Another device's name must not lead to this user or folder, not even on systems that ignore capitals.
there=$(find "$root/photos/record" -mindepth 1 -maxdepth 1 -iname "$device" ! -name "$device")
[ -z "$there" ] || fail "There is a device $(shown "$(basename "$there")") already; choose a name that differs by more than capitals."
old='' renamed=''
if id -- "$user" >/dev/null 2>&1; then
    is_device "$user" || fail "There is a user $user already who is not a device; choose another name with --user."
    of=$(getent passwd "$user" | cut -d: -f5)
    case $of in
    "photo-agent on "*)
        # The same key comes from the same laptop, which was given another name: it begins a new record beside its old one.
        if [ "$of" != "photo-agent on $device" ]; then
            if [ -n "$only_new" ] || ! grep -qsF -- " $blob" "$keys/$user"; then
                fail "$user is the user of ${of#photo-agent on }; choose another name for $device with --user."
            fi
            renamed=yes
        fi
        ;;
    esac
    [ ! -f "$keys/$user" ] || old=$(cut -d' ' -f3 "$keys/$user")
    if [ -n "$only_new" ]; then
        [ "$old" = "$blob" ] || fail "$device is there already, with another SSH key or locked. If this laptop is to take its place: add-device.sh $device 'KEY'."
    fi
fi
[ ! -L "$root/photos/record/$device" ] || fail "$root/photos/record/$device is a link; it must be a folder."
if [ -d "$root/photos/record/$device" ] && [ "$(stat -c %U "$root/photos/record/$device")" != "$user" ]; then
    fail "$device has a record already that belongs to another user; give the device another name, or that user with --user."
fi
# One key opens exactly one device's account.
for other in "$keys"/*; do
    if [ -f "$other" ] && [ "$other" != "$keys/$user" ] && grep -qF -- " $blob" "$other"; then
        fail "This SSH key already belongs to $(basename "$other"): each laptop needs its own key."
    fi
done
if [ -n "$log_key" ] && [ -n "$only_new" ] && [ -f "$log_keys" ] && ! grep -qFx -- "$log_key" "$log_keys"; then
    ! grep -Eqx "$log_key_of" "$log_keys" || fail "$device has another log key already. If it was lost: add-device.sh $device 'KEY' --log-key 'LOG KEY'."
fi

if id -- "$user" >/dev/null 2>&1; then
    usermod --expiredate '' --append --groups photo-door "$user"
    [ -z "$renamed" ] || usermod --comment "photo-agent on $device" "$user"
else
    useradd --system --gid photo-agents --groups photo-door --no-create-home --home-dir / \
        --shell "$(command -v nologin || echo /usr/sbin/nologin)" --comment "photo-agent on $device" "$user"
fi
# No password fits. (The "!" of a new user means locked: sshd without PAM would turn its key away too.)
usermod --password '*' "$user"

mkdir -p "$root/photos/record/$device"
chown "$user:photo-share" "$root/photos/record/$device"
chmod 2750 "$root/photos/record/$device"

chmod 0644 "$new"
mv -f "$new" "$keys/$user"
trap - EXIT
if [ -n "$old" ] && [ "$old" != "$blob" ]; then
    "$here/end-sessions.sh" "$user" # end the sessions that were opened with the old key
fi
if [ -n "$log_key" ]; then
    [ -f "$log_keys" ] || { mkdir -p "$(dirname "$log_keys")" && : >"$log_keys"; }
    # Earlier keys stay, because entries that they signed are verified with them.
    grep -qFx -- "$log_key" "$log_keys" || printf '%s\n' "$log_key" >>"$log_keys"
    chmod 0644 "$log_keys"
fi
echo "$device may log in as $user. In its agent.toml: share.user = \"$user\", share.path = \"/photos\"."
echo "Host keys of this server, to compare with the one that the laptop shows:"
for host_key in /etc/ssh/ssh_host_*_key.pub; do
    [ ! -f "$host_key" ] || ssh-keygen -l -f "$host_key"
done
