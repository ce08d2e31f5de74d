# Sourced by the other scripts: packages, the toolchain, and who builds. Needs bash; changes nothing by itself.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { echo "== $*"; }
fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Through sudo, everything but apt runs as the owner of the checkout, so that a later run without sudo finds no
# files of root's in the way.
owner=$(stat -c %U "$root")
as_owner() {
    if [ "$(id -u)" = 0 ] && [ "$owner" != root ] && [ "$owner" != UNKNOWN ]; then
        sudo -u "$owner" -H env PATH="$PATH" "$@"
    else
        "$@"
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || fail "needs root for: $* (or install it by hand)"
        sudo "$@"
    fi
}

# Installs the Debian packages that are missing; says nothing and asks no network if none is.
install_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "these packages are missing, and there is no apt-get: ${missing[*]}"
    say "installing ${missing[*]}"
    as_root apt-get update -q >/dev/null
    # A policy of 101 keeps packages from starting services of their own: tests start what they need themselves.
    local policy=/usr/sbin/policy-rc.d made=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        made=1
    fi
    local status=0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null ||
        status=$?
    [ -z "$made" ] || as_root rm -f "$policy"
    [ "$status" = 0 ] || fail "apt-get could not install ${missing[*]}"
}

# sudo's PATH often lacks the toolchain: look where it usually is.
find_swift() {
    local home place
    home=$(getent passwd "$owner" | cut -d: -f6)
    for place in "" /opt/swift/usr/bin /usr/local/swift/usr/bin "$home/.local/share/swiftly/bin" "$home/.swiftly/bin"; do
        [ -z "$place" ] || [ ! -x "$place/swift" ] || PATH=$place:$PATH
        command -v swift >/dev/null && break
    done
    command -v swift >/dev/null || fail "there is no swift: install Swift 6.2 or newer from swift.org"
    export PATH
}

# What the server is built with.
build_packages=(librabbitmq-dev libsqlite3-dev pkg-config)

# What the page needs.
page_packages=(esbuild node-mqtt node-buffer)

# How a server for use is built, here and in the Dockerfiles: the runtime is part of the program, which then needs no Swift where it
# runs, and calls into it cost less. Tests check for overlapping accesses; what has passed them runs without these checks.
release_flags=(
    -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
)
