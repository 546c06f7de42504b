#!/bin/sh
# Jamf Pro, extension attribute (data type String, input type Script): the state of School photos on this Mac, in a few
# words that a smart group can use, with a count. It names no photos, visits or people.
#
#   well · not installed · not running · 3 overdue · 2 cannot be sent · refused by the server · not known
#
# Jamf runs this as root. photo-agent belongs to the user who is logged in, so it is run as that user.

result() {
    echo "<result>$1</result>"
    exit 0
}

user=${PHOTO_AGENT_USER:-$(stat -f %Su /dev/console 2>/dev/null)}
case $user in "" | root | loginwindow | _mbsetupuser) result "not known" ;; esac
home=$(eval echo "~$user")
# The package's place, then the one of install/macos.sh.
agent=/usr/local/bin/photo-agent
[ -x "$agent" ] || agent=$home/.local/bin/photo-agent
[ -x "$agent" ] || result "not installed"

if [ "$(id -un)" = "$user" ]; then
    status=$("$agent" status --json 2>/dev/null)
else
    status=$(launchctl asuser "$(id -u "$user")" sudo -u "$user" -H "$agent" status --json 2>/dev/null)
fi

# One JSON object on one line. A quote inside a text has a backslash before it, so none of these can be part of a name.
number() {
    printf '%s\n' "$status" | grep -o "\"$1\": [0-9]*" | head -n 1 | grep -o '[0-9]*$'
}

code=$(number exit_code)
overdue=$(number overdue)
refused=$(number refused)
if [ -z "$code" ] || [ -z "$overdue" ]; then result "not known"; fi
[ "$code" -ne 6 ] || result "refused by the server"
[ "$overdue" -eq 0 ] || result "$overdue overdue"
[ "${refused:-0}" -eq 0 ] || result "$refused cannot be sent"
case $status in *'"running": true'*) result "well" ;; *) result "not running" ;; esac
