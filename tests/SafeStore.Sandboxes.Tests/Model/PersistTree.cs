using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using SafeStore.Kata;

namespace SafeStore.Sandboxes.Tests.Model;

/// <summary>A sandbox that the successor wrote, with its containers.</summary>
internal sealed record PersistTree(string Id, PersistSandbox Sandbox, IReadOnlyDictionary<string, PersistContainer> Containers)
{
    /// <summary>The one with ordinary values; those of the others are any that fit.</summary>
    public const string Ordinary = "sandbox-0-82105802916e4f8";

    public static IEnumerable<string> Ids => Directory.EnumerateDirectories(Trees.PersistRun).Select(Path.GetFileName)!;

    public static PersistTree Read(string id)
    {
        string directory = Path.Combine(Trees.PersistRun, id);
        PersistSandbox sandbox = Read(Path.Combine(directory, "persist.json"), PersistDocuments.Sandbox);
        return new(id, sandbox, Directory.EnumerateDirectories(directory).ToDictionary(
            static container => Path.GetFileName(container),
            static container => Read(Path.Combine(container, "persist.json"), PersistDocuments.Container),
            StringComparer.Ordinal));
    }

    public ConvertedSandbox Convert() => PersistConversion.Convert(Id, Sandbox, Containers);

    public static T Parse<T>(DocumentKind<T> kind, string json) => JsonSerializer.Deserialize(Encoding.UTF8.GetBytes(json), kind.Json)!;

    private static T Read<T>(string file, DocumentKind<T> kind) => JsonSerializer.Deserialize(File.ReadAllBytes(file), kind.Json)!;
}
