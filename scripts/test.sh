#!/usr/bin/env bash
# Everything a change must pass: formatting, Swift tests in a strict debug build, fuzzing, then the end-to-end tests on
# the release binary. The last line is `N passed, N failed`, over both. --only-e2e skips the Swift tests; what follows
# it goes to run.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source scripts/strict.sh
source scripts/release.sh

binary=.build/release/tollgate
logs="$(mktemp -d)"
trap 'rm -rf "$logs"' EXIT
passed=0
failed=0

finish() {
    echo "$passed passed, $failed failed"
    [[ "$failed" -eq 0 ]] || exit 1
    exit 0
}

# Runs a step with its output kept; shows the output only when the step fails, and then ends the run.
step() {
    local name="$1" started=$SECONDS
    shift
    if "$@" >"$logs/step" 2>&1 </dev/null; then
        echo "$name: ok ($((SECONDS - started)) s)"
        return
    fi
    cat "$logs/step"
    # Builds go on at other files: what stopped one is far from the end.
    grep -E 'error:|fatal|Killed|No space' "$logs/step" | tail -n 20 || true
    echo "$name: FAILED"
    failed=$((failed + 1))
    finish
}

# Swift Testing ends with "Test run with N tests … passed|failed after …"; a run without that line has crashed.
swift_tests() {
    local status=0 total bad
    swift test --skip-build --disable-xctest "${strict[@]}" >"$logs/swift" 2>&1 </dev/null || status=$?
    total="$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.* \(passed\|failed\) after.*/\1/p' "$logs/swift" | tail -n 1)"
    if [[ "$status" -eq 0 && "${total:-0}" -gt 0 ]]; then
        grep 'Test run with' "$logs/swift" | tail -n 1
        passed=$((passed + total))
        return
    fi
    grep -vE ' (started\.|passed after )' "$logs/swift" || true
    bad="$(grep -E 'Test .* failed after' "$logs/swift" | grep -cv 'Test run with' || true)"
    [[ "$bad" -gt 0 ]] || bad=1
    failed=$((failed + bad))
    if [[ "${total:-0}" -gt "$bad" ]]; then
        passed=$((passed + total - bad))
    fi
}

end_to_end_tests() {
    local status=0 last
    .venv-test/bin/python Tests/EndToEnd/run.py --binary "$binary" --runners 2 "$@" 2>&1 </dev/null |
        tee "$logs/e2e" || status=$?
    last="$(tail -n 1 "$logs/e2e")"
    if [[ "$last" =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        [[ "$status" -eq 0 || "${BASH_REMATCH[2]}" -gt 0 ]] || failed=$((failed + 1))
    else
        echo "the end-to-end tests ended without a summary (exit $status)"
        failed=$((failed + 1))
    fi
}

# The clients whose requirements clash have an environment of their own.
environments() {
    local tests=Tests/EndToEnd others=() name status=0
    for name in instructor litellm schemathesis; do
        scripts/make-venv.sh ".venv-test-$name" "no-deps:$tests/requirements-$name.txt" &
        others+=($!)
    done
    focus_environment &
    others+=($!)
    scripts/make-venv.sh .venv-test "no-deps:$tests/requirements.txt" "no-deps:$tests/requirements-ops.txt" \
        no-deps:deploy/demo/requirements.txt || status=1
    for name in "${others[@]}"; do wait "$name" || status=1; done
    return "$status"
}

# The official FOCUS validator needs a newer Python than Debian's; without one its tests say that they were skipped.
focus_environment() {
    local python
    for python in python3 python3.12 python3.13 python3.14 ~/.pyenv/versions/*/bin/python; do
        if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
            PYTHON="$python" scripts/make-venv.sh .venv-test-focus no-deps:Tests/EndToEnd/requirements-focus.txt
            return
        fi
    done
}

scripts/install-packages.sh build test ops prove package
if [[ "${1:-}" == --only-e2e ]]; then
    shift
else
    step "formatting" make lint
    step "debug build" swift build --build-tests "${strict[@]}"
    swift_tests
    step "files that are fuzzed" scripts/check-fuzz-files.sh
    step "fuzzing" scripts/fuzz-smoke.sh
fi
step "test environments" environments
step "release build" swift build "${release[@]}"
end_to_end_tests "$@"
finish
