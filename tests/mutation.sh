#!/usr/bin/env bash
# Mutation testing with Stryker.NET: bash tests/mutation.sh Log Locking Commit (folders of src/SafeStore; or files, as Log/Watermark).
# Works on a copy of the tree with one test project that has the fast tests and laws; leaves the reports in artifacts/mutation.
# Reading them: docs/mutation-testing.md. With TMPDIR on a fast filesystem that is not a tmpfs (the tests need syncs) it takes half the time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ "$#" -gt 0 ] || set -- Log Locking Commit
reports="$PWD/artifacts/mutation"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

cp -r src property-tests tests Directory.Build.props Directory.Packages.props global.json README.md .editorconfig "$copy"
cd "$copy"
# Warnings of mutated code are none of ours.
sed -i -e 's/TreatWarningsAsErrors>true/TreatWarningsAsErrors>false/' -e 's/EnforceCodeStyleInBuild>true/EnforceCodeStyleInBuild>false/' -e 's/10\.0-all/none/' Directory.Build.props

# Stryker ignores --test-case-filter with this runner, so what is not to run is not there: the seam's own tests, those that look at the sources,
# and CommitFaultTests, which alone takes ten times as long as the rest (WITH_FAULTS=1 keeps it).
cd tests/SafeStore.Tests
mkdir Laws
cp ../../property-tests/SafeStore.PropertyTests/{Laws,Gens,LogLaws,RecordLaws,PlanLaws,FairLockLaws,TempDirectory}.cs Laws
rm -rf Documents House SeamTests.cs packages.lock.json FileSystem/{DurableFileSystemContract*,PosixContractTests,PosixFileSystemTests,LockTableTests,AtomicFileTests,WholeFileTests}.cs
[ -n "${WITH_FAULTS:-}" ] || rm Transactions/CommitFaultTests.cs
sed -i -e 's|<AllowUnsafeBlocks>|<RestorePackagesWithLockFile>false</RestorePackagesWithLockFile>\n    &|' \
    -e 's|<PackageReference Include="xunit.v3" />|&\n    <PackageReference Include="FsCheck.Xunit.v3" />\n    <Content Include="xunit.runner.json" CopyToOutputDirectory="PreserveNewest" />|' SafeStore.Tests.csproj
echo '{ "stopOnFail": true, "preEnumerateTheories": true }' >xunit.runner.json
cat >stryker-config.json <<'JSON'
{ "stryker-config": {
    "project": "SafeStore.csproj", "test-runner": "mtp", "concurrency": 1, "mutation-level": "Standard",
    "ignore-mutations": ["string"], "ignore-methods": ["ConfigureAwait"], "additional-timeout": 2500,
    "reporters": ["json", "html", "progress"] } }
JSON

dotnet tool install dotnet-stryker --version 5.1.0 --tool-path "$copy/tool"
export SAFESTORE_PROPERTY_SEED=1 SAFESTORE_PROPERTY_CASES="${SAFESTORE_PROPERTY_CASES:-0.2}" # the same cases for each mutant
for part in "$@"; do
    glob="**/$part.cs"
    [ ! -d "$copy/src/SafeStore/$part" ] || glob="**/$part/*.cs"
    "$copy/tool/dotnet-stryker" --skip-version-check --mutate "$glob" --output "$reports/${part//\//-}"
done
