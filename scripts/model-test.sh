#!/usr/bin/env bash
# Runs the ledger's model test ROUNDS times (default 5), each with a fresh seed; replay one with TOLLGATE_MODEL_SEED=N.
set -euo pipefail
for ((round = 1; round <= ${ROUNDS:-5}; round++)); do
    export TOLLGATE_MODEL_SEED=$((RANDOM << 15 | RANDOM))
    echo "round $round, TOLLGATE_MODEL_SEED=$TOLLGATE_MODEL_SEED"
    "$(dirname "${BASH_SOURCE[0]}")/swift-test.sh" --filter ModelTest
done
