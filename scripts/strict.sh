# Sourced by the scripts that build for tests: the same flags everywhere, so that nothing is built twice.
strict=(-Xswiftc -warnings-as-errors --explicit-target-dependency-import-check error --disable-index-store)
