#!/usr/bin/env bash
# What single decisions cost, on one core, and keys judged by two loops at once, on two: builds the package in this
# folder, then prints its tables.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
build=(-c release --scratch-path .build-bench/swift -Xswiftc -enable-testing --product decisions)
swift build "${build[@]}" >&2
decisions="$(swift build "${build[@]}" --show-bin-path)/decisions"
taskset -c 0 "$decisions"
echo
exec "$decisions" keys
