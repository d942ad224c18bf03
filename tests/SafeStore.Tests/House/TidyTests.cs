using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace SafeStore.Tests.House;

/// <summary>How long lines, files and lists of parameters may be, and which words are not used.</summary>
public sealed partial class TidyTests
{
    private const int LineMax = 140;
    private const int FileMax = 400;
    private const int ParametersMax = 7;

    /// <summary>To be wrapped yet.</summary>
    private static readonly string[] Unwrapped =
    [
        "property-tests/SafeStore.PropertyTests/Differential/Subject.cs", "property-tests/SafeStore.PropertyTests/Store/World.cs",
    ];

    [Fact]
    public void No_line_is_longer_than_140_columns_unless_it_is_a_literal_of_several_lines()
    {
        IEnumerable<string> long_ =
            from source in Repository.Sources("src", "samples", "tests", "property-tests")
            where !Unwrapped.Contains(source.Path)
            from line in Enumerable.Range(0, source.Lines.Count)
            where source.Lines[line].Length > LineMax && !source.IsInRawText(line)
            select $"{source.Path}:{line + 1} has {source.Lines[line].Length} columns";

        Assert.Empty(long_);
    }

    [Fact]
    public void No_file_has_more_than_400_lines() => Assert.Empty(
        from source in Repository.Sources("src", "samples", "tests", "property-tests")
        where source.Lines.Count > FileMax
        select $"{source.Path} has {source.Lines.Count} lines");

    [Fact]
    public void No_constructor_has_more_than_seven_parameters()
    {
        (string Path, string Name, int Parameters)[] constructors =
            [.. from source in Repository.Sources("src", "samples")
                from each in source.Constructors
                select (source.Path, each.Name, each.Parameters)];

        Assert.Contains(constructors, static each => each is { Name: "SegmentHeader", Parameters: ParametersMax }); // records count too
        Assert.DoesNotContain(constructors, static each => each.Parameters > ParametersMax);
    }

    /// <summary>Which process, reader or caller is meant has to be said.</summary>
    [Fact]
    public void Sources_and_pages_do_not_speak_of_somebody()
    {
        IEnumerable<(string Path, string Text)> texts =
        [
            .. Repository.Sources("src", "samples").Select(static source => (source.Path, source.Text)),
            .. Repository.Files("docs", "*.md").Append("README.md").Append("CHANGELOG.md")
                .Select(static path => (path, Repository.ReadText(path))),
        ];

        Assert.Empty(
            from each in texts
            from line in each.Text.Split('\n').Select(static (text, index) => (Text: CodeSpan().Replace(text, ""), Number: index + 1))
            where UnclearWord().IsMatch(line.Text)
            select $"{each.Path}:{line.Number}: {UnclearWord().Match(line.Text).Value}");
    }

    [GeneratedRegex(@"\b(?:somebody|someone|whoever|nobody|everybody|anybody)\b", RegexOptions.IgnoreCase)]
    private static partial Regex UnclearWord();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex CodeSpan();
}
