#!/bin/sh
# Sets up visit-photo-agent for one user on a Linux laptop; --help says more.
set -eu
HOME=${HOME:-$(eval echo "~$(id -un)")} # some tools that install for IT, such as cloud-init, set none
export HOME
home_of_program=${XDG_DATA_HOME:-$HOME/.local/share}/photo-agent
python_hint="On Debian or Ubuntu: sudo apt install python3 python3-venv"
menu=${XDG_DATA_HOME:-$HOME/.local/share}/applications/photo-agent.desktop
icon=${XDG_DATA_HOME:-$HOME/.local/share}/icons/hicolor/scalable/apps/photo-agent.svg

add_to_menu() { # "School photos" opens the staff page
    mkdir -p "$(dirname "$menu")" "$(dirname "$icon")"
    shown=$icon
    cp "$("${venv:?}/bin/python" -I -c 'import agent, os; print(os.path.dirname(agent.__file__))')/web/static/icon.svg" \
        "$icon" 2>/dev/null || shown=camera-photo # the theme's own
    # In an Exec line " ` $ and \ are escaped, and % is doubled (Desktop Entry Specification).
    # shellcheck disable=SC2016
    command=$(printf '%s' "${link:?}" | sed 's/[\\"`$]/\\\\&/g; s/%/%%/g')
    printf '%s\n' '[Desktop Entry]' 'Type=Application' 'Name=School photos' 'Name[cy]=Lluniau ysgol' \
        'Comment=Which photos are safe on the school network, and which need you' \
        "Exec=\"$command\" open" "Icon=$shown" 'Terminal=false' 'Categories=Graphics;Photography;' >"$menu"
}

remove_from_menu() {
    rm -f "$menu" "$icon"
}
# shellcheck source=install/laptop.sh
. "$(dirname "$0")/laptop.sh"
