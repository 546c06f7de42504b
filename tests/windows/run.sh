#!/usr/bin/env bash
# The tests that Windows' own Python can run on Debian, under Wine; asks nothing, and fails if one of them does.
#
#     tests/windows/run.sh [FOLDER]     # where that Python is prepared, or lies from before; default: .windows
#
# What Wine cannot show: access control lists, POSIX deletion, links, MAX_PATH, job memory limits, the Task Scheduler and
# PowerShell. A test that needs them is skipped there and says why. PYTHON names the Linux Python that has the tests' needs.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-.windows}")
linux_python=${PYTHON:-.venv/bin/python}

# Its mark is set last: what was prepared in part, because the network went away say, is prepared again.
if [ ! -e "$folder/complete" ]; then
    PYTHON=python3 tests/windows/windows-python.sh "$folder" '.[test]'
    touch "$folder/complete"
fi

rooms=(files folders journal removal settings service supervisor share clockcheck pipeline volumes)
paths=()
for room in "${rooms[@]}"; do
    [ ! -d "tests/unit/$room" ] || paths+=("tests/unit/$room")
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$folder/python" -m pytest -q -p no:cacheprovider --timeout 300 "${paths[@]}" >"$log" 2>&1 &
unit=$!
whole=0
PHOTO_AGENT_WINDOWS_PYTHON=$folder/python "$linux_python" -m pytest -q --timeout 300 tests/windows || whole=$?
units=0
wait "$unit" || units=$?
tail -n 60 "$log"
[ "$whole" -eq 0 ] && [ "$units" -eq 0 ]
