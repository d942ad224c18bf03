#!/usr/bin/env bash
# Minirun in a minute, as root: starts the daemon, runs a container, kills the daemon in the middle of a creation, starts it again, deletes
# the container, and counts what is left. MINIRUN names a program that is built already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[ "$(id -u)" -eq 0 ] || { echo "It makes namespaces, mounts and cgroups: run it as root."; exit 1; }

needed=()
command -v runc >/dev/null || needed+=(runc)
command -v ip >/dev/null || needed+=(iproute2)
[ -x /bin/busybox ] || needed+=(busybox-static)
if [ "${#needed[@]}" -gt 0 ]; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${needed[@]}"
fi

if [ -z "${MINIRUN:-}" ]; then
    echo "Building Minirun..."
    dotnet build -c Release -v q -nologo
    MINIRUN=../../artifacts/bin/Minirun/release/minirun
fi

root=$(mktemp -d /tmp/minirun-XXXXXX)
name=$(basename "$root")
mkdir -p "$root"/image/{bin,dev,proc}
cp /bin/busybox "$root/image/bin/"
for applet in sh sleep echo; do ln -s busybox "$root/image/bin/$applet"; done

minirun() { "$MINIRUN" --root "$root" "$@"; }
show() { printf '\n$ %s\n' "$*"; "$@"; }
serve() {
    rm -f "$root/minirun.sock"
    "$MINIRUN" --root "$root" serve &
    daemon=$!
    until [ -S "$root/minirun.sock" ]; do kill -0 "$daemon"; sleep 0.01; done
}
finish() {
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" 2>/dev/null || true
    rm -rf "$root"
}
trap finish EXIT

serve
show minirun create web sh -c 'echo hello from web; exec sleep 1000'
show minirun start web
show minirun list
show minirun logs web

printf '\n$ minirun create half sh &\n$ kill -KILL %s    # the daemon, in the middle of the creation\n' "$daemon"
minirun create half sh &
client=$!
until [ -e "/run/netns/$name-half" ]; do kill -0 "$client" 2>/dev/null || break; done
kill -KILL "$daemon"
wait "$daemon" "$client" 2>/dev/null || true

printf '\n$ minirun serve &\n'
serve
show minirun list
show minirun stop web
show minirun delete web
if minirun list | grep -q '^half'; then show minirun delete half; fi # it was complete before the kill
kill -TERM "$daemon"
wait "$daemon"

count() { printf '%s %s, ' "$(grep -c . || true)" "$1"; }
echo
echo "Left behind: $(ls /run/netns 2>/dev/null | grep "^$name-" | count namespaces)$(grep " $root/" /proc/self/mounts | count mounts)$(
    find /sys/fs/cgroup -maxdepth 2 -name "$name*" | count cgroups)$(ls "$root/containers" | count directories)all of $name"
