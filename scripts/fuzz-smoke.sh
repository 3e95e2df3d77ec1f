#!/usr/bin/env bash
# Builds Fuzz/ and runs each of its targets for SECONDS_EACH (default 20) at the same time, over what is kept in
# Fuzz/Corpus and Fuzz/Failures first. An input that traps, hangs or leaks is kept in Fuzz/Failures and fails the run,
# and so does a target that ran nothing, has nothing to start from, or runs code that tells the fuzzer nothing. SEED
# (default 1, so that a run can be repeated; 0 is a new one each time) chooses the inputs. RUNS is a number of runs of
# each in place of the time; as many targets as there are processors then run at the same time. With ASAN=1 it is built
# with AddressSanitizer too, optimised and in a folder of its own. ADMIN=1 adds the targets of the Admin API and the
# operator's files, which takes minutes to build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../Fuzz"

seconds="${SECONDS_EACH:-20}"
# Of each list those that take longest come first, so that none of them is left to run alone at the end.
targets=(head guarded reply answer values cells usage ask framing multipart key records origin)
modules=(Tenancy Billing Proxy)
admin=()
if [[ "${ADMIN:-}" == 1 ]]; then
    admin=(states queries settings words bills texts prices saved bodies json)
    modules+=(AdminAPI TollgateFiles)
fi
build=(--scratch-path .build-fuzz --sanitize fuzzer --disable-index-store -debug-info-format none)
memory=1024
wanted=(__sanitizer_cov_8bit_counters_init)
export FUZZ_SECONDS=4
if [[ "${ASAN:-}" == 1 ]]; then
    # Of several sanitizers the package manager leaves Swift code the last one only, hence the flag with both. The
    # checks of a build for debugging are on; without optimising it would be some thousand runs a second.
    build=(
        --scratch-path .build-fuzz-asan --configuration release --sanitize fuzzer --sanitize address
        -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing -Xswiftc -enforce-exclusivity=checked
        -Xswiftc -assert-config -Xswiftc Debug --disable-index-store
    )
    memory=1536
    wanted+=(__asan_init)
    export FUZZ_SECONDS=6
fi
length=(-max_total_time="$seconds")
at_once=$((${#targets[@]} + ${#admin[@]}))
if [[ -n "${RUNS:-}" ]]; then
    length=(-runs="$RUNS")
    at_once="$(nproc)"
fi
swift build --quiet "${build[@]}" --product fuzz >&2
[[ ${#admin[@]} -eq 0 ]] || swift build --quiet "${build[@]}" --product fuzz-admin >&2
folder="$(swift build "${build[@]}" --show-bin-path)"

# What is not instrumented is fuzzed blindly, and no fault of its memory is seen.
for module in "${modules[@]}"; do
    symbols="$(nm --undefined-only "$folder/$module.build/"*.o)"
    for symbol in "${wanted[@]}"; do
        if ! grep -q -w "$symbol" <<<"$symbols"; then
            echo "fuzz: FAILED; $module was built without $symbol"
            exit 1
        fi
    done
done

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

# Lists of prices and bills say little in a page.
longest() {
    case "$1" in
    prices | bills) echo 16384 ;;
    *) echo 4096 ;;
    esac
}

# The leak checker of AddressSanitizer knows no pointers with bits of Swift's enums in them, and takes what they lead to
# for lost: leaks are the harness' own check. AddressSanitizer remembers four frames of each allocation, as all
# of them take a sixth of the time. The backtracer would take the signal before the fuzzer can keep the input.
run() {
    local fuzz="$1" target="$2" status=0
    mkdir -p "$scratch/$target" "Failures/$target"
    FUZZ_TARGET="$target" SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0:malloc_context_size=4 \
        "$folder/$fuzz" -detect_leaks=0 -seed="${SEED:-1}" "${length[@]}" -timeout=20 -rss_limit_mb="$memory" \
        -max_len="$(longest "$target")" -dict=fuzz.dict -print_final_stats=1 \
        -artifact_prefix="Failures/$target/" "$scratch/$target" "Corpus/$target" "Failures/$target" \
        >"$scratch/$target.log" 2>&1 || status=$?
    echo "$status" >"$scratch/$target.status"
    report "$target"
}

# Its line, as soon as it has ended.
report() {
    local target="$1" status runs edges
    status="$(cat "$scratch/$target.status")"
    runs="$(sed -n 's/^stat::number_of_executed_units: //p' "$scratch/$target.log")"
    edges="$(sed -n 's/^#.*DONE *cov: \([0-9]*\) .*/\1/p' "$scratch/$target.log")"
    if [[ -z "$(ls -A "Corpus/$target" 2>/dev/null)" ]]; then
        echo "fuzz $target: FAILED; there is nothing in Fuzz/Corpus/$target to start from"
    elif grep -q 'Is the code instrumented for coverage' "$scratch/$target.log"; then
        echo "fuzz $target: FAILED; it is not instrumented for coverage"
    elif [[ "$status" -eq 0 && "$runs" =~ ^[1-9] && "$edges" =~ ^[1-9] ]]; then
        echo "fuzz $target: ok, $runs runs, $edges edges"
        touch "$scratch/$target.ok"
    else
        tail -n 40 "$scratch/$target.log"
        echo "fuzz $target: FAILED after ${runs:-0} runs; an input that failed is in Fuzz/Failures/$target"
    fi
    rmdir --ignore-fail-on-non-empty "Failures/$target"
}

# What stopped it and the input, again at the very end: of a run somewhere else that may be all one sees.
remind() {
    local target="$1" input
    input="$(sed -n "s/.*Test unit written to //p" "$scratch/$target.log" | tail -n 1)"
    echo "fuzz $target: $(grep -a -m 1 -E 'Precondition failed|Fatal error|ERROR: ' "$scratch/$target.log" | cut -c 1-600)"
    [[ ! -f "$input" ]] || echo "fuzz $target: $(basename "$input") $(head -c 3072 "$input" | base64 -w 0)"
}

for target in ${admin[@]+"${admin[@]}"} "${targets[@]}"; do
    fuzz=fuzz
    [[ " ${admin[*]-} " != *" $target "* ]] || fuzz="fuzz-admin"
    while [[ "$(jobs -rp | wc -l)" -ge "$at_once" ]]; do wait -n || true; done
    run "$fuzz" "$target" &
done
wait
failed=0
for target in ${admin[@]+"${admin[@]}"} "${targets[@]}"; do
    [[ -e "$scratch/$target.status" ]] || echo "fuzz $target: FAILED; it did not end"
    if [[ ! -e "$scratch/$target.ok" ]]; then
        failed=1
        remind "$target"
    fi
done
exit "$failed"
