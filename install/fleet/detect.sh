#!/bin/sh
# Is the program set up and running for this user? Run this as that user, not as root.
# Exit code 0: yes. 1: no, with one line that says why; set-up.sh fixes it.
#
#   detect.sh [LOWEST-VERSION]
set -u
wanted=${1:-0.1.0}
no() { echo "$*"; exit 1; }

PATH=$PATH:/usr/local/bin
command -v photo-agent >/dev/null || no "The program is not installed."
version=$(photo-agent --version 2>/dev/null | sed -n 's/^photo-agent \([0-9.]*\).*/\1/p')
[ -n "$version" ] || no "The program does not start."
lower=$(printf '%s\n%s\n' "$version" "$wanted" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)
[ "$lower" = "$wanted" ] || no "Version $version is installed, and $wanted is wanted."
photo-agent config validate >/dev/null 2>&1 || no "There are no settings, or they are wrong: photo-agent config validate says why."
case $(uname) in
Darwin) keys="$HOME/Library/Application Support/photo-agent" ;;
*) keys=${XDG_CONFIG_HOME:-$HOME/.config}/photo-agent ;;
esac
[ -e "$keys/id_ed25519" ] || no "This user has no keys yet."
service=$(photo-agent service status 2>/dev/null | head -n 1)
case $service in
"installed: no"*) no "The program does not start at log-in." ;;
*"running: no") no "The program is not running." ;;
esac
echo "Version $version is set up. Service: ${service:-not known}"
