using System;
using System.Collections.Immutable;
using System.Linq;

namespace SafeStore.Testing.Recipes;

/// <summary>
/// What every recipe saves: a sandbox with two containers, all of which are set running by a first transaction; a second one adds a
/// container.
/// </summary>
internal static class SampleSandbox
{
    public const string Name = "sb-1";

    private const string Ready = """{"state":"ready"}""";
    private const string Running = """{"state":"running"}""";

    private static readonly ImmutableArray<SampleDocument> s_ready =
        [new(null, "state.json", Ready), new("web", "state.json", Ready), new("db", "state.json", Ready)];

    /// <summary>What there is at first, and after each transaction.</summary>
    public static ImmutableArray<SampleVersion> Versions { get; } = Build(
        new SampleVersion("the sandbox is ready", s_ready),
        new SampleVersion("all are set running", [.. s_ready.Select(static document => document with { Text = Running })]),
        new SampleVersion(
            "a container is added",
            [
                new("log", "config.json", """{"image":"busybox"}"""),
                new("log", "state.json", Ready),
                new(null, "state.json", """{"state":"running","containers":3}"""),
            ]));

    /// <summary>Every document that a version has, in the order of the paths.</summary>
    public static ImmutableArray<string> Paths { get; } =
        [.. Versions.SelectMany(static version => version.Changed).Select(static document => document.Path).Distinct()
            .OrderBy(static path => path.Contains('/', StringComparison.Ordinal)).ThenBy(static path => path, StringComparer.Ordinal)];

    private static ImmutableArray<SampleVersion> Build(params ImmutableArray<SampleVersion> changes)
    {
        ImmutableDictionary<string, string> all = ImmutableDictionary<string, string>.Empty;
        return
        [
            .. changes.Select(change => change with
            {
                All = all = all.SetItems(change.Changed.ToImmutableDictionary(static each => each.Path, static each => each.Text)),
            }),
        ];
    }
}

/// <summary>A document of a version.</summary>
/// <param name="Container">Its container; null for the sandbox itself.</param>
/// <param name="File">Its file's name.</param>
/// <param name="Text">Its text.</param>
internal sealed record SampleDocument(string? Container, string File, string Text)
{
    /// <summary>Its path below the sandbox.</summary>
    public string Path => Container is null ? File : $"{Container}/{File}";
}

/// <summary>What a transaction makes of the sandbox.</summary>
/// <param name="Text">What happens, for people.</param>
/// <param name="Changed">The documents that it writes, in the order in which recipes write them.</param>
internal sealed record SampleVersion(string Text, ImmutableArray<SampleDocument> Changed)
{
    /// <summary>The text of each document after it.</summary>
    public ImmutableDictionary<string, string> All { get; init; } = ImmutableDictionary<string, string>.Empty;
}
