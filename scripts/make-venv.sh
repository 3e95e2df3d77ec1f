#!/usr/bin/env bash
# make-venv.sh DIRECTORY FILE…: a Python environment with these requirements files, made anew when one changes.
# A file written as no-deps:FILE is installed without what its packages depend on. PYTHON names another interpreter.
set -euo pipefail
directory="$1"
shift

stamp="$directory/requirements.sha256"
digest="$(printf '%s\n' "$@" | sha256sum; cat "${@#no-deps:}" | sha256sum)"
if [[ -x "$directory/bin/python" && -f "$stamp" && "$(cat "$stamp")" == "$digest" ]]; then
    exit 0
fi
rm -rf "$directory"
"${PYTHON:-python3}" -m venv "$directory"
for requirements in "$@"; do
    options=(--quiet --disable-pip-version-check)
    [[ "$requirements" == no-deps:* ]] && options+=(--no-deps)
    "$directory/bin/pip" install "${options[@]}" --requirement "${requirements#no-deps:}" </dev/null
done
printf '%s\n' "$digest" >"$stamp"
