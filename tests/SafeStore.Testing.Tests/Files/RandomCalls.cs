using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.IO.Abstractions;
using System.Linq;
using System.Text;

namespace SafeStore.Testing.Tests.Files;

/// <summary>Calls drawn from a seed; two of one seed draw the same.</summary>
internal sealed class RandomCalls(FilesUnderTest under, int seed) : IDisposable
{
    private static readonly string[] Names =
    [
        "a", "b", "c", ".h", "d", "d/a", "d/e", "d/e/f", "d/e/f/g", "a/x", "gone/x", "l", "m", "d/l", "l/a", "m/a", "d/", "a/", "n/", "l/",
    ];

    private static readonly string[] LinkTargets = ["a", "d", "../a", "l", "m", "nowhere", "d/e", "../d/a"];

    private static readonly DateTime Epoch = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);

    private readonly Random _random = new(seed);

    // Links may lead one directory up, and must not leave the test.
    private readonly string _root = under.Files.Directory.CreateDirectory(under.Root + "/in").FullName;

    private readonly Dictionary<string, FileSystemStream> _open = [];
    private Func<Drawn, string>[]? _table;

    private IFileSystem Files => under.Files;

    private IFile File => under.Files.File;

    private IDirectory Directory => under.Files.Directory;

    /// <summary>Does the next call: what it was, and what came of it.</summary>
    public (string Call, string Outcome) Next()
    {
        _table ??= Table();
        int choice = _random.Next(_table.Length);
        Drawn drawn = new(Path(), Path(), _random.Next(1000), _random.Next(2) == 0);
        string call = Clean($"{choice} {drawn}");
        try
        {
            return (call, Clean(_table[choice](drawn)));
        }
        catch (Exception exception)
        {
            return (call, Clean(Describe(exception)));
        }
    }

    /// <summary>Everything there is.</summary>
    public string Tree()
    {
        StringBuilder tree = new();
        Add(Files.DirectoryInfo.New(_root));
        return Clean(tree.ToString());

        void Add(IDirectoryInfo directory)
        {
            foreach (IFileSystemInfo info in directory.GetFileSystemInfos().OrderBy(static info => info.FullName, StringComparer.Ordinal))
            {
                string mode = info.LinkTarget is null ? File.GetUnixFileMode(info.FullName).ToString() : "";
                tree.Append(CultureInfo.InvariantCulture, $"{info.FullName} {info.Attributes} {mode} -> {info.LinkTarget} ");
                tree.AppendLine(info is IFileInfo { LinkTarget: null } file ? $"{file.Length} {Content(file)}" : "");
                if (info is IDirectoryInfo { LinkTarget: null } inner)
                {
                    Add(inner);
                }
            }
        }

        static string Content(IFileInfo file)
        {
            using StreamReader reader = new(file.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd();
        }
    }

    public void Dispose()
    {
        foreach (FileSystemStream stream in _open.Values)
        {
            stream.Dispose();
        }

        _open.Clear();
    }

    private Func<Drawn, string>[] Table() =>
    [
        call => File.Exists(call.First).ToString(),
        call => Directory.Exists(call.First).ToString(),
        call => Files.Path.Exists(call.First).ToString(),
        call => Done(() => File.WriteAllText(call.First, $"text {call.Number}")),
        call => Done(() => File.AppendAllText(call.First, $"more {call.Number}")),
        call => Done(() => File.WriteAllLines(call.First, ["one", $"{call.Number}"])),
        call => File.ReadAllText(call.First),
        call => string.Join('|', File.ReadLines(call.First)),
        call => Convert.ToHexString(File.ReadAllBytes(call.First)),
        call => Done(() => File.WriteAllBytes(call.First, [1, 2, (byte)call.Number])),
        call => Done(() => File.Copy(call.First, call.Second, call.Flag)),
        call => Done(() => File.Copy(call.First, call.Second, call.Flag)),
        call => Done(() => File.Move(call.First, call.Second, call.Flag)),
        call => Done(() => File.Move(call.First, call.Second, call.Flag)),
        call => Done(() => File.Delete(call.First)),
        call => Done(() => File.Delete(call.First)),
        call => Done(() => File.Replace(call.First, call.Second, call.Flag ? Path() : null)),
        call => Directory.CreateDirectory(call.First).FullName,
        call => Directory.CreateDirectory(call.First).FullName,
        call => Directory.CreateDirectory(call.First).FullName,
        call => Done(() => Directory.Delete(call.First, call.Flag && call.Number % 3 == 0)),
        call => Done(() => Directory.Delete(call.First, call.Flag && call.Number % 3 == 0)),
        call => Done(() => Directory.Move(call.First, call.Second)),
        call => Done(() => Directory.Move(call.First, call.Second)),
        call => File.CreateSymbolicLink(call.First, LinkTargets[call.Number % LinkTargets.Length]).FullName,
        call => File.CreateSymbolicLink(call.First, LinkTargets[call.Number % LinkTargets.Length]).FullName,
        call => Directory.CreateSymbolicLink(call.First, LinkTargets[call.Number % LinkTargets.Length]).FullName,
        call => File.ResolveLinkTarget(call.First, call.Flag)?.FullName ?? "null",
        call => Directory.ResolveLinkTarget(call.First, call.Flag)?.FullName ?? "null",
        call => File.GetAttributes(call.First).ToString(),
        call => Done(() => File.SetAttributes(call.First, call.Flag ? FileAttributes.ReadOnly : FileAttributes.Normal)),
        call => File.GetUnixFileMode(call.First).ToString(),
        call => Done(
        () => File.SetUnixFileMode(call.First, UnixFileMode.UserRead | UnixFileMode.UserWrite | (UnixFileMode)(call.Number & 0xFF))),
        call => Done(() => File.SetLastWriteTimeUtc(NoLink(call.First), Epoch.AddSeconds(call.Number))),
        call => Done(() => File.SetLastAccessTimeUtc(NoLink(call.First), Epoch.AddSeconds(call.Number))),
        call => Time(File.GetLastWriteTimeUtc(call.First)),
        call => Time(File.GetCreationTimeUtc(call.First)),
        call => Sorted(Directory.EnumerateFileSystemEntries(call.First)),
        call => Sorted(Directory.EnumerateFiles(call.First, call.Flag ? "*" : "?", Depth(call.Number % 3))),
        call => Sorted(Directory.EnumerateDirectories(call.First, call.Flag ? "*" : "e*", Depth(call.Number % 3))),
        call => Sorted(Directory.GetFiles(call.First, call.Flag ? "*.*" : "[a]*")),
        call => Info(Files.FileInfo.New(call.First)),
        call => Info(Files.DirectoryInfo.New(call.First)),
        call => Moved(call.First, call.Second, call.Flag),
        call => Done(() => Files.DirectoryInfo.New(call.First).MoveTo(call.Second)),
        call => Files.FileInfo.New(call.First).CopyTo(call.Second, call.Flag).FullName,
        call => Done(() => Files.FileInfo.New(call.First).CreateAsSymbolicLink(LinkTargets[call.Number % LinkTargets.Length])),
        call => Directory.GetParent(call.First)?.FullName ?? "null",
        call => Files.DirectoryInfo.New(call.First).CreateSubdirectory("sub").FullName,
        call => Sorted(Files.DirectoryInfo.New(call.First).EnumerateFileSystemInfos().Select(static info => info.ToString()!)),
        call => Files.Path.GetRelativePath(call.First, call.Second) + Files.Path.GetFullPath(call.First),
        .. Enumerable.Range(51, 7).Select<int, Func<Drawn, string>>(choice => call => Stream(choice, call)),
    ];

    private string Stream(int choice, Drawn call)
    {
        (string path, _, int number, bool flag) = call;
        string slot = $"{number % 2}";
        if (!_open.TryGetValue(slot, out FileSystemStream? stream))
        {
            FileMode mode = (FileMode)((number % 6) + 1);
            FileAccess access = (FileAccess)((number / 7 % 3) + 1);
            FileShare share = flag ? FileShare.ReadWrite : FileShare.Read;
            using (Files.FileStream.New(path, mode, access, FileShare.None))
            {
                // Nobody else has it open.
            }

            _open.Add(slot, stream = Files.FileStream.New(path, mode == FileMode.CreateNew ? FileMode.Open : mode, access, share, 1));
            return stream.Name + stream.Length + stream.Position;
        }

        switch (choice)
        {
            case 51 when flag:
                stream.Write([(byte)'x', (byte)('a' + (number % 26))]);
                break;
            case 51:
                stream.Write(Encoding.UTF8.GetBytes($"a longer text of {number}"), 2, 12);
                break;
            case 52:
                return $"{stream.Read(new byte[number % 5])} {stream.ReadByte()}";
            case 53:
                return $"{stream.Seek((number % 40) - 10, (SeekOrigin)(number % 3))}";
            case 54:
                stream.SetLength((number % 40) - 5);
                break;
            case 55:
                stream.Position = (number % 30) - 2;
                break;
            case 56:
                stream.Flush(flag);
                break;
            default:
                stream.Dispose();
                _open.Remove(slot);
                return $"{stream.CanRead} {stream.CanWrite} {stream.CanSeek}";
        }

        stream.Flush();
        return $"{stream.Position} of {stream.Length}";
    }

    private string Moved(string first, string second, bool flag)
    {
        IFileInfo info = Files.FileInfo.New(first);
        string before = $"{info.Exists}";
        info.MoveTo(second, flag);
        return $"{before} {info.Exists} {info.Name} {info.FullName} {info}";
    }

    private static string Done(Action call)
    {
        call();
        return "";
    }

    private static string Info(IFileSystemInfo info)
    {
        string size = info is IFileInfo { Exists: true } file ? $"{file.Length} {file.DirectoryName} {file.IsReadOnly}" : "";
        return $"{info.Exists} {info.Name} {info.FullName} {info.Extension} {info.Attributes} {info.LinkTarget} {size} {info}";
    }

    private static EnumerationOptions Depth(int depth) =>
        new() { RecurseSubdirectories = depth > 0, MaxRecursionDepth = depth, AttributesToSkip = FileAttributes.Hidden };

    private static string Sorted(IEnumerable<string> paths) => string.Join('|', paths.Order(StringComparer.Ordinal));

    private static string Time(DateTime time) => time.Year is 1601 or 2001 ? time.ToString("O", CultureInfo.InvariantCulture) : "now";

    /// <summary>The texts about arguments are nobody's business.</summary>
    private static string Describe(Exception exception) =>
        $"{exception.GetType().Name} {exception.HResult:X} {(exception is ArgumentException ? "" : exception.Message)} "
            + $"<{exception.InnerException?.GetType().Name} "
        + $"{exception.InnerException?.HResult:X}> {(exception as FileNotFoundException)?.FileName}";

    private string Path() => _root + "/" + Names[_random.Next(Names.Length)];

    /// <summary>Times of a link itself are not what the calls can set.</summary>
    private string NoLink(string path) => Files.FileInfo.New(path.TrimEnd('/')).LinkTarget is null ? path : _root + "/gone";

    private string Clean(string text) => text
        .Replace(_root, "R", StringComparison.Ordinal)
        .Replace(under.Root, "U", StringComparison.Ordinal);

    private sealed record Drawn(string First, string Second, int Number, bool Flag);
}
