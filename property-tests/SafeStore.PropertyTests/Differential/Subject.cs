using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.PropertyTests.Differential;

/// <summary>
/// A filesystem that scripts are run on. What a call gives is written as a line; inodes appear in it as the open handles that lead to the
/// same.
/// </summary>
/// <param name="fileSystem">The filesystem.</param>
/// <param name="rootPath">An empty directory in it.</param>
/// <param name="plant">Makes a symbolic link, or a link if so asked: path, target or existing path, which.</param>
internal sealed class Subject(IDurableFileSystem fileSystem, string rootPath, Func<string, string, bool, bool> plant) : IDisposable
{
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherWrite;
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupWrite | UnixFileMode.StickyBit;

    private readonly List<Opened<DirectoryHandle>> _directories = [];
    private readonly List<Opened<FileHandle>> _files = [];
    private readonly List<SharedWords> _words = [];

    public string Run(Call call)
    {
        if (_directories.Count == 0)
        {
            _ = Keep(fileSystem.OpenRoot(rootPath, out DirectoryHandle? root), root);
        }

        try
        {
            return call.Verb switch
            {
                Verb.Read or Verb.Write or Verb.Allocate or Verb.StatFile or Verb.SyncFile or Verb.SyncData or Verb.TryLock or Verb.Unlock
                    or Verb.MapWords
                    or Verb.TryLockByte or Verb.UnlockByte or Verb.GetAttribute or Verb.CloseFile =>
                        _files.Count == 0 ? "no file" : OnFile(call, Pick(_files, call.First)),
                Verb.ReadWord or Verb.EndWords => _words.Count == 0 ? "no words" : OnWords(call, Pick(_words, call.First)),
                Verb.PlantSymbolicLink or Verb.PlantLink =>
                Plant(call).ToString(),
                _ => OnDirectory(call, Pick(_directories, call.First)),
            };
        }
        catch (ObjectDisposedException)
        {
            return Comparison.Closed;
        }
    }

    /// <summary>Everything below the root, with contents.</summary>
    public string Tree()
    {
        using var tree = new StringWriter();
        if (_directories.Count > 0 && !_directories[0].IsClosed)
        {
            Write(_directories[0].Handle, "", tree);
        }

        return tree.ToString();
    }

    public void Dispose()
    {
        _files.ForEach(static file => file.Handle.Dispose());
        _directories.ForEach(static directory => directory.Handle.Dispose());
        _words.ForEach(static words => words.Dispose());
    }

    private string OnDirectory(Call call, Opened<DirectoryHandle> opened)
    {
        DirectoryHandle directory = opened.Handle;
        switch (call.Verb)
        {
            case Verb.OpenRoot:
                return Keep(fileSystem.OpenRoot(
                    call.Name.Contains("..", StringComparison.Ordinal) ? "" : rootPath + "/" + call.Name, out DirectoryHandle? root), root);
            case Verb.OpenDirectory:
                return Keep(fileSystem.OpenDirectory(directory, call.Name, out DirectoryHandle? inner), inner);
            case Verb.MakeDirectory:
                Errno made = fileSystem.MakeDirectory(directory, call.Name, DirectoryMode, out DirectoryHandle? created);
                created?.Dispose();
                return $"{made}";
            case Verb.List:
                List<DirectoryEntry> entries = [];
                return $"{fileSystem.List(directory, entries)} "
                    + $"{string.Join(',', entries.OrderBy(static entry => entry.Name, StringComparer.Ordinal))}";
            case Verb.Stat:
                return Show(fileSystem.Stat(directory, call.Name, out FileStatus status), status);
            case Verb.StatDirectory:
                return Show(fileSystem.Stat(directory, out FileStatus own), own);
            case Verb.CreateFile:
                return Keep(fileSystem.CreateFile(directory, call.Name, FileMode, out FileHandle? filled), filled);
            case Verb.OpenFile:
                return Keep(fileSystem.OpenFile(
                    directory, call.Name, call.Position == 0 ? FileUse.Read : FileUse.ReadWrite, out FileHandle? file), file);
            case Verb.SyncDirectory:
                return $"{fileSystem.SyncDirectory(directory)}";
            case Verb.Rename:
                return Rename(directory, call, RenameKind.Replace);
            case Verb.RenameNoReplace:
                return Rename(directory, call, RenameKind.NoReplace);
            case Verb.Exchange:
                return Rename(directory, call, RenameKind.Exchange);
            case Verb.Unlink:
                return $"{fileSystem.Unlink(directory, call.Name)}";
            case Verb.RemoveDirectory:
                return $"{fileSystem.RemoveDirectory(directory, call.Name)}";
            case Verb.TryLockDirectory:
                return $"{fileSystem.TryLock(directory, RangeOf(call), ModeOf(call))}";
            case Verb.UnlockDirectory:
                return $"{fileSystem.Unlock(directory, RangeOf(call))}";
            case Verb.GetDirectoryAttribute:
                return $"{fileSystem.GetAttribute(directory, call.Name, out byte[] value)} {Convert.ToHexString(value)}";
            case Verb.SetDirectoryAttribute:
                return $"{fileSystem.SetAttribute(directory, ".", call.Name, new byte[call.Second % 3])}";
            case Verb.SetAttribute:
                return $"{fileSystem.SetAttribute(directory, call.Other, call.Name, new byte[call.Length])}";
            case Verb.CopyAttributes:
                return fileSystem.CopyAttributes(directory, call.Name, Pick(_directories, call.Second).Handle, call.Other).ToString();
            case Verb.CloseDirectory:
                directory.Dispose();
                opened.IsClosed = true;
                return "closed it";
            default:
                return "nothing to do";
        }
    }

    private string Rename(DirectoryHandle from, Call call, RenameKind kind) =>
        fileSystem.Rename(from, call.Name, Pick(_directories, call.Second).Handle, call.Other, kind).ToString();

    private string OnFile(Call call, Opened<FileHandle> opened)
    {
        FileHandle file = opened.Handle;
        switch (call.Verb)
        {
            case Verb.Read:
                byte[] buffer = new byte[call.Length];
                Errno read = fileSystem.Read(file, buffer, call.Position, out int count);
                return $"{read} {count} "
                    + $"{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(buffer.AsSpan(0, count)).AsSpan(0, 6))}";
            case Verb.Write:
                byte[] bytes = new byte[call.Length];
                bytes.AsSpan().Fill((byte)(call.Length + call.Position));
                return $"{fileSystem.Write(file, bytes, call.Position, out int written)} {written}";
            case Verb.Allocate:
                return $"{fileSystem.Allocate(file, call.Position)}";
            case Verb.StatFile:
                return Show(fileSystem.Stat(file, out FileStatus status), status);
            case Verb.SyncFile:
                return $"{fileSystem.SyncFile(file)}";
            case Verb.SyncData:
                return $"{fileSystem.SyncData(file)}";
            case Verb.TryLock:
                return $"{fileSystem.TryLock(file, LockRange.Whole, call.Position == 0 ? LockMode.Shared : LockMode.Exclusive)}";
            case Verb.Unlock:
                return $"{fileSystem.Unlock(file, LockRange.Whole)}";
            case Verb.TryLockByte:
                return $"{fileSystem.TryLock(file, LockRange.Byte(call.Position), ModeOf(call))}";
            case Verb.UnlockByte:
                return $"{fileSystem.Unlock(file, LockRange.Byte(call.Position))}";
            case Verb.MapWords:
                Errno mapped = fileSystem.MapWords(file, out SharedWords? words);
                if (words is not null)
                {
                    _words.Add(words);
                }

                return $"{mapped} {words is not null}";
            case Verb.GetAttribute:
                return $"{fileSystem.GetAttribute(file, call.Name, out byte[] value)} {Convert.ToHexString(value)}";
            default:
                file.Dispose();
                opened.IsClosed = true;
                return "closed it";
        }
    }

    private bool Plant(Call call)
    {
        bool isLink = call.Verb == Verb.PlantLink;
        return plant($"{rootPath}/{Plain(call.Name)}", isLink ? $"{rootPath}/{Plain(call.Other)}" : call.Other, isLink);
    }

    private static string OnWords(Call call, SharedWords words)
    {
        if (call.Verb == Verb.EndWords)
        {
            words.Dispose();
            return "ended";
        }

        return $"{words.Read(call.Length % 8):x}";
    }

    private static LockRange RangeOf(Call call) => call.Position == 0 ? LockRange.Whole : LockRange.Byte(call.Position);

    private static LockMode ModeOf(Call call) => call.Length == 0 ? LockMode.Shared : LockMode.Exclusive;

    private string Keep(Errno errno, DirectoryHandle? directory)
    {
        if (directory is null)
        {
            return $"{errno}";
        }

        string path = directory.Path.Replace(rootPath, "", StringComparison.Ordinal);
        string shown = Show(fileSystem.Stat(directory, out FileStatus status), status);
        _directories.Add(new Opened<DirectoryHandle>(directory, status));
        return $"{errno} {path} {shown}";
    }

    private string Keep(Errno errno, FileHandle? file)
    {
        if (file is null)
        {
            return $"{errno}";
        }

        string path = file.Path.Replace(rootPath, "", StringComparison.Ordinal);
        string shown = Show(fileSystem.Stat(file, out FileStatus status), status);
        _files.Add(new Opened<FileHandle>(file, status));
        return $"{errno} {path} {shown}";
    }

    /// <summary>A status without what differs from filesystem to filesystem: numbers of inodes and sizes of directories.</summary>
    private string Show(Errno errno, FileStatus status)
    {
        if (errno != Errno.None)
        {
            return $"{errno} {status == default}";
        }

        string size = status.Kind == FileKind.Directory ? "" : $" {status.Size} bytes";
        IEnumerable<int> files = Enumerable.Range(0, _files.Count).Where(i => !_files[i].IsClosed && _files[i].Status.IsSameFile(status));
        IEnumerable<int> directories =
            Enumerable.Range(0, _directories.Count).Where(i => !_directories[i].IsClosed && _directories[i].Status.IsSameFile(status));
        return $"{status.Kind} {status.Mode} {status.Owner} links {status.Links}{size} same as files [{string.Join(',', files)}] "
            + $"directories [{string.Join(',', directories)}]";
    }

    private void Write(DirectoryHandle directory, string path, StringWriter tree)
    {
        List<DirectoryEntry> entries = [];
        tree.Write($"{path}/ {fileSystem.List(directory, entries)}\n");
        foreach (DirectoryEntry entry in entries.OrderBy(static entry => entry.Name, StringComparer.Ordinal))
        {
            tree.Write($"{path}/{entry.Name} {entry.Kind}\n");
            if (entry.Kind == FileKind.Directory
                && fileSystem.OpenDirectory(directory, entry.Name, out DirectoryHandle? inner) == Errno.None)
            {
                Write(inner!, $"{path}/{entry.Name}", tree);
                inner!.Dispose();
            }
            else if (entry.Kind == FileKind.Regular
                && fileSystem.OpenFile(directory, entry.Name, FileUse.Read, out FileHandle? file) == Errno.None)
            {
                byte[] content = new byte[64 * 1024];
                _ = fileSystem.Read(file!, content, 0, out int count);
                tree.Write($"  {count} "
                    + $"{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content.AsSpan(0, count)).AsSpan(0, 6))}\n");
                file!.Dispose();
            }
        }
    }

    private static string Plain(string name) => name.Length is 0 or > 255 || name.AsSpan().ContainsAny("/\0.\ud800") ? "a" : name;

    private static T Pick<T>(List<T> all, int number) => all[number % all.Count];

    private sealed class Opened<T>(T handle, FileStatus status)
    {
        public T Handle { get; } = handle;

        public FileStatus Status { get; } = status;

        public bool IsClosed { get; set; }
    }
}
