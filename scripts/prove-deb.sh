#!/usr/bin/env bash
# prove-deb.sh BINARY: packs the binary, checks the package with lintian, installs it in a fresh Debian 12 made by
# debootstrap, boots that with its own systemd and tries what an operator does: start, reload, crash, upgrade, remove,
# install again, purge. Needs root and some minutes; everything happens in a temporary directory.
set -euo pipefail
binary="$(realpath "$1")"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[[ "$(id -u)" -eq 0 ]] || exec sudo scripts/prove-deb.sh "$binary"

work="$(mktemp -d -p /var/tmp tollgate-deb-XXXXXX)"
root="$work/root"
boot=
finish() {
    if [[ -n "$boot" ]]; then
        kill -KILL "$boot" 2>/dev/null && wait "$boot" 2>/dev/null || true
        find /sys/fs/cgroup -depth -type d -path "*/tollgate-boot-$boot*" -exec rmdir {} + 2>/dev/null || true
    fi
    rm -rf --one-file-system "$work"
}
trap finish EXIT
fail() {
    echo "prove-deb: $*" >&2
    [[ -z "$boot" ]] || inside journalctl --no-pager -u tollgate -n 30 >&2 || true
    exit 1
}
passed=0
check() {
    local what="$1"
    shift
    "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2; fail "$what"; }
    passed=$((passed + 1))
    echo "  $what"
}

# The booted system's first process, and commands beside it.
init() {
    local child
    child="$(cat "/proc/$boot/task/$boot/children" 2>/dev/null)"
    echo "${child%% *}"
}
inside() { nsenter -t "$(init)" -m -p -n -u -i -- "$@"; }
outside_curl() { nsenter -t "$(init)" -n -- curl --silent --show-error --fail --max-time 5 "$@"; }
property() { inside systemctl show --property "$1" --value tollgate; }
within() { # SECONDS COMMAND…
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [[ $SECONDS -lt $until ]] || return 1
        sleep 0.2
    done
}
ready() { outside_curl http://127.0.0.1:8080/readyz 2>/dev/null; }
is_active() { [[ "$(property ActiveState)" == active ]]; }
admin() {
    outside_curl --header "authorization: Bearer $(cat "$root/etc/tollgate/admin.key")" \
        "http://127.0.0.1:8081/admin/v1$1" "${@:2}"
}
status_of() { inside cat "/proc/$(property MainPID)/status"; }

echo "package"
package="$(scripts/build-deb.sh "$binary" "$work/one")"
check "lintian finds nothing" lintian --allow-root --fail-on=error,warning "$package"
check "a second build has the same bytes" cmp "$package" "$(scripts/build-deb.sh "$binary" "$work/two")"

echo "a fresh Debian"
# shellcheck disable=SC2016  # apt's own variables
mirror="$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')"
base=.build/deb/debian-12.tar # kept for the next run
if [[ ! -s "$base" ]]; then
    check "debootstrap" debootstrap --variant=minbase --include=systemd,systemd-sysv bookworm "$root" \
        ${mirror:+"$mirror"}
    mkdir -p "${base%/*}"
    tar --create --numeric-owner --xattrs --directory "$root" --file "$base.new" .
    mv "$base.new" "$base"
else
    mkdir "$root"
    tar --extract --numeric-owner --xattrs --directory "$root" --file "$base"
fi
cp "$package" "$root/var/tmp/tollgate.deb"
install_package() {
    # shellcheck disable=SC2016  # expanded inside
    unshare --mount bash -euc 'mount -t proc proc "$1/proc"; exec chroot "$1" env -u TMPDIR DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --quiet --no-install-recommends /var/tmp/tollgate.deb' - "$root"
}
check "apt installs it with what it depends on" install_package
for key in master admin; do
    check "$key.key is root's, mode 600" test "$(stat -c '%U %a' "$root/etc/tollgate/$key.key")" == "root 600"
done
check "its settings pass" chroot "$root" tollgate check-config --config /etc/tollgate/tollgate.yaml
check "completions and manual are there" test -s "$root/usr/share/man/man1/tollgate.1.gz" \
    -a -s "$root/usr/share/bash-completion/completions/tollgate"
check "the operator's steps are there" diff --recursive deploy/sop "$root/usr/share/doc/tollgate/sop"

echo "booted"
scripts/boot-chroot.sh "$root" </dev/null >"$work/boot.log" 2>&1 &
boot=$!
check "the service is ready" within 30 ready
check "systemd calls it active" is_active
check "the bootstrap credential works" admin /tenants
confined() {
    local user
    user="$(inside id -u tollgate)"
    [[ "$user" -ne 0 ]] && status_of >"$work/status"
    grep -q "^Uid:.$user.$user.$user.$user$" "$work/status" && grep -Eq '^CapBnd:.0+$' "$work/status" &&
        grep -q '^NoNewPrivs:.1$' "$work/status" && grep -q '^Seccomp:.2$' "$work/status"
}
check "it runs as tollgate, confined, without capabilities" confined
# Where not even root may raise RLIMIT_NICE, the unit's LimitNICE= has no effect, and the runtime complains.
(ulimit -e 24) 2>/dev/null && noise='^$' || noise='^Failed to set thread priority'
only_json() {
    inside journalctl -u tollgate -o cat _COMM=tollgate --no-pager | grep -v "$noise" >"$work/journal"
    grep -q '"listening"' "$work/journal" && ! grep -v '^{' "$work/journal"
}
check "its log is JSON and nothing else" only_json
from_systemd() { inside systemctl --quiet is-active tollgate.socket; }
check "systemd keeps its ports" from_systemd
admin /tenants --header 'content-type: application/json' --data '{"name":"kept"}' >/dev/null || fail "no tenant"
check "a reload is taken" inside systemctl reload tollgate
check "the log says so" within 5 inside bash -c 'journalctl -u tollgate -o cat --no-pager | grep -q "configuration reloaded"'
crash() {
    local old
    old="$(property MainPID)"
    inside bash -c "kill -KILL $old"
    within 10 ready && [[ "$(property MainPID)" != "$old" ]]
}
check "after kill -9 it is back" crash
check "doctor finds no failure" inside tollgate doctor --config /etc/tollgate/tollgate.yaml
check "verify is clean" inside tollgate verify --config /etc/tollgate/tollgate.yaml

echo "upgrade, removal, purge"
digest="$(cat "$root/etc/tollgate/master.key")"
started="$(property MainPID)"
# One connection after the other, all the time.
callers() {
    while [[ ! -e "$work/enough" ]]; do
        nsenter -t "$(init)" -n -- curl --silent --output /dev/null --max-time 30 http://127.0.0.1:8080/readyz &&
            echo answered || echo "failed: $?"
    done >"$work/callers"
}
callers &
callers=$!
upgrade() {
    inside dpkg --install /var/tmp/tollgate.deb
    within 10 ready && [[ "$(property MainPID)" != "$started" ]]
}
check "an upgrade restarts it" upgrade
sleep 1
touch "$work/enough"
wait "$callers"
refused_nobody() { grep -q answered "$work/callers" && ! grep failed "$work/callers"; }
check "and refuses no connection meanwhile" refused_nobody
check "and keeps the master key" test "$(cat "$root/etc/tollgate/master.key")" == "$digest"
kept() { admin /tenants | grep -q '"kept"'; }
check "and the data" kept
check "removed" inside dpkg --remove tollgate
gone() { [[ ! -e "$root/usr/bin/tollgate" && "$(property ActiveState)" != active ]] && ! ready; }
check "it stopped and the binary is gone" gone
check "its ports are closed" test "$(inside systemctl is-active tollgate.socket 2>/dev/null)" != active
check "settings, keys and database stay" test -e "$root/etc/tollgate/tollgate.yaml" -a -e "$root/etc/tollgate/admin.key" \
    -a -e "$root/var/lib/tollgate/tollgate.db"
check "installed again" inside dpkg --install /var/tmp/tollgate.deb
check "it is ready" within 30 ready
check "with its data" kept
check "purged" inside dpkg --purge tollgate
purged() {
    [[ ! -e "$root/etc/tollgate/tollgate.yaml" && ! -e "$root/etc/tollgate/admin.key" ]] &&
        [[ -e "$root/var/lib/tollgate/tollgate.db" && -e "$root/etc/tollgate/master.key" ]]
}
check "the settings are gone; the ledger and its master key are not" purged
echo "$passed passed, 0 failed"
