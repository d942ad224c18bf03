using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using SafeStore.Documentation;
using Xunit;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>The diagrams of the pages: of a known kind, and each arrow between what the diagram declares.</summary>
public sealed partial class DiagramTests
{
    public static TheoryData<string, int> Diagrams
    {
        get
        {
            var diagrams = new TheoryData<string, int>();
            foreach (Snippet snippet in Snippet.All.Where(static snippet => snippet.Language == "mermaid"))
            {
                diagrams.Add(snippet.Page, snippet.Line);
            }

            return diagrams;
        }
    }

    [Theory]
    [MemberData(nameof(Diagrams))]
    public void A_diagram_is_well_formed(string page, int line)
    {
        string[] lines =
            [.. Snippet.At(page, line).Text.Split('\n').Select(static each => each.Trim()).Where(static each => each.Length > 0)];
        Regex declaration = lines[0] switch
        {
            "flowchart TD" or "flowchart LR" => Node(),
            "stateDiagram-v2" => State(),
            _ => throw new FormatException($"{page}:{line}: '{lines[0]}' is no kind of diagram that is used here."),
        };
        HashSet<string> declared =
            ["[*]", .. lines.Skip(1).Select(each => declaration.Match(each)).Where(static match => match.Success)
                .Select(static match => match.Groups[1].Value)];

        foreach (string each in lines.Skip(1).Where(each => !declaration.IsMatch(each)))
        {
            Match arrow = Arrow().Match(each);
            Assert.True(arrow.Success, $"{page}:{line}: '{each}' declares nothing and is no arrow.");
            Assert.Contains(arrow.Groups[1].Value, declared);
            Assert.Contains(arrow.Groups[2].Value, declared);
        }
    }

    [GeneratedRegex("""^(\w+)\["[^"\[\]]+"\]$""")]
    private static partial Regex Node();

    [GeneratedRegex("""^state "[^"]+" as (\w+)$""")]
    private static partial Regex State();

    [GeneratedRegex(@"^(\w+|\[\*\]) --> (\w+|\[\*\])(?:: [^:;]+)?$")]
    private static partial Regex Arrow();
}
