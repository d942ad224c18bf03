using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using SafeStore.Documentation;
using SafeStore.FileSystem;
using SafeStore.Kata;
using SafeStore.Sandboxes;
using Xunit;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>The pages: their width, their length, and that what they name exists.</summary>
public sealed partial class DocumentationTests
{
    private const int Columns = 120;

    /// <summary>Words as `wc -w` counts them, tables included.</summary>
    private static readonly Dictionary<string, int> Budgets = new(StringComparer.Ordinal)
    {
        ["README.md"] = 900,
        ["SECURITY.md"] = 200,
        ["docs/cli.md"] = 1500,
        ["docs/cli-apply.md"] = 1500,
        ["docs/cli-kata.md"] = 1500,
        ["docs/cli-look.md"] = 1500,
        ["docs/cli-status.md"] = 1500,
        ["docs/commit-protocol.md"] = 1500,
        ["docs/errors.md"] = 1000,
        ["docs/file-format.md"] = 1500,
        ["docs/fuzzing.md"] = 400,
        ["docs/guide.md"] = 2500,
        ["docs/minirun.md"] = 900,
        ["docs/observability.md"] = 900,
        ["docs/performance.md"] = 2500,
        ["docs/protocol-damage.md"] = 800,
        ["docs/protocol-filesystems.md"] = 800,
        ["docs/protocol-group-commit.md"] = 800,
        ["docs/protocol-limits.md"] = 800,
        ["docs/protocol-whole-sync.md"] = 800,
        ["docs/security.md"] = 1000,
        ["docs/testing.md"] = 2500,
        ["docs/tutorial.md"] = 900,
        ["docs/why-not-sqlite.md"] = 600,
    };

    public static TheoryData<string> Pages => [.. Repository.Pages];

    public static TheoryData<string> BoundedPages => [.. Budgets.Keys];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Prose_and_code_are_wrapped(string page) =>
        Assert.Empty(Repository.LinesOf(page).Select(static (line, index) => (Number: index + 1, Line: line))
            .Where(static each => each.Line.Length > Columns && !IsTableRow(each.Line) && !IsAddress(each.Line))
            .Select(each => $"{page}:{each.Number}"));

    [Theory]
    [MemberData(nameof(BoundedPages))]
    public void A_page_has_no_more_words_than_it_may(string page) =>
        Assert.InRange(
            Repository.LinesOf(page).Sum(static line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length),
            1,
            Budgets[page]);

    [Theory]
    [MemberData(nameof(Pages))]
    public void What_a_page_links_to_exists(string page)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;

        Assert.All(
            LinkTarget().Matches(string.Join('\n', Repository.LinesOf(page))).Select(static match => match.Groups[1].Value),
            target => Assert.True(Path.Exists(Path.Combine(folder, target)), $"{page} links to {target}"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_tests_that_a_page_names_exist(string page)
    {
        HashSet<string> tests = Repository.TestNames();

        Assert.All(
            NamedTest().Matches(string.Join('\n', Repository.LinesOf(page))).Select(static match => match.Groups[1].Value),
            test => Assert.Contains(test, tests));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_headings_that_a_page_links_to_exist(string page)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;

        Assert.All(
            HeadingTarget().Matches(string.Join('\n', Repository.LinesOf(page))),
            link =>
            {
                string target = link.Groups[1].Value is { Length: > 0 } other
                    ? Path.Combine(folder, other) : Path.Combine(Repository.Root, page);
                Assert.Contains(link.Groups[2].Value, File.ReadLines(target).Where(static line => line.StartsWith('#')).Select(AnchorOf));
            });
    }

    [Fact]
    public void The_index_leads_to_every_page()
    {
        HashSet<string> listed =
            [.. LinkTarget().Matches(string.Join('\n', Repository.LinesOf("docs/README.md")))
                .Select(static match => match.Groups[1].Value)];

        Assert.All(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Select(static path => Path.GetFileName(path))
                .Where(static page => page != "README.md"),
            page => Assert.Contains(page, listed));
    }

    [Fact]
    public void The_page_of_errors_tells_every_code_and_every_public_exception()
    {
        string page = string.Join('\n', Repository.LinesOf("docs/errors.md"));
        Type[] errors =
        [
            .. new[]
            {
                typeof(AtomicFile), typeof(StateStore), typeof(SandboxStore), typeof(KataResources), typeof(BackupException),
                typeof(StoreNotOpenException), typeof(SectionException), typeof(StoredKeyException),
            }
                .SelectMany(static type => type.Assembly.GetTypes())
                .Where(static type => type.IsSubclassOf(typeof(SafeStoreException)) && !type.IsAbstract),
        ];

        Assert.All(
            errors.Select(static type => ((SafeStoreException)RuntimeHelpers.GetUninitializedObject(type)).Code),
            code => Assert.Contains($"`{code}`", page, StringComparison.Ordinal));
        Assert.All(errors.Where(static type => type.IsPublic), type => Assert.Contains($"`{type.Name}`", page, StringComparison.Ordinal));
    }

    /// <summary>The anchor that a site makes of a heading.</summary>
    private static string AnchorOf(string heading) =>
        NoPartOfAnAnchor().Replace(heading.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-');

    private static bool IsTableRow(string line) => line.StartsWith('|');

    /// <summary>An address cannot be broken.</summary>
    private static bool IsAddress(string line) => LoneAddress().IsMatch(line);

    [GeneratedRegex(@"^\W*(?:https?://|\[)\S+$")]
    private static partial Regex LoneAddress();

    [GeneratedRegex(@"\]\((?!https?:)([^)#\s]+)")]
    private static partial Regex LinkTarget();

    [GeneratedRegex(@"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)")]
    private static partial Regex HeadingTarget();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoPartOfAnAnchor();

    [GeneratedRegex(@"`([A-Z][A-Za-z0-9]*(?:Tests|Laws|Cases)\.[A-Z][A-Za-z0-9]*_[A-Za-z0-9_]+)`")]
    private static partial Regex NamedTest();
}
