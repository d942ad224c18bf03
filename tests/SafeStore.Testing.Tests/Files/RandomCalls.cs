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
        ["a", "b", "c", ".h", "d", "d/a", "d/e", "d/e/f", "d/e/f/g", "a/x", "gone/x", "l", "m", "d/l", "l/a", "m/a", "d/", "a/", "n/", "l/"];

    private static readonly string[] LinkTargets = ["a", "d", "../a", "l", "m", "nowhere", "d/e", "../d/a"];

    private static readonly DateTime Epoch = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);

    private readonly Random _random = new(seed);

    // Links may lead one directory up, and must not leave the test.
    private readonly string _root = under.Files.Directory.CreateDirectory(under.Root + "/in").FullName;

    private readonly Dictionary<string, FileSystemStream> _open = [];

    private IFileSystem Files => under.Files;

    private IFile File => under.Files.File;

    private IDirectory Directory => under.Files.Directory;

    /// <summary>Does the next call: what it was, and what came of it.</summary>
    public (string Call, string Outcome) Next()
    {
        int choice = _random.Next(58);
        string first = Path();
        string second = Path();
        int number = _random.Next(1000);
        bool flag = _random.Next(2) == 0;
        string call = $"{choice} {Clean(first)} {Clean(second)} {number} {flag}";
        try
        {
            return (call, Clean(Do(choice, first, second, number, flag)));
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

        string Content(IFileInfo file)
        {
            using FileSystemStream stream = _open.ContainsKey("exclusive") ? null! : file.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return stream is null ? "" : new StreamReader(stream).ReadToEnd();
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

    private string Do(int choice, string first, string second, int number, bool flag)
    {
        switch (choice)
        {
            case 0: return File.Exists(first).ToString();
            case 1: return Directory.Exists(first).ToString();
            case 2: return Files.Path.Exists(first).ToString();
            case 3: File.WriteAllText(first, $"text {number}"); return "";
            case 4: File.AppendAllText(first, $"more {number}"); return "";
            case 5: File.WriteAllLines(first, ["one", $"{number}"]); return "";
            case 6: return File.ReadAllText(first);
            case 7: return string.Join('|', File.ReadLines(first));
            case 8: return Convert.ToHexString(File.ReadAllBytes(first));
            case 9: File.WriteAllBytes(first, [1, 2, (byte)number]); return "";
            case 10 or 11: File.Copy(first, second, flag); return "";
            case 12 or 13: File.Move(first, second, flag); return "";
            case 14 or 15: File.Delete(first); return "";
            case 16: File.Replace(first, second, flag ? Path() : null); return "";
            case 17 or 18 or 19: return Directory.CreateDirectory(first).FullName;
            case 20 or 21: Directory.Delete(first, flag && number % 3 == 0); return "";
            case 22 or 23: Directory.Move(first, second); return "";
            case 24 or 25: return File.CreateSymbolicLink(first, LinkTargets[number % LinkTargets.Length]).FullName;
            case 26: return Directory.CreateSymbolicLink(first, LinkTargets[number % LinkTargets.Length]).FullName;
            case 27: return File.ResolveLinkTarget(first, flag)?.FullName ?? "null";
            case 28: return Directory.ResolveLinkTarget(first, flag)?.FullName ?? "null";
            case 29: return File.GetAttributes(first).ToString();
            case 30: File.SetAttributes(first, flag ? FileAttributes.ReadOnly : FileAttributes.Normal); return "";
            case 31: return File.GetUnixFileMode(first).ToString();
            case 32: File.SetUnixFileMode(first, UnixFileMode.UserRead | UnixFileMode.UserWrite | (UnixFileMode)(number & 0xFF)); return "";
            case 33: File.SetLastWriteTimeUtc(NoLink(first), Epoch.AddSeconds(number)); return "";
            case 34: File.SetLastAccessTimeUtc(NoLink(first), Epoch.AddSeconds(number)); return "";
            case 35: return Time(File.GetLastWriteTimeUtc(first));
            case 36: return Time(File.GetCreationTimeUtc(first));
            case 37: return Sorted(Directory.EnumerateFileSystemEntries(first));
            case 38: return Sorted(Directory.EnumerateFiles(first, flag ? "*" : "?", Depth(number % 3)));
            case 39: return Sorted(Directory.EnumerateDirectories(first, flag ? "*" : "e*", Depth(number % 3)));
            case 40: return Sorted(Directory.GetFiles(first, flag ? "*.*" : "[a]*"));
            case 41: return Info(Files.FileInfo.New(first));
            case 42: return Info(Files.DirectoryInfo.New(first));
            case 43: return Moved(first, second, flag);
            case 44: Files.DirectoryInfo.New(first).MoveTo(second); return "";
            case 45: return Files.FileInfo.New(first).CopyTo(second, flag).FullName;
            case 46: Files.FileInfo.New(first).CreateAsSymbolicLink(LinkTargets[number % LinkTargets.Length]); return "";
            case 47: return Directory.GetParent(first)?.FullName ?? "null";
            case 48: return Files.DirectoryInfo.New(first).CreateSubdirectory("sub").FullName;
            case 49: return Sorted(Files.DirectoryInfo.New(first).EnumerateFileSystemInfos().Select(static info => info.ToString()!));
            case 50: return Files.Path.GetRelativePath(first, second) + Files.Path.GetFullPath(first);
            default: return Stream(choice, first, number, flag);
        }
    }

    private string Stream(int choice, string path, int number, bool flag)
    {
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
            case 51 when flag: stream.Write([(byte)'x', (byte)('a' + (number % 26))]); break;
            case 51: stream.Write(Encoding.UTF8.GetBytes($"a longer text of {number}"), 2, 12); break;
            case 52: return $"{stream.Read(new byte[number % 5])} {stream.ReadByte()}";
            case 53: return $"{stream.Seek((number % 40) - 10, (SeekOrigin)(number % 3))}";
            case 54: stream.SetLength((number % 40) - 5); break;
            case 55: stream.Position = (number % 30) - 2; break;
            case 56: stream.Flush(flag); break;
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
        $"{exception.GetType().Name} {exception.HResult:X} {(exception is ArgumentException ? "" : exception.Message)} <{exception.InnerException?.GetType().Name} "
        + $"{exception.InnerException?.HResult:X}> {(exception as FileNotFoundException)?.FileName}";

    private string Path() => _root + "/" + Names[_random.Next(Names.Length)];

    /// <summary>Times of a link itself are not what the calls can set.</summary>
    private string NoLink(string path) => Files.FileInfo.New(path.TrimEnd('/')).LinkTarget is null ? path : _root + "/gone";

    private string Clean(string text) => text
        .Replace(_root, "R", StringComparison.Ordinal)
        .Replace(under.Root, "U", StringComparison.Ordinal);
}
