#!/usr/bin/env bash
# Checks that what Fuzz/ takes along of the command line compiles without the rest of it. Building that for the fuzzer
# takes minutes, so only `make prove` does; this takes seconds, with the modules of the debug build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t maps < <(grep -m 1 -A 20 '"C.Tollgate-.*module":$' .build/debug.yaml | grep -m 1 'args: ' |
    grep -o '"-Xcc","-fmodule-map-file=[^"]*"' | tr -d '"' | tr ',' '\n')
mapfile -t files < <(swift package --package-path Fuzz --scratch-path Fuzz/.build-fuzz describe --type json |
    python3 -c '
import json, sys
[target] = [one for one in json.load(sys.stdin)["targets"] if one["name"] == "TollgateFiles"]
for source in target["sources"]:
    print("Fuzz", target["path"], source, sep="/")')
if [[ "${#maps[@]}" -eq 0 || "${#files[@]}" -eq 0 ]]; then
    echo "found ${#maps[@]} maps of modules in the debug build and ${#files[@]} files in Fuzz/Package.swift"
    exit 1
fi
swiftc -typecheck -swift-version 6 -module-name TollgateFiles -I .build/debug/Modules "${maps[@]}" "${files[@]}"
