#!/usr/bin/env bash
# What single decisions cost, on one core: builds the package in this folder, then prints its table.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
build=(-c release --scratch-path .build-bench/swift -Xswiftc -enable-testing --product decisions)
swift build "${build[@]}" >&2
exec taskset -c 0 "$(swift build "${build[@]}" --show-bin-path)/decisions"
