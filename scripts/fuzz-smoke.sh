#!/usr/bin/env bash
# Runs the ledger's model test ROUNDS times (default 5); each process draws a new seed and prints it.
set -euo pipefail
for ((round = 1; round <= ${ROUNDS:-5}; round++)); do
    echo "round $round"
    "$(dirname "${BASH_SOURCE[0]}")/swift-test.sh" --filter ModelTest
done
