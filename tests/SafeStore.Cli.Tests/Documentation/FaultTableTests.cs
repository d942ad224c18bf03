using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using SafeStore.Documentation;
using Xunit;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>docs/testing.md has every fault of the first engine with the tests that showed it.</summary>
public sealed partial class FaultTableTests
{
    private const int Faults = 43;

    [Fact]
    public void Every_fault_has_a_row_in_the_order_of_their_numbers()
    {
        int[] faults = [.. Rows().Select(static row => int.Parse(row[0], CultureInfo.InvariantCulture))];

        Assert.Equal(Enumerable.Range(1, Faults), faults.Distinct());
        Assert.Equal(faults.Order(), faults);
    }

    [Fact]
    public void Every_row_has_a_kind_a_test_and_how_many_of_its_cases_failed_before() =>
        Assert.All(Rows(), static row =>
        {
            Assert.Equal(4, row.Length);
            Assert.Matches("^[a-z]", row[1]);
            Assert.Matches("^`[A-Za-z0-9]+\\.[A-Za-z0-9_]+`$", row[2]);
            Assert.Matches("^(yes|[1-9][0-9]*/[1-9][0-9]*)$", row[3]);
        });

    [Fact]
    public void A_fault_is_of_one_kind_and_a_test_stands_once_for_a_fault()
    {
        Assert.All(Rows().GroupBy(static row => row[0]), static fault => Assert.Single(fault.Select(static row => row[1]).Distinct()));
        Assert.Distinct(Rows().Select(static row => $"{row[0]} {row[2]}"));
    }

    private static string[][] Rows() =>
        [.. Repository.LinesOf("docs/testing.md").Where(static line => NumberedRow().IsMatch(line))
            .Select(static line => line[2..^2].Split(" | "))];

    [GeneratedRegex(@"^\| [0-9]+ \| .* \|$")]
    private static partial Regex NumberedRow();
}
