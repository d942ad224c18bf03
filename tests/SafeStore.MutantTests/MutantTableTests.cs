using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>The table of mutants and the tests say the same.</summary>
public sealed partial class MutantTableTests
{
    [Fact]
    public void Each_mutant_is_told_with_the_test_that_kills_it_and_each_test_has_a_mutant() =>
        Assert.Equal(
            Killers().Select(static killer => $"{killer.Mutant}: {killer.Test}").Order(StringComparer.Ordinal),
            Sections().Matches(Read("Mutants.md"))
                .Select(static match => $"{match.Groups["mutant"].Value}: {match.Groups["test"].Value}")
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

    /// <summary>A heading, what is broken, and the test; a mutant without a test is told with an empty one.</summary>
    [GeneratedRegex(@"^## (?<mutant>[a-z-]+)\n\n.+(?:\n.+)*\n(?:\nKilled by `(?<test>[A-Za-z_]+)`\.\n)?", RegexOptions.Multiline)]
    private static partial Regex Sections();
}
