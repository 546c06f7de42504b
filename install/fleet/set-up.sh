#!/bin/sh
# Sets the program up for this user: keys, and the start at log-in. Run this as that user, not as root. It can be
# repeated: existing keys stay. The settings come from the machine's agent.toml, which IT deploys first.
#
#   set-up.sh [--enrolment FOLDER] [--host-key SHA256:…]
#
# The fingerprint is not needed if known_hosts_file in agent.toml has the server's key.
set -u
[ "$(id -u)" -ne 0 ] || [ -n "${PHOTO_AGENT_AS_ROOT:-}" ] || { echo "Run this as the user who takes the photos, not as root." >&2; exit 2; }
PATH=$PATH:/usr/local/bin
command -v photo-agent >/dev/null || { echo "The program is not installed: deploy the package first." >&2; exit 1; }
photo-agent init --yes "$@" || exit $?

if [ "$(uname)" = Linux ] && [ -z "${XDG_RUNTIME_DIR:-}" ]; then # not set if a tool switched to this user
    XDG_RUNTIME_DIR=/run/user/$(id -u)
    export XDG_RUNTIME_DIR
fi
photo-agent service install && exit 0
# Without a session nothing can be started now; a service from a package starts at the next log-in.
case $(photo-agent service status 2>/dev/null) in
"installed: yes"*) echo "The program will start when this user logs in." ;;
*) exit 1 ;;
esac
