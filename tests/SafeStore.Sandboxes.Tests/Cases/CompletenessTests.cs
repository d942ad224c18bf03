using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's storage has 63 behaviours and 106 test cases; each is a test here, marked with its number.</summary>
public sealed class CompletenessTests
{
    private const string Case = "case";
    private const string Behaviour = "behaviour";

    [Theory]
    [InlineData(Case, 106)]
    [InlineData(Behaviour, 63)]
    public void Every_number_is_a_test_here_and_no_other_number_is_marked(string what, int count)
    {
        int[] marked = [.. Tests().SelectMany(method => NumbersOf(method, what)).Distinct().Order()];

        Assert.Equal(Enumerable.Range(1, count), marked);
    }

    [Fact]
    public void What_is_marked_is_a_test()
    {
        MethodInfo[] marked = [.. Methods().Where(static method => NumbersOf(method, Case).Concat(NumbersOf(method, Behaviour)).Any())];

        Assert.Empty(marked.Except(Tests()).Select(static method => method.Name));
    }

    private static IEnumerable<int> NumbersOf(MethodInfo method, string what) => method.GetCustomAttributes<TraitAttribute>()
        .Where(trait => trait.Name == what)
        .Select(static trait => int.Parse(trait.Value, CultureInfo.InvariantCulture));

    private static IEnumerable<MethodInfo> Tests() =>
        Methods().Where(static method => method.GetCustomAttributes().OfType<FactAttribute>().Any());

    private static IEnumerable<MethodInfo> Methods() =>
        typeof(CompletenessTests).Assembly.GetTypes().SelectMany(static type => type.GetMethods());
}
