using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace SafeStore.Tests.House;

/// <summary>
/// The engine's folders, and which of them may use which. A folder is a namespace, but for the public types, which are all in
/// <c>SafeStore</c>: so an arrow is a <c>using</c>, a qualified name, or the name of a type of the top folder.
/// </summary>
public sealed partial class RoomTests
{
    private const string Top = "";

    /// <summary>From the top down. A room may use those that are named here, and no other: so there is no circle.</summary>
    private static readonly (string Room, string[] Uses)[] Rooms =
    [
        (Top, ["Changes", "Checkpoint", "Recovery", "Commit", "Log", "Locking", "Documents", "Roots", "Diagnostics", "Vocabulary"]),
        ("Changes", ["Checkpoint", "Recovery", "Commit", "Log", "Locking", "Roots", "Vocabulary"]),
        ("Checkpoint", ["Recovery", "Commit", "Log", "Locking", "Roots", "Threads", "Diagnostics", "Vocabulary"]),
        ("Recovery", ["Commit", "Log", "Locking", "Roots", "Threads", "Diagnostics", "Vocabulary"]),
        ("Commit", ["Log", "Locking", "Documents", "Roots", "Diagnostics", "Vocabulary"]),
        ("Log", ["Locking", "Roots", "Threads", "Diagnostics", "Vocabulary"]),
        ("Locking", ["Roots", "Threads", "Vocabulary"]),
        ("Documents", ["Roots", "Vocabulary"]),
        ("Roots", ["Diagnostics", "Vocabulary"]),
        ("Threads", ["Vocabulary"]),
        ("Diagnostics", ["Vocabulary"]),
        ("Vocabulary", []),
    ];

    private static readonly Dictionary<string, string[]> Projects = new(StringComparer.Ordinal)
    {
        ["SafeStore.FileSystem"] = [],
        ["SafeStore"] = ["SafeStore.FileSystem"],
        ["SafeStore.Sandboxes"] = ["SafeStore"],
        ["SafeStore.Kata"] = ["SafeStore", "SafeStore.Sandboxes"],
        ["SafeStore.Operations"] = ["SafeStore"],
        ["SafeStore.Testing"] = ["SafeStore"],
        ["SafeStore.Configuration"] = ["SafeStore", "SafeStore.Operations"],
        ["SafeStore.DataProtection"] = ["SafeStore"],
        ["SafeStore.Hosting"] = ["SafeStore", "SafeStore.Operations", "SafeStore.Sandboxes"],
        ["SafeStore.Cli"] = ["SafeStore", "SafeStore.Kata", "SafeStore.Operations", "SafeStore.Sandboxes", "SafeStore.Testing"],
    };

    private static SourceFile[] Engine => [.. Repository.Sources("src/SafeStore")];

    [Fact]
    public void Rooms_use_only_rooms_below_them()
    {
        Assert.All(Rooms, static (room, index) =>
            Assert.All(room.Uses, use => Assert.Contains(Rooms[(index + 1)..], below => below.Room == use)));
        Assert.DoesNotContain(
            ArrowsOf(Engine), static arrow => !Rooms.Single(room => room.Room == arrow.From).Uses.Contains(arrow.To));
    }

    [Fact]
    public void Every_arrow_that_is_allowed_is_there()
    {
        var arrows = ArrowsOf(Engine).Select(static arrow => (arrow.From, arrow.To)).ToHashSet();

        Assert.Empty(
            from room in Rooms
            from use in room.Uses
            where use != "Vocabulary" && !arrows.Contains((room.Room, use)) // its public types need no using
            select $"{room.Room} does not use {use} any more");
    }

    [Fact]
    public void The_namespace_of_a_file_is_its_folder_or_that_of_the_public_types() => Assert.Empty(
        from source in Engine
        let name = Namespace().Match(source.Code).Groups[1].Value
        where name != "SafeStore" && name != $"SafeStore.{source.Room}"
        select $"{source.Path} is in {name}");

    [Fact]
    public void Projects_refer_to_those_that_the_house_names_and_the_file_system_to_none() => Assert.All(
        Repository.Files("src", "*.csproj"),
        static path => Assert.Equal(
            Projects[System.IO.Path.GetFileNameWithoutExtension(path)],
            XDocument.Parse(Repository.ReadText(path)).Descendants("ProjectReference")
                .Select(static each => System.IO.Path.GetFileNameWithoutExtension(each.Attribute("Include")!.Value))
                .Order(StringComparer.Ordinal)));

    private static IEnumerable<(string From, string To, string Where)> ArrowsOf(SourceFile[] sources)
    {
        string[] top = [.. sources.Where(static source => source.Room.Length == 0).SelectMany(static source => source.Types)];
        var names = new Regex($@"(?<![\w.])(?:{string.Join('|', top)})\b", RegexOptions.CultureInvariant);
        foreach (SourceFile source in sources)
        {
            foreach (Match match in Qualified().Matches(source.Code))
            {
                if (match.Groups[1].Value is var to && to != source.Room && Rooms.Any(room => room.Room == to))
                {
                    yield return (source.Room, to, source.Path);
                }
            }

            if (source.Room.Length > 0 && names.Match(source.Code) is { Success: true } use)
            {
                yield return (source.Room, Top, $"{source.Path}: {use.Value}");
            }
        }
    }

    [GeneratedRegex(@"\bSafeStore\.([A-Z]\w*)")]
    private static partial Regex Qualified();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
