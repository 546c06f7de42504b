#!/bin/sh
# Makes the folder that Munki, Jamf or any other tool installs on Macs, with all wheels and install.sh; on a Mac also a
# package (.pkg) of it. The Macs do not fetch anything.
#
#   install/packages/macos/build.sh --output FOLDER [--python 3.13] [--platform TAG …] [--wheel FILE] [--sign "Developer ID …"]
#
# --python is the version on the Macs (python.org's or Homebrew's). --platform is by default Apple's own chips, macOS 11 or
# newer, because the package index has no Intel wheel of a cryptography without known vulnerabilities.
# --wheel is the program's own wheel; without it, one is built from this folder.
# Needs python3 with pip here, and the package index. --sign is for pkgbuild, on a Mac.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
checkout=$(dirname "$(dirname "$(dirname "$here")")")
output='' version=3.13 platforms='' wheel='' identity=''
usage() { sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; }
fail() { echo "$*" >&2; exit 2; }
while [ $# -gt 0 ]; do
    case $1 in
    --output) output=${2:?--output needs a folder}; shift 2 ;;
    --python) version=${2:?--python needs a version}; shift 2 ;;
    --platform) platforms="$platforms ${2:?--platform needs a tag}"; shift 2 ;;
    --wheel) wheel=${2:?--wheel needs a file}; shift 2 ;;
    --sign) identity=${2:?--sign needs an identity}; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done
[ -n "$output" ] || fail "--output is needed: the folder to make."
[ -z "$wheel" ] || [ -f "$wheel" ] || fail "There is no file $wheel."
[ ! -e "$output" ] || fail "$output already exists; name a new folder."
python=${PYTHON:-python3}
"$python" -m pip --version >/dev/null 2>&1 || fail "$python has no pip. Name another by PYTHON=…"
[ -n "$platforms" ] || platforms=macosx_11_0_arm64

mkdir -p "$output/wheels"
for platform in $platforms; do
    case $platform in
    macosx*) system=darwin ;;
    *linux*) system=linux ;;
    *) fail "$platform is not a tag such as macosx_11_0_arm64." ;;
    esac
    "$python" "$here/../locked.py" "$system" "$version" >"$output/needs.txt"
    # Wheels are often tagged for an older macOS, or for both chips.
    tags="--platform $platform"
    case $platform in
    macosx_*_arm64) for old in 10_9 10_12 10_13 11_0 12_0; do tags="$tags --platform macosx_${old}_universal2 --platform macosx_${old}_arm64"; done ;;
    manylinux*) for old in manylinux2014 manylinux_2_17 manylinux_2_26 manylinux_2_27 manylinux_2_28 manylinux_2_31; do tags="$tags --platform ${old}_${platform#manylinux_*_*_}"; done ;;
    macosx_*_x86_64) for old in 10_9 10_10 10_12 10_13 10_15 11_0; do tags="$tags --platform macosx_${old}_universal2 --platform macosx_${old}_x86_64"; done ;;
    esac
    # shellcheck disable=SC2086 # $tags is several words on purpose
    "$python" -m pip --disable-pip-version-check -q download --no-deps --only-binary=:all: $tags \
        --implementation cp --python-version "$version" --require-hashes -r "$output/needs.txt" -d "$output/wheels" ||
        fail "pip could not get the wheels for $platform."
done
if [ -n "$wheel" ]; then
    cp "$wheel" "$output/"
else
    "$python" -m pip --disable-pip-version-check -q wheel --no-deps -w "$output" "$checkout" || fail "The program's own wheel could not be made."
fi
cp "$here/install.sh" "$here/uninstall.sh" "$output/"
echo "$version" >"$output/python-version"
echo "The folder $output is ready. Let your tool run install.sh in it as root on each Mac."

if command -v pkgbuild >/dev/null; then
    number=$(basename "$output"/visit_photo_agent-*.whl | cut -d- -f2)
    scripts=$(mktemp -d)
    trap 'rm -rf "$scripts"' EXIT
    cp -R "$output/." "$scripts/"
    cp "$here/install.sh" "$scripts/postinstall" # finds the wheels beside it
    chmod 755 "$scripts/postinstall"
    set -- pkgbuild --nopayload --identifier local.visit-photo-agent --version "$number" --scripts "$scripts"
    [ -z "$identity" ] || set -- "$@" --sign "$identity"
    "$@" "$output/visit-photo-agent-$number.pkg"
fi
