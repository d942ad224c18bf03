#!/usr/bin/env bash
# Packs everything and uses the packages as their users do, outside of the repository. The program of each readme is published without a
# warning, one of them native and one trimmed, and run twice: it has to end by itself. A test project uses SafeStore.Testing and looks
# into the packages. The tool is installed. Arguments go to `dotnet pack`, as --no-build.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

dotnet pack "$root/SafeStore.sln" --configuration Release --output "$place/packages" --verbosity quiet "$@"

# A cache of its own for SafeStore, so that no older package is taken; what others made comes from the machine's cache.
cache=$(dotnet nuget locals global-packages --list | sed 's/^global-packages: //')
mkdir "$place/cache"
ln -s "${cache%/}"/* "$place/cache/"
rm -f "$place"/cache/safestore*
export NUGET_PACKAGES="$place/cache"

export SafeStorePackages="$place/packages" SafeStoreSources="$root" SafeStoreCommit
SafeStoreVersion=$(dotnet msbuild "$root/src/SafeStore" -getProperty:Version)
SafeStoreCommit=$(git -C "$root" rev-parse HEAD)
export SafeStoreVersion
cp "$root/global.json" "$place/"
cp -r "$here/Tests" "$place/"

# The program of each readme is a project that refers to nothing but its package; two are for a host, and have that too.
mkdir "$place/programs"
for readme in "$root"/src/*/README.md; do
    program=$(awk '/^```csharp$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$readme")
    [ -n "$program" ] || continue
    name=Try.$(basename "$(dirname "$readme")")
    mkdir "$place/programs/$name"
    printf '%s\n' "$program" >"$place/programs/$name/Program.cs"
    cp "$here/Program.csproj" "$place/programs/$name/$name.csproj"
done

{
    echo '<Solution>'
    (cd "$place" && printf '  <Project Path="%s" />\n' programs/*/*.csproj)
    echo '</Solution>'
} >"$place/Programs.slnx"
dotnet publish "$place/Programs.slnx" --configuration Release --verbosity quiet

for program in "$place"/programs/*; do
    name=$(basename "$program")
    mkdir "$place/work"
    for time in first second; do
        output=$(cd "$place/work" && "$program/publish/$name")
        printf '%s, %s time: %s\n' "$name" "$time" "$output"
    done
    rm -r "$place/work"
done

dotnet tool install SafeStore.Cli --tool-path "$place/tools" --source "$place/packages"
[[ $("$place/tools/safestore" --version) == "$SafeStoreVersion"* ]]

dotnet test --project "$place/Tests/Tests.csproj"
