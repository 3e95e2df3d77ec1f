#!/usr/bin/env bash
# Builds, then runs the programmes of Tests/EndToEnd/prove and prints the scorecard; what follows goes to them. Lines
# are kept in .build/prove.json across sittings; --card shows them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root="$PWD"

scripts/install-packages.sh build test prove
scripts/make-venv.sh .venv-test no-deps:Tests/EndToEnd/requirements.txt no-deps:Tests/EndToEnd/requirements-ops.txt \
    no-deps:deploy/demo/requirements.txt
scripts/build-release.sh
cd Tests/EndToEnd
exec "$root/.venv-test/bin/python" -m prove --binary "$root/.build/release/tollgate" \
    --json "$root/.build/prove.json" "$@"
