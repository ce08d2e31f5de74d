# Sourced by test-brokers, after setup.sh: the RabbitMQ of other Debian releases, each in a folder of its own below
# $brokers. Needs root to make a folder.

brokers=${MQANT_BROKERS:-/var/tmp/mqant-brokers}

# The Debian release that has a version. sid moves on: `rabbitmq_version` says what it has become.
release_of() {
    case $1 in
    3.10) echo bookworm ;;
    4.0) echo trixie ;;
    4.3) echo sid ;;
    *) fail "no Debian release is known to have RabbitMQ $1; known are 3.10, 4.0 and 4.3" ;;
    esac
}

# Where this machine's apt gets Debian from.
debian_mirror() {
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI)' "Identifier: Packages" "Label: Debian" | head -n 1)
    echo "${mirror:-http://deb.debian.org/debian}"
}

# Makes $brokers/RELEASE: a Debian of that release with its rabbitmq-server, some 400 MB. Nothing runs in it yet.
make_root() {
    local release=$1 folder=$brokers/$1 proxy
    [ ! -e "$folder/.complete" ] || return 0
    say "making $folder, with debootstrap"
    install_packages debootstrap
    proxy=${http_proxy:-$(apt-config shell value Acquire::http::Proxy | cut -d"'" -f2)}
    as_root rm -rf --one-file-system "$folder"
    as_root mkdir -p "$brokers"
    as_root env ${proxy:+http_proxy="$proxy"} debootstrap --variant=minbase --include=rabbitmq-server \
        "$release" "$folder" "$(debian_mirror)" 2>&1 | as_root tee "$folder.log" >/dev/null ||
        { tail -n 5 "$folder.log" >&2; fail "debootstrap could not make $folder"; }
    # A place for the machine's own, which `write_programs` mounts there.
    as_root touch "$folder/etc/hosts" "$folder/.complete"
}

# Writes rabbitmq-server, rabbitmqctl and epmd of a version into a folder, for MQANT_TEST_RABBITMQ: programs that run
# those of a root, or the installed ones if the root is "". The process becomes the program, so its pid is the
# broker's. It has mounts of its own, by which it sees the same /tmp, /run, /proc as its parent: they are gone with it.
write_programs() {
    local folder=$1 root=$2 program
    as_root mkdir -p "$folder"
    as_root tee "$folder/rabbitmq-server" >/dev/null <<'END'
#!/bin/sh
# Made by scripts/test-brokers, as is the text of `root` beside it.
set -e
here=$(dirname "$0") program=$(basename "$0")
read -r root <"$here/root" || true
case $program in
epmd) program=/usr/bin/epmd ;;
rabbitmq-server) echo "$$" >>"$here/started" ;;
esac
case $program in /*) ;; *) program=/usr/lib/rabbitmq/bin/$program ;; esac
[ -n "$root" ] || exec "$program" "$@"
user=
[ "$(id -u)" = 0 ] || user=--map-root-user
exec unshare --mount $user sh -ec '
    root=$1 program=$2
    shift 2
    for place in /proc /dev /tmp /run /etc/hosts; do mount --rbind "$place" "$root$place"; done
    exec chroot "$root" "$program" "$@"' sh "$root" "$program" "$@"
END
    as_root chmod 755 "$folder/rabbitmq-server"
    for program in rabbitmqctl epmd; do as_root cp "$folder/rabbitmq-server" "$folder/$program"; done
    echo "$root" | as_root tee "$folder/root" >/dev/null
    # A line for each broker started; whoever runs the tests writes it.
    as_root truncate -s 0 "$folder/started"
    as_root chmod 666 "$folder/started"
}

# Makes the programs of a version like 4.0, and its root if need be; prints their folder as the last line.
make_programs() {
    local version=$1 release root= found
    release=$(release_of "$version")
    case $(dpkg-query -W -f '${Version}' rabbitmq-server 2>/dev/null) in
    "$version".*) ;;
    *) make_root "$release" && root=$brokers/$release ;;
    esac
    write_programs "$brokers/programs-$version" "$root"
    found=$(rabbitmq_version "$version")
    case $found in
    "$version".*) ;;
    *) fail "$root has RabbitMQ ${found:-that does not run} and not $version" ;;
    esac
}

# What a version's programs say that they are, run by who will run the tests: 4.0.5.
rabbitmq_version() {
    as_owner env HOME=/tmp "$brokers/programs-$1/rabbitmqctl" version
}
