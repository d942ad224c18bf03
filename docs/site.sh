#!/usr/bin/env bash
# Makes the site of the pages and of the API in artifacts/site, from a Release build. A warning, such as a link to a heading that is not
# there or a reference in an XML comment that names nothing, fails it. Needs no network once the tools are restored.
#
#   bash docs/site.sh [--no-build]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ "${1-}" = --no-build ] || dotnet build SafeStore.sln --configuration Release
dotnet tool restore >/dev/null

# All that docfx reads in one place: it follows no path upwards.
stage=artifacts/docfx
rm -rf "$stage" artifacts/site
mkdir -p "$stage/bin" "$stage/references"
cp ./*.md "$stage"
cp -r docs "$stage/docs"
mv "$stage/docs/docfx.json" "$stage"
# What is no page lies in the repository.
repository=$(sed -n 's|.*<RepositoryUrl>\(.*\)</RepositoryUrl>.*|\1|p' Directory.Build.props)
find "$stage" -name '*.md' -exec sed -i -E "s#\]\((\.\./)*(src|samples|tests|property-tests)/#](${repository:?}/blob/main/\2/#g" {} +
for library in src/*/; do
    name=$(basename "$library")
    [ "$name" != SafeStore.Cli ] || continue
    cp artifacts/bin/"$name"/release/"$name".{dll,xml} "$stage/bin"
done
cp artifacts/bin/SafeStore.Cli.Tests/release/{Microsoft.Extensions,System.IO,TestableIO,Testably,Polly}*.dll "$stage/references"
cat >"$stage/toc.yml" <<'END_OF_FILE'
- name: Pages
  href: docs/
- name: API
  href: api/
END_OF_FILE
cat >"$stage/index.html" <<'END_OF_FILE'
<!DOCTYPE html>
<meta charset="utf-8"><title>SafeStore</title><meta http-equiv="refresh" content="0; url=README.html">
<a href="README.html">SafeStore</a>
END_OF_FILE

dotnet docfx "$stage/docfx.json" --warningsAsErrors --disableGitFeatures --logLevel warning
echo "$(find artifacts/site -name '*.html' | wc -l) pages in artifacts/site"
