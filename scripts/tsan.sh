#!/usr/bin/env bash
# Builds the Swift tests with ThreadSanitizer and runs them; what follows goes to `swift test`. Any report is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/strict.sh

build=(--scratch-path .build-tsan --sanitize thread --disable-index-store "${strict[@]}")
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
swift build --build-tests --quiet "${build[@]}"
status=0
TSAN_OPTIONS="halt_on_error=0 exitcode=66 ${TSAN_OPTIONS:-}" \
    swift test --skip-build --disable-xctest "${build[@]}" "$@" >"$log" 2>&1 || status=$?
reports="$(grep -c 'WARNING: ThreadSanitizer' "$log" || true)"
if [[ "$status" -ne 0 || "$reports" -ne 0 ]]; then
    grep -vE ' (started\.|passed after )' "$log" | tail -n 200
    echo "tsan: FAILED with $reports reports (exit $status)"
    exit 1
fi
tests="$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.* passed after.*/\1/p' "$log" | tail -n 1)"
[[ "${tests:-0}" -gt 0 ]] || { tail -n 40 "$log"; echo "tsan: FAILED, no test ran"; exit 1; }
echo "tsan: ok, $tests tests, 0 reports"
