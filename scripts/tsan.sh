#!/usr/bin/env bash
# Builds the Swift tests with ThreadSanitizer and runs them; what follows goes to `swift test`. Any report is a failure.
# A control runs before: a race that must be reported, and the same under a lock that must not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Reports name lines.
DEBUG_INFO=dwarf
source scripts/strict.sh

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
log="$scratch/log"
clang -std=c17 -O1 -Wall -Wextra -Werror -shared -fPIC -o "$scratch/mutex.so" Tests/ThreadSanitizer/mutex.c -ldl
options="halt_on_error=0 exitcode=66 suppressions=$PWD/Tests/ThreadSanitizer/suppressions ${TSAN_OPTIONS:-}"
watched=(env LD_PRELOAD="$scratch/mutex.so" TSAN_OPTIONS="$options")

swiftc -swift-version 6 -sanitize=thread -parse-as-library -o "$scratch/control" -module-name control \
    Tests/ThreadSanitizer/control.swift
if "${watched[@]}" "$scratch/control" race >"$log" 2>&1 || ! "${watched[@]}" "$scratch/control" >>"$log" 2>&1; then
    cat "$log"
    echo "tsan: FAILED, the control tells nothing"
    exit 1
fi

build=(--scratch-path .build-tsan --sanitize thread "${strict[@]}")
swift build --build-tests --quiet "${build[@]}"
status=0
"${watched[@]}" swift test --skip-build --disable-xctest "${build[@]}" "$@" >"$log" 2>&1 || status=$?
reports="$(grep -c 'WARNING: ThreadSanitizer' "$log" || true)"
if [[ "$status" -ne 0 || "$reports" -ne 0 ]]; then
    grep -vE ' (started\.|passed after )' "$log" | tail -n 200
    echo "tsan: FAILED with $reports reports (exit $status)"
    exit 1
fi
tests="$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.* passed after.*/\1/p' "$log" | tail -n 1)"
[[ "${tests:-0}" -gt 0 ]] || { tail -n 40 "$log"; echo "tsan: FAILED, no test ran"; exit 1; }
echo "tsan: ok, $tests tests, 0 reports"
