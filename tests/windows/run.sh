#!/usr/bin/env bash
# README's two commands by Windows' own Python, on Debian under Wine; and the whole job there against a real server.
#
#     tests/windows/run.sh [FOLDER [arguments of install/test.py]]
#
# FOLDER is where that Python is prepared, or lies from before; default: .windows. Without arguments, test.py runs the
# tests of the packages that are different on Windows; with `tests`, all of them. It asks nothing.
#
# What Wine cannot show: access control lists, POSIX deletion, links, MAX_PATH, job memory limits, the Task Scheduler and
# PowerShell. A test that needs them is skipped there and says why. PYTHON names the Linux Python that has the tests' needs.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-.windows}")
shift $(($# > 0))
linux_python=${PYTHON:-.venv/bin/python}

# Its mark is set last: what was prepared in part, because the network went away say, is prepared again. What is installed
# in it is for tests/windows; README's commands make an environment of their own, which does not see it.
if [ ! -e "$folder/complete" ]; then
    PYTHON=python3 tests/windows/windows-python.sh "$folder" '.[demo]'
    touch "$folder/complete"
fi

if [ $# -eq 0 ]; then
    for room in files folders journal removal settings service supervisor share clockcheck pipeline volumes; do
        set -- "$@" "tests/unit/$room"
    done
fi

# A copy of what git would take, and what lay in it before but for the environment: Windows' Python must never find a
# Linux .venv, whose links it would follow when it deletes.
checkout=$folder/checkout
mkdir -p "$checkout"
find "$checkout" -mindepth 1 -maxdepth 1 ! -name .venv -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar --create --null --files-from=- | tar --extract --directory "$checkout"
shared=$(realpath -m "${PHOTO_AGENT_SHARED:-../shared}")

newcomer() {
    cd "$checkout"
    export PHOTO_AGENT_SHARED="Z:${shared//\//\\}"
    "$folder/python" install/try.py
    "$folder/python" install/test.py -q "$@"
    # A test that Windows' Python cannot even read ends a run of all tests, of which the above may be some.
    WINDOWS_PROGRAM=../checkout/.venv/Scripts/python.exe "$folder/python" -m pytest --collect-only -qq tests >collected ||
        { tail -n 40 collected; return 1; }
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
(newcomer "$@") >"$log" 2>&1 </dev/null &
commands=$!
whole=0
PHOTO_AGENT_WINDOWS_PYTHON=$folder/python "$linux_python" -m pytest -q --timeout 300 tests/windows || whole=$?
both=0
wait "$commands" || both=$?
if [ "$both" -eq 0 ]; then tail -n 60 "$log"; else cat "$log"; fi
[ "$whole" -eq 0 ] && [ "$both" -eq 0 ]
