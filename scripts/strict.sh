# Sourced by the scripts that build for tests: the same flags everywhere, so that nothing is built twice. What debuggers
# need takes long and is left out; DEBUG_INFO=dwarf brings it back, and lines in backtraces.
strict=(
    -Xswiftc -warnings-as-errors --explicit-target-dependency-import-check error
    -debug-info-format "${DEBUG_INFO:-none}"
)
