#!/usr/bin/env bash
# Publishes the benchmarks with code that is compiled ahead (ReadyToRun), as a program is that is to start fast: for `compare --ahead DIRECTORY`.
#
#   bash tests/SafeStore.Benchmarks/ahead.sh DIRECTORY
set -euo pipefail

repository=$(cd "$(dirname "$0")/../.." && pwd)
directory=$(realpath -m "${1:?directory}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The lock files know no runtime's packages, and are to stay as they are.
dotnet publish "$repository/tests/SafeStore.Benchmarks" --configuration Release --use-current-runtime --self-contained false --output "$directory" \
    -p:PublishReadyToRun=true -p:NuGetLockFilePath="$work/packages.lock.json" -p:RestoreLockedMode=false -p:ArtifactsPath="$work/artifacts"
