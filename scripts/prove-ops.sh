#!/usr/bin/env bash
# What of deploy/ takes minutes to prove, on the release binary: the Debian package in a booted Debian, and streams
# that are silent for longer than proxies wait by themselves. `make test` runs the rest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tests=Tests/EndToEnd
binary=.build/release/tollgate
scripts/make-venv.sh .venv-test "no-deps:$tests/requirements.txt" "no-deps:$tests/requirements-ops.txt" \
    no-deps:deploy/demo/requirements.txt
scripts/prove-deb.sh "$binary"
exec .venv-test/bin/python "$tests/run.py" --binary "$binary" --full \
    --only "test_front_proxies or test_prometheus or test_deploy_files"
