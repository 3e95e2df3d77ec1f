#!/usr/bin/env bash
# Builds the release binary, .build/release/tollgate.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/release.sh
exec swift build "${release[@]}" "$@"
