#!/usr/bin/env bash
# Passes all tests: installs what they need (apt), builds Release with warnings as errors, publishes the native programs, checks the
# formatting, runs every test project, and ends with one line: N passed, N failed, N skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Real filesystems, real faults, other programs' locks, real shells, a real browser; containers; a linker for native programs.
needed=()
command -v strace >/dev/null || needed+=(strace)
command -v flock >/dev/null || needed+=(util-linux)
command -v mkfs.ext4 >/dev/null || needed+=(e2fsprogs)
command -v mkfs.xfs >/dev/null || needed+=(xfsprogs)
command -v mkfs.btrfs >/dev/null || needed+=(btrfs-progs)
command -v chromium >/dev/null || needed+=(chromium)
command -v zsh >/dev/null || needed+=(zsh)
command -v fish >/dev/null || needed+=(fish)
command -v groff >/dev/null || needed+=(groff-base)
command -v runc >/dev/null || needed+=(runc)
command -v ip >/dev/null || needed+=(iproute2)
[ -x /bin/busybox ] || needed+=(busybox-static)
command -v gcc >/dev/null || needed+=(gcc libc6-dev)
if [ "${#needed[@]}" -gt 0 ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${needed[@]}"
fi

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet restore SafeStore.sln
dotnet build SafeStore.sln --configuration Release --no-restore
dotnet publish src/SafeStore.Cli --configuration Release --no-build
dotnet publish samples/Minirun --configuration Release --no-build
export SAFESTORE_TOOL="$PWD/artifacts/publish/SafeStore.Cli/release/safestore"
export MINIRUN_PROGRAM="$PWD/artifacts/publish/Minirun/release/minirun"
dotnet format SafeStore.sln --verify-no-changes --no-restore --exclude artifacts

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
run() { dotnet test --project "$1" --configuration Release --no-build; }

# Two lanes. The simulation, the laws, the mutants, the packages and the site compute, and touch nothing of the machine; the others wait
# for disks and processes beside them. Among themselves those run one at a time: the crash tests count processes and mounts.
computing() {
    local status=0
    for project in tests/SafeStore.Testing.Tests property-tests/*Tests tests/SafeStore.MutantTests; do
        run "$project" >>"$logs/computing" 2>&1 || status=$?
    done
    bash tests/consumer/run.sh --no-build >>"$logs/computing" 2>&1 || status=$?
    bash docs/site.sh --no-build >>"$logs/computing" 2>&1 || status=$?
    return "$status"
}
computing &
lane=$!
status=0
for project in tests/*Tests; do
    case $project in tests/SafeStore.Testing.Tests | tests/SafeStore.MutantTests) continue ;; esac
    run "$project" 2>&1 | tee -a "$logs/others" || status=$?
done
wait "$lane" || status=$?
cat "$logs/computing"

count() { cat "$logs"/* | awk -v name="$1" '$1 == name ":" { sum += $2 } END { print sum + 0 }'; }
passed=$(count succeeded)
failed=$(count failed)
skipped=$(count skipped)
[ "$passed" -gt 0 ] || status=1
[ "$failed" -eq 0 ] || status=1
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
