using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using SafeStore.Documentation;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Defects;

/// <summary>docs/kata-defects.md has every defect of the seed, and the tests that it names are in this repository.</summary>
public sealed partial class DefectTableTests
{
    private const int Defects = 80;

    [Fact]
    public void Every_defect_has_a_row_in_the_order_of_their_numbers_and_says_what_SafeStore_does() =>
        Assert.All(RowsOfTable().Select(static (row, index) => (row, index)), static each =>
        {
            Assert.Equal(each.index + 1, each.row.Number);
            Assert.All(each.row.Cells, static cell => Assert.False(string.IsNullOrWhiteSpace(cell)));
        });

    [Fact]
    public void The_table_has_80_rows() => Assert.Equal(Defects, RowsOfTable().Length);

    [Fact]
    public void Every_row_names_a_test_and_every_test_that_is_named_exists()
    {
        HashSet<string> tests = Repository.TestNames();

        Assert.All(RowsOfTable(), row =>
        {
            string[] named = [.. NamedTest().Matches(row.Cells[^1]).Select(static match => match.Groups[1].Value)];
            Assert.NotEmpty(named);
            Assert.All(named, test => Assert.Contains(test, tests));
            Assert.Equal("", NamedTest().Replace(row.Cells[^1], "").Replace("<br>", "", StringComparison.Ordinal).Trim());
        });
    }

    [Fact]
    public void Every_test_of_a_defect_is_in_the_table()
    {
        IEnumerable<string> ours = Repository.TestNames().Where(static test => test.StartsWith("DefectTests", StringComparison.Ordinal));

        Assert.Empty(
            ours.Except(RowsOfTable().SelectMany(static row => NamedTest().Matches(row.Cells[^1]))
            .Select(static match => match.Groups[1].Value)));
    }

    private static Row[] RowsOfTable() =>
        [.. Repository.LinesOf("docs/kata-defects.md").Select(static line => NumberedRow().Match(line))
            .Where(static match => match.Success).Select(static match =>
            new Row(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), [.. match.Groups[2].Value.Split(" | ")]))];

    [GeneratedRegex(@"^\| ([0-9]+) \| (.*) \|$")]
    private static partial Regex NumberedRow();

    [GeneratedRegex("`([A-Za-z0-9]+\\.[A-Za-z0-9_]+)`")]
    private static partial Regex NamedTest();

    private sealed record Row(int Number, IReadOnlyList<string> Cells);
}
