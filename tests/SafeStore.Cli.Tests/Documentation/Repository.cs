using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace SafeStore.Documentation;

/// <summary>The tree that these tests were built from: its pages, and the names of its tests.</summary>
internal static partial class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>README.md, CHANGELOG.md and all of docs, as paths from the root.</summary>
    public static IReadOnlyList<string> Pages { get; } =
        [.. Directory.EnumerateFiles(Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Select(static path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)];

    public static string[] LinesOf(string page) => File.ReadAllLines(Path.Combine(Root, page));

    /// <summary>Every test of every project, compiled or not, as class and method.</summary>
    public static HashSet<string> TestNames()
    {
        var tests = new HashSet<string>(StringComparer.Ordinal);
        foreach (string file in new[] { "tests", "property-tests" }.SelectMany(static folder =>
            Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)))
        {
            string type = "";
            bool isTest = false;
            foreach (string line in File.ReadLines(file))
            {
                type = TypeLine().Match(line) is { Success: true } declared ? declared.Groups[1].Value : type;
                isTest |= AttributeLine().IsMatch(line);
                if (isTest && MethodLine().Match(line) is { Success: true } method)
                {
                    tests.Add($"{type}.{method.Groups[1].Value}");
                    isTest = false;
                }
            }
        }

        return tests;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "SafeStore.sln")))
            {
                return at.FullName;
            }
        }

        throw new DirectoryNotFoundException(
            $"There is no SafeStore.sln above {AppContext.BaseDirectory}: run the tests from where they were built.");
    }

    [GeneratedRegex(@"^public (?:sealed |abstract |partial )*class ([A-Za-z0-9]+)")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^    \[(?:Fact|Theory|Property)\b")]
    private static partial Regex AttributeLine();

    [GeneratedRegex(@"^    public (?:static |async )*(?:Task|void|ValueTask|Property|bool) ([A-Za-z0-9_]+)\(")]
    private static partial Regex MethodLine();
}
