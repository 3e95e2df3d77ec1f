#!/usr/bin/env bash
# Builds Fuzz/ and runs each of its targets for SECONDS_EACH (default 20) at the same time, over what is kept in
# Fuzz/Corpus and Fuzz/Failures first. An input that traps, hangs or leaks is kept in Fuzz/Failures and fails the run, and
# so does a target that ran nothing or has nothing to start from. SEED (default 1, so that a run can be repeated; 0 is a
# new one each time) chooses the inputs. RUNS is a number of runs of each in place of the time; with ASAN=1 it is built
# with AddressSanitizer too, in a folder of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../Fuzz"

seconds="${SECONDS_EACH:-20}"
targets=(framing usage ask multipart key)
build=(--scratch-path .build-fuzz --sanitize fuzzer --disable-index-store --product fuzz)
memory=1024
if [[ "${ASAN:-}" == 1 ]]; then
    build=(--scratch-path .build-fuzz-asan --sanitize fuzzer --sanitize address --disable-index-store --product fuzz)
    memory=4096
fi
length=(-max_total_time="$seconds")
[[ -z "${RUNS:-}" ]] || length=(-runs="$RUNS")
swift build --quiet "${build[@]}" >&2
fuzz="$(swift build "${build[@]}" --show-bin-path)/fuzz"

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

# The backtracer would take the signal before the fuzzer can keep the input.
run() {
    local target="$1"
    mkdir -p "$scratch/$target" "Failures/$target"
    FUZZ_TARGET="$target" SWIFT_BACKTRACE=enable=no "$fuzz" \
        -seed="${SEED:-1}" "${length[@]}" -timeout=20 -rss_limit_mb="$memory" -max_len=4096 \
        -dict=fuzz.dict -print_final_stats=1 \
        -artifact_prefix="Failures/$target/" "$scratch/$target" "Corpus/$target" "Failures/$target" \
        >"$scratch/$target.log" 2>&1
}

declare -A jobs
for target in "${targets[@]}"; do
    run "$target" &
    jobs[$target]=$!
done
failed=0
for target in "${targets[@]}"; do
    status=0
    wait "${jobs[$target]}" || status=$?
    runs="$(sed -n 's/^stat::number_of_executed_units: //p' "$scratch/$target.log")"
    if [[ -z "$(ls -A "Corpus/$target" 2>/dev/null)" ]]; then
        failed=1
        echo "fuzz $target: FAILED; there is nothing in Fuzz/Corpus/$target to start from"
    elif [[ "$status" -eq 0 && "$runs" =~ ^[1-9] ]]; then
        echo "fuzz $target: ok, $runs runs"
    else
        failed=1
        tail -n 40 "$scratch/$target.log"
        echo "fuzz $target: FAILED after ${runs:-0} runs; an input that failed is in Fuzz/Failures/$target"
    fi
    rmdir --ignore-fail-on-non-empty "Failures/$target"
done
exit "$failed"
