# shellcheck shell=sh
# The steps that linux.sh and macos.sh share; read by them, not run by itself.
: "${home_of_program:?is set by linux.sh or macos.sh}" "${python_hint:?likewise}"

usage() {
    cat <<EOF
Sets up visit-photo-agent for the user who runs it (no administrator's rights needed).

  $0 [--from WHEEL|FOLDER] [--no-init] [--no-service] [-- options of \`photo-agent init\`]
  $0 --uninstall [--purge]

  --from        what to install (default: the folder this script came with)
  --no-init     do not write settings and keys (IT has put them there)
  --no-service  do not have it started at log-in
  --uninstall   take the program and its service away; settings, keys, journal and record stay
  --purge       with --uninstall: take those away too
May be repeated: it then upgrades, and keeps settings and keys.
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

folders_of_user() { # what --purge takes away, as the program itself names it
    "$venv/bin/python" -c '
from agent.settings import config_folder, state_folder
print(config_folder())
print(state_folder())'
}

uninstall() {
    purged=''
    if [ -x "$venv/bin/python" ]; then
        "$venv/bin/python" -c '
import sys
from agent.errors import AgentError
from agent.service import Launch, for_this_system, this_program
try:
    for_this_system(Launch(this_program())).uninstall()
except AgentError as fault:
    sys.exit(str(fault))' || fail "The service could not be stopped, so nothing was taken away."
        [ "$purge" = no ] || purged=$(folders_of_user)
    elif [ "$purge" = yes ]; then
        fail "The program is not in $venv any more, so where its settings are is not known. Install it, then purge."
    fi
    if [ -L "$link" ] && [ "$(readlink "$link")" = "$venv/bin/photo-agent" ]; then
        rm -f "$link"
    fi
    rm -rf "$venv"
    rmdir "$home_of_program" 2>/dev/null || true
    if [ "$purge" = no ]; then
        echo "The program is gone. Settings, keys, journal and record stay; --purge would take them away."
        return
    fi
    printf '%s\n' "$purged" | while IFS= read -r folder; do
        case $folder in
        */photo-agent) rm -rf "$folder" ;;
        *) echo "not removed, as it does not look like the program's own: $folder" >&2 ;;
        esac
    done
    echo "The program, its settings, keys, journal and record are gone from this user's account. IT still has to take"
    echo "the key off the server (install/server/add-device.sh --remove). A state_dir of your own was left alone."
}

install_program() {
    python=$(find_python)
    if ! "$venv/bin/python" -c 'import pip' >/dev/null 2>&1; then
        rm -rf "$venv"
        mkdir -p "$home_of_program"
        "$python" -m venv "$venv" || fail "The virtual environment in $venv could not be made."
    fi
    echo "Installing (a minute or two the first time)"
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input install --quiet --upgrade "$source" </dev/null ||
        fail "pip could not install it. Is the network reachable? (Proxy: HTTPS_PROXY; mirror: PIP_INDEX_URL.)"
    mkdir -p "$(dirname "$link")"
    if [ -e "$link" ] && [ ! -L "$link" ]; then
        fail "$link exists and is not ours; move it away, then run this again."
    fi
    ln -sf "$venv/bin/photo-agent" "$link"
    case ":$PATH:" in
    *":$(dirname "$link"):"*) ;;
    *) echo "Note: $(dirname "$link") is not on your PATH; log in again, or add it in your shell's profile." ;;
    esac
}

init=yes service=yes uninstalling=no purge=no
source=$(cd "$(dirname "$0")/.." && pwd)
venv=$home_of_program/venv
link=$HOME/.local/bin/photo-agent
while [ $# -gt 0 ]; do
    case $1 in
    --from) source=${2:?--from needs a wheel or a folder}; shift 2 ;;
    --no-init) init=no; shift ;;
    --no-service) service=no; shift ;;
    --uninstall) uninstalling=yes; shift ;;
    --purge) purge=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    *) usage >&2; exit 2 ;;
    esac
done
if [ "$(id -u)" -eq 0 ] && [ -z "${PHOTO_AGENT_AS_ROOT:-}" ]; then
    fail "Run this as the user who takes the photos, not as root."
fi
[ "$purge" = no ] || [ "$uninstalling" = yes ] || fail "--purge goes with --uninstall."

if [ "$uninstalling" = yes ]; then
    uninstall
    exit 0
fi
[ -e "$source" ] || fail "There is nothing to install at $source."
install_program
if [ "$init" = yes ]; then
    "$venv/bin/photo-agent" init "$@" ||
        fail "Installed, but not set up: run \`photo-agent init\`, then \`photo-agent service install\`."
fi
if [ "$service" = yes ]; then
    "$venv/bin/photo-agent" service install ||
        fail "Installed, but not started at log-in: put right what it says, then run \`photo-agent service install\`."
fi
echo "Done. \`photo-agent doctor\` checks everything; \`photo-agent status\` says how it stands."
