#!/usr/bin/env bash
# Installs the Debian packages of the named groups (build, test, demo, bench, ops, prove, package, office) that are not
# installed yet.
set -euo pipefail

wanted=()
for group in "$@"; do
    case "$group" in
    build)
        wanted+=(ca-certificates pkg-config libsqlite3-dev libcurl4-openssl-dev libssl-dev libargon2-dev)
        wanted+=(libxlsxwriter-dev zlib1g-dev)
        ;;
    test) wanted+=(sqlite3 curl chromium chromium-driver fonts-dejavu-core libjs-chart.js faketime) ;;
    demo) wanted+=(curl libjs-chart.js) ;;
    bench) wanted+=(nginx wrk util-linux) ;;
    ops) wanted+=(prometheus nginx caddy haproxy systemd curl) ;;
    prove) wanted+=(nginx haproxy strace slowhttptest faketime e2fsprogs) ;;
    package) wanted+=(dpkg-dev lintian debootstrap curl) ;;
    office) wanted+=(libreoffice-calc) ;;
    *)
        echo "install-packages.sh: unknown group '$group'" >&2
        exit 2
        ;;
    esac
    # Debian's own python3 comes without venv; another python3 on PATH usually has it.
    if [[ "$group" != build ]] && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        wanted+=(python3-venv)
    fi
done

missing=()
for package in "${wanted[@]}"; do
    if ! dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
        missing+=("$package")
    fi
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ "$(id -u)" -ne 0 ]]; then
    as_root=(sudo -n)
    [[ -t 0 ]] && as_root=(sudo)
fi
echo "installing ${missing[*]}"
log="$(mktemp)"
policy=/usr/sbin/policy-rc.d
made_policy=
finish() {
    rm -f "$log"
    [[ -z "$made_policy" ]] || "${as_root[@]}" rm -f "$policy"
}
trap finish EXIT
# Debian starts what it installs. Servers that only tests need must not take their ports on this machine.
if [[ ! -e "$policy" ]]; then
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
fi
install_missing() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qy --no-install-recommends "${missing[@]}"
}
if ! install_missing >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "could not install: ${missing[*]}" >&2
    exit 1
fi
