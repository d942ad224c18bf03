using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's storage has 106 test cases; each is a test here, marked with its number.</summary>
public sealed class CompletenessTests
{
    private const int Cases = 106;

    [Fact]
    public void Every_case_of_the_seed_s_tests_is_a_test_here_and_no_other_number_is_marked()
    {
        int[] marked = [.. Tests().SelectMany(CasesOf).Distinct().Order()];

        Assert.Equal(Enumerable.Range(1, Cases), marked);
    }

    [Fact]
    public void What_is_marked_is_a_test()
    {
        MethodInfo[] marked = [.. Methods().Where(static method => CasesOf(method).Any())];

        Assert.Empty(marked.Except(Tests()).Select(static method => method.Name));
    }

    private static IEnumerable<int> CasesOf(MethodInfo method) => method.GetCustomAttributes<TraitAttribute>()
        .Where(static trait => trait.Name == "case")
        .Select(static trait => int.Parse(trait.Value, CultureInfo.InvariantCulture));

    private static IEnumerable<MethodInfo> Tests() => Methods().Where(static method => method.GetCustomAttributes().OfType<FactAttribute>().Any());

    private static IEnumerable<MethodInfo> Methods() => typeof(CompletenessTests).Assembly.GetTypes().SelectMany(static type => type.GetMethods());
}
