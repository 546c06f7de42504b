# shellcheck shell=sh
# The steps that linux.sh and macos.sh share. They read this file; do not run it by itself.
: "${home_of_program:?is set by linux.sh or macos.sh}" "${python_hint:?likewise}"

usage() {
    cat <<EOF
Sets up visit-photo-agent for the user who runs it (no administrator's rights needed).

  $0 [--from WHEEL|FOLDER] [--no-init] [--no-service] [-- options of \`photo-agent init\`]
  $0 --uninstall [--purge]
  $0 --system [--from WHEEL|FOLDER] [--uninstall]

  --from        what to install (default: the folder this script came with)
  --no-init     do not write settings and keys (because IT provides them)
  --no-service  do not start the program at log-in
  --uninstall   remove the program and its service; settings, keys, journal and record stay
  --purge       with --uninstall: remove these too
  --system      as root, on IT's own machine: the program alone, for all users, in /opt/photo-agent
Run it again to upgrade; settings and keys stay.
EOF
}

fail() {
    echo "$*" >&2
    exit 2
}

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    fail "No Python 3.11 or newer that can make virtual environments was found. $python_hint"
}

uninstall() {
    if [ "$system" = yes ]; then # it has no service, menu or settings of its own
        :
    elif [ -x "$venv/bin/python" ]; then
        "$venv/bin/python" -c '
import sys
from agent.errors import AgentError
from agent.service import Launch, for_this_system, this_program
try:
    for_this_system(Launch(this_program())).uninstall()
except AgentError as fault:
    sys.exit(str(fault))' || fail "The service could not be stopped, so nothing was removed."
        [ "$purge" = no ] || "$venv/bin/python" -c 'from agent.settings import purge; purge()' ||
            fail "Some of the settings could not be removed, so the program stays."
    elif [ "$purge" = yes ]; then
        fail "The program is no longer in $venv, so this script cannot find its settings. Install it again, then purge."
    fi
    case $(readlink "$link" 2>/dev/null) in
    "$home_of_program"/venv*/bin/photo-agent) rm -f "$link" ;;
    esac
    [ "$system" = yes ] || { remove_from_menu; remove_from_shells; }
    rm -rf "$home_of_program"/venv*
    rmdir "$home_of_program" 2>/dev/null || true
    if [ "$system" = yes ]; then
        echo "The program was removed. Nobody's settings were touched."
        return
    fi
    if [ "$purge" = no ]; then
        echo "The program was removed. Settings, keys, journal and record stay; --purge would remove them."
        return
    fi
    echo "The program, its settings, keys, journal and record were removed from this user's account. IT must still remove"
    echo "the key from the server (install/server/add-device.sh --remove). A state_dir that you chose was left alone."
}

installed_venv() { # the environment that the command on the PATH starts; each version has its own folder
    case $(readlink "$link" 2>/dev/null) in
    "$home_of_program"/venv*/bin/photo-agent) dirname "$(dirname "$(readlink "$link")")" ;;
    *) echo "$home_of_program/venv" ;;
    esac
}

undo() { # remove the prepared version; the version that ran before keeps running
    rm -rf "$new"
    fail "$1 Nothing was changed."
}

quiet_pip() {
    "$new/bin/python" -m pip --disable-pip-version-check --no-input "$@" --quiet </dev/null
}

share_of_user=${XDG_DATA_HOME:-$HOME/.local/share}
completions="bash:$share_of_user/bash-completion/completions/photo-agent
zsh:$share_of_user/zsh/site-functions/_photo-agent
fish:$share_of_user/fish/vendor_completions.d/photo-agent.fish"
manual=$share_of_user/man/man1/photo-agent.1

write_for_the_shell() { # write the output of the program's `shell` command to a file: FILE, then the arguments
    file=$1
    shift
    if mkdir -p "$(dirname "$file")" && "$new/bin/photo-agent" shell "$@" >"$file.new" 2>/dev/null &&
        [ -s "$file.new" ]; then
        mv -f "$file.new" "$file"
    else
        rm -f "$file.new"
    fi
}

add_to_shells() { # completion by Tab, and the man page; a fault here does not stop the installation
    echo "$completions" | while IFS=: read -r shell file; do
        write_for_the_shell "$file" completion "$shell"
    done
    write_for_the_shell "$manual" man
}

remove_from_shells() {
    echo "$completions" | while IFS=: read -r _ file; do
        rm -f "$file"
    done
    rm -f "$manual"
}

install_program() { # prepare the new version beside the running one, which stays in use until the new one is complete
    case $(readlink "$link" 2>/dev/null || echo "no link") in
    "$home_of_program"/venv*/bin/photo-agent) ;;
    */photo-agent/venv*/bin/photo-agent) ;; # set up before the home folder, or XDG_DATA_HOME, was another
    *)
        if [ -e "$link" ] || [ -L "$link" ]; then
            fail "$link exists and does not belong to this program; move it away, then run this again."
        fi
        ;;
    esac
    python=$(find_python) || exit 2
    new=$home_of_program/venv-$(date +%Y%m%d%H%M%S)
    mkdir -p "$home_of_program"
    "$python" -m venv "$new" || undo "The virtual environment in $new could not be made."
    echo "Installing (a minute or two the first time)"
    # Install the tested version of each package, and check each file by its hash.
    { quiet_pip install --require-hashes -r "$here/locked/laptop.txt" && quiet_pip install "$source"; } ||
        undo "pip could not install the program. Is the network reachable? (Proxy: HTTPS_PROXY; mirror: PIP_INDEX_URL.)"
    # The packages for desktop notices, if they are available here; a fault does not stop the installation.
    [ "$system" = yes ] || quiet_pip install "${source}[desktop]" 2>/dev/null || true
    "$new/bin/photo-agent" --version >/dev/null || undo "The new version does not start."
    mkdir -p "$(dirname "$link")"
    ln -sf "$new/bin/photo-agent" "$link.new" && mv -f "$link.new" "$link"
    venv=$new
    [ "$system" = no ] || return 0
    add_to_shells
    add_to_menu || echo "Note: School photos could not be added to the menu; \`photo-agent open\` opens the page."
    case ":$PATH:" in
    *":$(dirname "$link"):"*) ;;
    *) echo "Note: $(dirname "$link") is not on your PATH; log in again, or add it in your shell's profile." ;;
    esac
}

has_settings() { # whether there is a settings file, be it right or wrong
    "$venv/bin/python" -c 'import os
from agent.settings import find_file
find_file(None, os.environ)' >/dev/null 2>&1
}

remove_older_versions() { # once the service runs the new one
    for folder in "$home_of_program"/venv*; do
        [ "$folder" = "$venv" ] || rm -rf "$folder"
    done
}

init=yes service=yes uninstalling=no purge=no system=no
here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$here")
link=$HOME/.local/bin/photo-agent
venv=$(installed_venv)
while [ $# -gt 0 ]; do
    case $1 in
    --from) source=${2:?--from needs a wheel or a folder}; shift 2 ;;
    --no-init) init=no; shift ;;
    --no-service) service=no; shift ;;
    --uninstall) uninstalling=yes; shift ;;
    --purge) purge=yes; shift ;;
    --system) system=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    *) usage >&2; fail "There is no option $1." ;;
    esac
done
if [ "$system" = yes ]; then
    [ "$(id -u)" -eq 0 ] || fail "--system installs the program for all users: run it with sudo."
    [ "$purge" = no ] || fail "--purge removes one user's settings: run it as that user, without --system."
    home_of_program=${PHOTO_AGENT_SYSTEM:-/opt/photo-agent} link=${PHOTO_AGENT_SYSTEM_LINK:-/usr/local/bin/photo-agent}
    venv=$(installed_venv) init=no service=no
    umask 022 # all users may read it
elif [ "$(id -u)" -eq 0 ] && [ -z "${PHOTO_AGENT_AS_ROOT:-}" ]; then
    fail "Run this as the user who takes the photos, not as root."
fi
[ "$purge" = no ] || [ "$uninstalling" = yes ] || fail "--purge can only be used with --uninstall."

if [ "$uninstalling" = yes ]; then
    uninstall
    exit 0
fi
[ -e "$source" ] || fail "There is nothing to install at $source."
install_program
# Keep existing settings if they are valid: running the set-up again is an upgrade.
if [ "$init" = yes ] && ! "$venv/bin/photo-agent" config validate >/dev/null 2>&1; then
    "$venv/bin/photo-agent" init "$@" ||
        fail "Installed, but not set up: run \`photo-agent init\`, then \`photo-agent service install\`."
fi
if [ "$service" = yes ] && [ "$init" = no ] && ! has_settings; then
    echo "Installed. There are no settings yet, so nothing was started: run \`photo-agent init\`, or put IT's settings in"
    echo "their place, then \`photo-agent service install\`."
    exit 0
fi
if [ "$service" = yes ]; then
    "$venv/bin/photo-agent" service install ||
        fail "Installed, but not started at log-in: fix what the message above says, then run \`photo-agent service install\`."
    remove_older_versions
fi
if [ "$system" = yes ]; then
    remove_older_versions
    echo "Done. The program is $link, for all users of this machine."
    exit 0
fi
echo "Done. \`photo-agent doctor\` checks everything; \`photo-agent status\` shows what waits."
