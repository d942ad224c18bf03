using System;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace SafeStore.Tests.House;

/// <summary>The protocol's page is that of the code: each step's label stands at the line that does it.</summary>
public sealed partial class PageTests
{
    private const string Protocol = "docs/commit-protocol.md";

    [Fact]
    public void Every_step_of_the_protocol_s_page_stands_at_one_line_of_the_engine()
    {
        string[] onPage = [.. Step().Matches(Repository.ReadText(Protocol)).Select(static match => match.Groups[1].Value)];
        string[] inCode =
        [
            .. from source in Repository.Sources("src")
               from line in source.Lines
               from label in LabelsIn(line)
               select label,
        ];

        Assert.True(onPage.Length > 40);
        Assert.Equal(onPage.Order(StringComparer.Ordinal), inCode.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_steps_of_each_procedure_are_numbered_one_by_one()
    {
        string[] labels = [.. Step().Matches(Repository.ReadText(Protocol)).Select(static match => match.Groups[1].Value)];

        Assert.All(
            labels.GroupBy(static label => label[0]),
            static steps => Assert.Equal(Enumerable.Range(1, steps.Count()).Select(number => $"{steps.Key}{number}"), steps));
    }

    private static string[] LabelsIn(string line) =>
        Comment().Match(line) is { Success: true } comment ? comment.Groups[1].Value.Split(", ") : [];

    [GeneratedRegex(@"^- \*\*([A-Z][0-9])\*\* ", RegexOptions.Multiline)]
    private static partial Regex Step();

    [GeneratedRegex(@"// ([A-Z][0-9](?:, [A-Z][0-9])*)(?:$|[.:])")]
    private static partial Regex Comment();
}
