#!/usr/bin/env bash
# build-deb.sh BINARY DIRECTORY: packs a release binary as DIRECTORY/tollgate_VERSION_ARCHITECTURE.deb and prints the
# path. The same commit and binary give the same bytes. DEB_MAINTAINER names who answers for the package,
# DEB_COMPRESSION how it is packed (xz).
set -euo pipefail
binary="$(realpath "$1")"
mkdir -p "$2"
output="$(realpath "$2")"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
parts=deploy/debian
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
umask 022

version="$("$binary" --version)"
architecture="$(dpkg --print-architecture)"
maintainer="${DEB_MAINTAINER:-Tollgate maintainers <maintainers@tollgate.invalid>}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
root="$work/root"
doc="$root/usr/share/doc/tollgate"
mkdir -p "$root/DEBIAN" "$doc/examples"

install -D "$binary" "$root/usr/bin/tollgate"
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/tollgate"
install -D -m 644 -t "$root/lib/systemd/system" deploy/systemd/tollgate.service deploy/systemd/tollgate.socket
install -D -m 644 "$parts/tollgate.yaml" "$root/etc/tollgate/tollgate.yaml"
mkdir -p "$root/usr/share/tollgate"
cp -r web-static "$root/usr/share/tollgate/"
sed "s/@VERSION@/$version/" "$parts/tollgate.1" |
    install -D -m 644 /dev/stdin "$root/usr/share/man/man1/tollgate.1"
# Files that are sourced have no interpreter line.
"$binary" completions bash | sed "/^#!/d" |
    install -D -m 644 /dev/stdin "$root/usr/share/bash-completion/completions/tollgate"
"$binary" completions zsh | install -D -m 644 /dev/stdin "$root/usr/share/zsh/vendor-completions/_tollgate"
"$binary" completions fish | install -D -m 644 /dev/stdin "$root/usr/share/fish/vendor_completions.d/tollgate.fish"
install -m 644 "$parts/copyright" docs/configuration.md docs/operations.md "$doc"
install -m 644 CHANGELOG.md "$doc/NEWS"
for folder in nginx caddy haproxy prometheus grafana; do cp -r "deploy/$folder" "$doc/examples/"; done
cp -r deploy/sop "$doc/"
cat >"$doc/changelog" <<END
tollgate ($version) stable; urgency=medium

  * What is new is in /usr/share/doc/tollgate/NEWS.gz.

 -- $maintainer  $(date --utc --rfc-email --date "@$SOURCE_DATE_EPOCH")
END
gzip -9n "$doc/changelog" "$doc/NEWS" "$doc"/*.md "$root/usr/share/man/man1/tollgate.1"
if [[ -s "$parts/lintian-overrides" ]]; then
    install -D -m 644 "$parts/lintian-overrides" "$root/usr/share/lintian/overrides/tollgate"
fi

# dpkg-shlibdeps wants a source tree around it.
mkdir -p "$work/debian"
printf 'Source: tollgate\n\nPackage: tollgate\nArchitecture: any\n' >"$work/debian/control"
depends="$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info root/usr/bin/tollgate 2>/dev/null |
    sed -n 's/^shlibs:Depends=//p')"
[[ -n "$depends" ]] || { echo "build-deb.sh: found no libraries the binary depends on" >&2; exit 1; }
size="$(du --summarize --apparent-size --block-size=1K "$root" | cut -f1)"
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@MAINTAINER@/$maintainer/; s/@SIZE@/$size/" \
    -e "s/@DEPENDS@/$depends/" "$parts/control" >"$root/DEBIAN/control"
echo /etc/tollgate/tollgate.yaml >"$root/DEBIAN/conffiles"
install -m 755 "$parts/postinst" "$parts/prerm" "$parts/postrm" "$root/DEBIAN/"
(cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +

package="$output/tollgate_${version}_$architecture.deb"
dpkg-deb --root-owner-group "-Z${DEB_COMPRESSION:-xz}" -z3 --build "$root" "$package" >/dev/null
echo "$package"
