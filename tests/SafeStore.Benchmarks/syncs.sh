#!/usr/bin/env bash
# Counts the syncs that each way needs per commit: strace counts the system calls of two runs, one with 1000 commits more than the other.
# The last column tells whether a commit waits for its sync: its quickest one when strace makes each sync take 20 ms longer.
# Needs strace, a built SafeStore.Benchmarks (dotnet build -c Release) and, for LMDB, the package liblmdb0.
#
#   bash tests/SafeStore.Benchmarks/syncs.sh [DIRECTORY] [DOCUMENTS PER COMMIT]
set -euo pipefail

repository=$(cd "$(dirname "$0")/../.." && pwd)
program=$repository/artifacts/bin/SafeStore.Benchmarks/release/SafeStore.Benchmarks
directory=${1:-/tmp/safestore-syncs}
documents=${2:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# How often a way made each call in a run of so many commits, as "call count" lines; O_SYNC and O_DSYNC writes would not show.
calls() { # WAY COMMITS
    strace -f -c -U calls,name -o "$work/counts" -e trace=fsync,fdatasync,syncfs,sync_file_range,msync \
        "$program" commits --way "$1" --count "$2" --documents "$documents" --dir "$directory" >"$work/output"
    awk 'NF == 2 && $2 ~ /^(fsync|fdatasync|syncfs|sync_file_range|msync)$/ { print $2, $1 }' "$work/counts"
}

delayed() { # WAY
    strace -f -o /dev/null -e trace=fsync,fdatasync -e inject=fsync,fdatasync:delay_exit=20000 \
        "$program" commits --way "$1" --count 20 --documents "$documents" --dir "$directory" | grep -o 'quickest [0-9]* µs'
}

printf '%-16s %-40s %s\n' way "syncs per commit of $documents document(s)" 'with syncs of 20 ms more'

for way in raw safestore sqlite rocksdb lmdb litedb dbreeze safewrite zonetree-durable zonetree seed; do
    calls "$way" 100 >"$work/few"
    calls "$way" 1100 >"$work/many"
    awk -v way="$way" -v delayed="$(delayed "$way")" '
        NR == FNR { few[$1] = $2; next }
        { each = ($2 - few[$1]) / 1000; total += each; if (each >= 0.005) list = list sprintf(" %.2f %s", each, $1) }
        END { printf "%-16s %-40s %s\n", way, sprintf("%.2f%s", total, list == "" ? "" : " =" list), delayed }' "$work/few" "$work/many"
done
