#!/usr/bin/env bash
# boot-chroot.sh DIRECTORY: boots the system in DIRECTORY with its own systemd, in name spaces of its own and without a
# network. It ends with this process. Needs root.
set -euo pipefail
export ROOT="$1"

# A control group of its own, so that its systemd sees only what it started.
hierarchy=/sys/fs/cgroup
[[ -e "$hierarchy/cgroup.controllers" ]] || hierarchy=/sys/fs/cgroup/systemd
group="$hierarchy/tollgate-boot-$$"
mkdir -p "$group"
echo $$ >"$group/cgroup.procs"

# shellcheck disable=SC2016  # expanded inside
exec unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup bash -euc '
    mount --make-rprivate /
    mount --bind "$ROOT" "$ROOT"
    mount -t proc proc "$ROOT/proc"
    mount -t sysfs sysfs "$ROOT/sys"
    if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
        mount -t cgroup2 cgroup2 "$ROOT/sys/fs/cgroup"
    else
        mount -t tmpfs -o mode=755 tmpfs "$ROOT/sys/fs/cgroup"
        mkdir "$ROOT/sys/fs/cgroup/systemd"
        mount -t cgroup -o none,name=systemd,xattr cgroup "$ROOT/sys/fs/cgroup/systemd"
    fi
    mount -t tmpfs -o mode=755 tmpfs "$ROOT/run"
    mount -t tmpfs -o mode=755 tmpfs "$ROOT/dev"
    for device in null zero full random urandom tty; do
        touch "$ROOT/dev/$device"
        mount --bind "/dev/$device" "$ROOT/dev/$device"
    done
    mkdir "$ROOT/dev/pts" "$ROOT/dev/shm" "$ROOT/run/outside"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$ROOT/dev/pts"
    mount -t tmpfs tmpfs "$ROOT/dev/shm"
    ln -s pts/ptmx "$ROOT/dev/ptmx"
    # Not chroot: a process that was is not allowed the user name spaces of PrivateUsers=.
    cd "$ROOT"
    pivot_root . run/outside
    umount -l /run/outside
    # Credentials are mounted by a child of systemd and must reach the others.
    mount --make-rshared /
    export container=tollgate-proof
    exec /lib/systemd/systemd
'
