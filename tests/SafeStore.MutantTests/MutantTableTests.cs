using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>The table of mutants, the tests and docs/testing.md say the same.</summary>
public sealed partial class MutantTableTests
{
    [Fact]
    public void Each_mutant_has_a_test_and_each_test_a_mutant() =>
        Assert.Equal(
            Headings().Matches(Read("Mutants.md")).Select(static match => match.Groups[1].Value).Order(StringComparer.Ordinal),
            Killers().Select(static killer => killer.Mutant).Order(StringComparer.Ordinal));

    [Fact]
    public void The_documentation_names_each_mutant_with_the_test_that_kills_it() =>
        Assert.Equal(
            Killers().Select(static killer => $"{killer.Mutant}: {killer.Test}").Order(StringComparer.Ordinal),
            Rows().Matches(Read("testing.md")).Select(static match => $"{match.Groups[1].Value}: {match.Groups[2].Value}")
                .Order(StringComparer.Ordinal));

    private static IEnumerable<(string Mutant, string Test)> Killers() =>
        from type in typeof(MutantTableTests).Assembly.GetTypes()
        from method in type.GetMethods()
        from row in method.GetCustomAttributes<InlineDataAttribute>()
        select ((string)row.Data[0]!, method.Name);

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(MutantTableTests).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex("^## ([a-z-]+)$", RegexOptions.Multiline)]
    private static partial Regex Headings();

    [GeneratedRegex(@"^\| `([a-z-]+)` \|[^|]*\| `([A-Za-z_]+)`", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
