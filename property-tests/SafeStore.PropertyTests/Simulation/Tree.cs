using System;
using System.Collections.Generic;
using System.IO.Hashing;
using System.Linq;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.PropertyTests.Store;
using SafeStore.Testing;
using SafeStore.Testing.Files;
using SafeStore.Vocabulary;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>What lies in a store's directories, read without the engine by a process that takes no part in the script.</summary>
internal sealed class Tree
{
    private readonly IPathCalls _calls;
    private readonly SortedDictionary<string, SortedSet<string>> _sandboxes = new(StringComparer.Ordinal);
    private readonly List<(string Sandbox, string Path)> _strays = [];
    private readonly List<string> _trash = [];

    private Tree(SimulatedProcess reader) => _calls = reader.FileSystem;

    /// <summary>Each sandbox's content as text; <see cref="Show"/> gives the same of the model.</summary>
    public IReadOnlyDictionary<string, string> Sandboxes { get; private set; } = new Dictionary<string, string>();

    /// <summary>Temp files and staged directories, each with its sandbox.</summary>
    public IReadOnlyList<(string Sandbox, string Path)> Strays => _strays;

    /// <summary>What was taken aside and is still there.</summary>
    public IReadOnlyList<string> Trash => _trash;

    public static Tree Read(SimulatedProcess reader)
    {
        var tree = new Tree(reader);
        foreach (StoreRoot root in new[] { StoreRoot.Config, StoreRoot.Run })
        {
            tree.ReadRoot(root, Setting.Layout.PathOf(root));
        }

        tree.Sandboxes = tree._sandboxes.ToDictionary(static pair => pair.Key, static pair => string.Concat(pair.Value));
        return tree;
    }

    /// <summary>
    /// Every file and directory of both roots, metadata too, with what it holds; but for the words file, which counts openings.
    /// </summary>
    public static string Everything(SimulatedProcess reader)
    {
        var tree = new Tree(reader);
        var lines = new List<string>();
        tree.Collect(Setting.Layout.Config, lines);
        tree.Collect(Setting.Layout.Run, lines);
        return string.Join('\n', lines);
    }

    public static string Show(ModelSandbox sandbox)
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        lines.UnionWith(sandbox.Containers.Select(Line));
        lines.UnionWith(sandbox.Documents.Select(static document => Line(document.Key, document.Value)));
        return string.Concat(lines);
    }

    private static string Line(string container) => $"{container}/\n";

    private static string Line(Store.Place place, string text) => $"{place.Root}:{place.Container}/{place.File} = {text}\n";

    private void ReadRoot(StoreRoot root, string path)
    {
        foreach (DirectoryEntry entry in List(path).Where(static entry => entry.Name != StoreLayout.MetadataName))
        {
            if (!_sandboxes.TryGetValue(entry.Name, out SortedSet<string>? lines))
            {
                _sandboxes.Add(entry.Name, lines = new SortedSet<string>(StringComparer.Ordinal));
            }

            ReadDirectory(root, entry.Name, null, $"{path}/{entry.Name}", lines);
        }

        string metadata = $"{path}/{StoreLayout.MetadataName}";
        _strays.AddRange(List($"{metadata}/new").Select(entry => (entry.Name, $"{metadata}/new/{entry.Name}")));
        _trash.AddRange(
            List($"{metadata}/scratch")
            .SelectMany(owner => List($"{metadata}/scratch/{owner.Name}")
            .Select(entry => $"{metadata}/scratch/{owner.Name}/{entry.Name}")));
    }

    private void ReadDirectory(StoreRoot root, string sandbox, string? container, string path, SortedSet<string> lines)
    {
        foreach (DirectoryEntry entry in List(path))
        {
            string inner = $"{path}/{entry.Name}";
            if (entry.Kind == FileKind.Directory)
            {
                lines.Add(Line(entry.Name));
                ReadDirectory(root, sandbox, entry.Name, inner, lines);
            }
            else if (TempName.IsFile(entry.Name))
            {
                _strays.Add((sandbox, inner));
            }
            else if (container is not null || root != StoreRoot.Run || entry.Name != Identifier.LockFile)
            {
                lines.Add(Line(new Store.Place(root, container, entry.Name), Encoding.UTF8.GetString(ReadFile(inner))));
            }
        }
    }

    private void Collect(string path, List<string> lines)
    {
        foreach (DirectoryEntry entry in List(path).OrderBy(static entry => entry.Name, StringComparer.Ordinal))
        {
            string inner = $"{path}/{entry.Name}";
            if (entry.Kind == FileKind.Directory)
            {
                lines.Add($"{inner}/");
                Collect(inner, lines);
            }
            else if (entry.Name != "words" && !entry.Name.StartsWith("watermark.", StringComparison.Ordinal)) // each opening is a life
            {
                byte[] bytes = ReadFile(inner);
                lines.Add($"{inner} {bytes.Length} bytes {XxHash3.HashToUInt64(bytes):x16}");
            }
        }
    }

    private List<DirectoryEntry> List(string path)
    {
        var entries = new List<DirectoryEntry>();
        Errno errno = _calls.List(path, entries);
        return errno is Errno.None or Errno.NotFound ? entries : throw new InvalidOperationException($"{path}: {errno}");
    }

    private byte[] ReadFile(string path)
    {
        Errno errno = _calls.Open(path, OpenFlags.Read, default, out FileHandle? file);
        if (errno != Errno.None)
        {
            throw new InvalidOperationException($"{path}: {errno}");
        }

        using (file)
        {
            _ = _calls.Stat(file!, out NodeStatus status);
            byte[] bytes = new byte[status.Status.Size];
            errno = _calls.Handles.Read(file!, bytes, 0, out int count);
            return errno == Errno.None && count == bytes.Length ? bytes
                : throw new InvalidOperationException($"{path}: {errno}, {count} bytes");
        }
    }
}
