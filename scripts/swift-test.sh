#!/usr/bin/env bash
# Builds strictly and runs the Swift tests; what follows goes to `swift test`, as in `--filter LedgerTests`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/strict.sh
swift build --build-tests --quiet "${strict[@]}"
exec swift test --skip-build --disable-xctest "${strict[@]}" "$@"
