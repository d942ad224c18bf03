using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SafeStore.Documentation;
using Xunit;

namespace SafeStore.Cli.Tests.Matrix;

/// <summary>The members of what each command writes with --json, and that its page tells of these and no others.</summary>
public sealed partial class JsonShapeTests
{
    private static string Written => Path.Combine(Repository.Root, "tests/SafeStore.Cli.Tests/Matrix/json.txt");

    [Fact]
    public async Task Each_command_writes_the_members_that_are_written_down()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "The scene needs a mount namespace of its own.");
        List<Section> sections = ReadSections();
        await using var store = new MatrixStore("rich");

        IReadOnlyList<MatrixResult> results = await store.RunAsync([.. sections.Select(static each => each.Command)]);

        foreach ((Section section, MatrixResult result) in sections.Zip(results))
        {
            string[] shape = [.. ShapeOf(result.Output).Select(static each => $"{each.Key} {each.Value}").Order(StringComparer.Ordinal)];
            string[] expected = [.. section.Members.Select(static each => $"{each.Key} {each.Value}").Order(StringComparer.Ordinal)];
            Assert.True(
                shape.SequenceEqual(expected), $"{section.Command}: {result.Code} {result.Errors}\n{string.Join('\n', shape)}");
        }
    }

    [Fact]
    public void The_pages_tell_of_all_members_and_of_no_others()
    {
        foreach (IGrouping<string, Section> place in ReadSections().GroupBy(static each => each.Place))
        {
            if (!place.Key.Contains('#', StringComparison.Ordinal))
            {
                string pages = string.Join('\n', place.Key.Split('+').SelectMany(static page => Repository.LinesOf("docs/" + page)));
                Assert.All(place.SelectMany(NamesOf), name => Assert.Matches($"[`\"]{name}[`\"]", pages));
                continue;
            }

            IEnumerable<string> written = place.SelectMany(NamesOf).Concat(place.SelectMany(static each => each.Words)).Distinct()
                .Order(StringComparer.Ordinal);

            Assert.Equal((place.Key, string.Join(' ', written)), (place.Key, string.Join(' ', ToldBy(place.Key))));
        }
    }

    private static IEnumerable<string> NamesOf(Section section) =>
        section.Members.Keys.SelectMany(static path => path.Split('.')).Select(static name => name.TrimEnd('[', ']'));

    private static List<Section> ReadSections()
    {
        var sections = new List<Section>();
        foreach (string line in File.ReadLines(Written).Where(static line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] != ' ')
            {
                string[] parts = line.Split(" => ");
                sections.Add(new Section(parts[0], parts[1], [], []));
                continue;
            }

            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0] == "words:")
            {
                sections[^1].Words.AddRange(words[1..]);
            }
            else
            {
                sections[^1].Members.Add(words[0], words[1]);
            }
        }

        return sections;
    }

    /// <summary>The names in the paragraphs of a page's section that tell of --json, and in a table below them.</summary>
    private static IEnumerable<string> ToldBy(string place)
    {
        string[] parts = place.Split('#');
        string[] lines = Repository.LinesOf("docs/" + parts[0]);
        IEnumerable<string> section = lines.SkipWhile(line => line.TrimStart('#', ' ') != parts[1] || !line.StartsWith('#')).Skip(1)
            .TakeWhile(static line => !line.StartsWith("## ", StringComparison.Ordinal));
        string[] blocks = string.Join('\n', section).Split("\n\n");
        IEnumerable<string> told = blocks.Select((block, index) => !IsAboutJson(block) ? ""
            : index + 1 < blocks.Length && blocks[index + 1].StartsWith('|') ? block + blocks[index + 1] : block);
        return Names().Matches(string.Join('\n', told)).Select(static match => match.Groups[1].Value).Distinct()
            .Order(StringComparer.Ordinal);

        static bool IsAboutJson(string block) =>
            block.Contains("`--json`", StringComparison.Ordinal) && !block.StartsWith("`safestore", StringComparison.Ordinal);
    }

    private static SortedDictionary<string, string> ShapeOf(string output)
    {
        var kinds = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Add(JsonElement.Parse(line), "");
        }

        return new(kinds.ToDictionary(static each => each.Key, static each => string.Join('|', each.Value)), StringComparer.Ordinal);

        void Add(JsonElement value, string path)
        {
            if (path.Length > 0)
            {
                (kinds.TryGetValue(path, out SortedSet<string>? known) ? known : kinds[path] = []).Add(KindOf(value));
            }

            // What a document holds, or a value of one, has any shape.
            if (value.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement each in value.EnumerateArray())
                {
                    Add(each, path + "[]");
                }
            }
            else if (value.ValueKind == JsonValueKind.Object && !AnyValue().IsMatch(path))
            {
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    Add(member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}");
                }
            }
        }

        static string KindOf(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => "boolean",
            var kind => kind.ToString().ToLowerInvariant(),
        };
    }

    [GeneratedRegex(@"`([A-Za-z]\w*)`")]
    private static partial Regex Names();

    [GeneratedRegex(@"(^|\.)(value|payload|left|right)$")]
    private static partial Regex AnyValue();

    private sealed record Section(string Command, string Place, Dictionary<string, string> Members, List<string> Words);
}
