#!/bin/sh
# Sets up visit-photo-agent for one user on a Mac; --help says more.
set -eu
HOME=${HOME:-$(eval echo "~$(id -un)")} # some tools that install for IT, such as cloud-init, set none
export HOME
home_of_program="$HOME/Library/Application Support/photo-agent"
python_hint="Get it from https://www.python.org/downloads/macos/ or by \`brew install python\`."
app="$HOME/Applications/School photos.app"

add_to_menu() { # "School photos" in Launchpad and Spotlight opens the staff page: a bundle with a script and Info.plist
    mkdir -p "$app.new/Contents/MacOS" "$app.new/Contents/Resources/cy.lproj"
    cat >"$app.new/Contents/Info.plist" <<EOF
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>CFBundleName</key><string>School photos</string>
<key>CFBundleDisplayName</key><string>School photos</string>
<key>CFBundleIdentifier</key><string>visit-photo-agent.staff-page</string>
<key>CFBundleExecutable</key><string>open-page</string>
<key>CFBundlePackageType</key><string>APPL</string>
<key>CFBundleVersion</key><string>1</string>
<key>CFBundleDevelopmentRegion</key><string>en</string>
<key>LSUIElement</key><true/>
</dict></plist>
EOF
    echo '"CFBundleDisplayName" = "Lluniau ysgol";' >"$app.new/Contents/Resources/cy.lproj/InfoPlist.strings"
    # Inside single quotes, only the quote itself is special.
    command=$(printf '%s' "${link:?}" | sed "s/'/'\\\\''/g")
    printf "#!/bin/sh\nexec '%s' open\n" "$command" >"$app.new/Contents/MacOS/open-page"
    chmod 755 "$app.new/Contents/MacOS/open-page"
    rm -rf "$app" && mv "$app.new" "$app"
}

remove_from_menu() {
    rm -rf "$app" "$app.new"
}
# shellcheck source=install/laptop.sh
. "$(dirname "$0")/laptop.sh"
