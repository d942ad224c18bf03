using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.Testing.Files;

namespace SafeStore.Testing;

/// <summary>The calls of <c>rm</c>, <c>cp</c>, <c>chmod</c> and so on, as a process of the machine makes them.</summary>
internal sealed class ForeignProgram(SimulatedMachine machine, SimulatedProcess process)
{
    private const int BufferBytes = 128 * 1024;
    private const UnixFileMode FileMode = (UnixFileMode)0x1A4; // 0644
    private const UnixFileMode UserOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public SimulatedMachine Machine { get; } = machine;

    public SimulatedFileSystem FileSystem => process.FileSystem;

    private IPathCalls Calls => process.FileSystem;

    public void DeleteFile(string path) => Require(Calls.Unlink(path), "remove", path);

    public void DeleteTree(string path)
    {
        if (StatusOf(path).Status.Kind != FileKind.Directory)
        {
            RequireUnlessBusy(Calls.Unlink(path), path);
            return;
        }

        DeleteContent(path);
        RequireUnlessBusy(Calls.RemoveDirectory(path), path);
    }

    public void Rename(string source, string target) => Require(Calls.Rename(source, target), "rename", source);

    public void WriteFile(string path, string content)
    {
        const OpenFlags flags = OpenFlags.Write | OpenFlags.Create | OpenFlags.Truncate;
        Require(Calls.Open(path, flags, FileMode, out FileHandle? file), "write", path);
        using (file)
        {
            Write(file!, Encoding.UTF8.GetBytes(content), 0);
        }
    }

    public void Truncate(string path, long size)
    {
        Require(Calls.Open(path, OpenFlags.Write, FileMode, out FileHandle? file), "open", path);
        using (file)
        {
            Require(Calls.Truncate(file!, size), "truncate", path);
        }
    }

    public void HardLink(string existing, string created) => Require(Calls.Link(existing, created), "link", created);

    public void SymbolicLink(string target, string created) => Require(Calls.SymbolicLink(target, created), "link", created);

    public void SetMode(string path, UnixFileMode mode) => Require(Calls.SetMode(path, mode), "change the mode of", path);

    public void SetOwner(string path, FileOwner owner) => Require(Calls.SetOwner(path, owner), "change the owner of", path);

    public void CopyTree(string source, string target, bool hasOwnFiles) => Copy(source, target, hasOwnFiles, []);

    public void RestoreTree(string source, string target)
    {
        DeleteContent(target);
        CopyContent(source, target, hasOwnFiles: true, []);
        CopyDescription(source, target);
    }

    private void DeleteContent(string path)
    {
        foreach (string name in NamesIn(path))
        {
            DeleteTree($"{path}/{name}");
        }
    }

    /// <summary>Copies one file or tree; files of several names within it are linked again.</summary>
    private void Copy(string source, string target, bool hasOwnFiles, Dictionary<ulong, string> copied)
    {
        FileStatus status = StatusOf(source).Status;
        switch (status.Kind)
        {
            case FileKind.Directory:
                Require(Calls.MakeDirectory(target, UserOnly), "make the directory", target);
                CopyContent(source, target, hasOwnFiles, copied);
                break;
            case FileKind.SymbolicLink:
                Require(Calls.ReadLink(source, out string leadsTo), "read the link", source);
                SymbolicLink(leadsTo, target);
                return;
            default:
                string? existing = hasOwnFiles ? copied.GetValueOrDefault(status.Inode) : source;
                if (existing is not null)
                {
                    HardLink(existing, target);
                    return;
                }

                CopyFile(source, target);
                copied[status.Inode] = target;
                break;
        }

        CopyDescription(source, target);
    }

    private void CopyContent(string source, string target, bool hasOwnFiles, Dictionary<ulong, string> copied)
    {
        foreach (string name in NamesIn(source))
        {
            Copy($"{source}/{name}", $"{target}/{name}", hasOwnFiles, copied);
        }
    }

    private void CopyFile(string source, string target)
    {
        Require(Calls.Open(source, OpenFlags.Read, 0, out FileHandle? from), "open", source);
        using (from)
        {
            const OpenFlags flags = OpenFlags.Write | OpenFlags.Create | OpenFlags.Exclusive;
            Require(Calls.Open(target, flags, UserOnly & FileMode, out FileHandle? to), "create", target);
            using (to)
            {
                byte[] buffer = new byte[BufferBytes];
                for (long offset = 0; ; offset += buffer.Length)
                {
                    Require(Calls.Handles.Read(from!, buffer, offset, out int count), "read", source);
                    Write(to!, buffer.AsSpan(0, count), offset);
                    if (count < buffer.Length)
                    {
                        break;
                    }
                }
            }
        }
    }

    private void CopyDescription(string source, string target)
    {
        NodeStatus status = StatusOf(source);
        Require(Calls.SetOwner(target, status.Status.Owner), "change the owner of", target);
        Require(Calls.SetMode(target, status.Status.Mode), "change the mode of", target);
        Require(Calls.CopyAttributes(source, target), "copy the attributes to", target);
        Require(Calls.SetTimes(target, status.Accessed, status.Written), "set the times of", target);
    }

    private void Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            Require(Calls.Handles.Write(file, bytes, offset, out int count), "write", file.Path);
            bytes = bytes[count..];
            offset += count;
        }
    }

    private NodeStatus StatusOf(string path)
    {
        Require(Calls.Stat(path, follow: false, out NodeStatus status), "find", path);
        return status;
    }

    private List<string> NamesIn(string path)
    {
        var entries = new List<DirectoryEntry>();
        Require(Calls.List(path, entries), "list", path);
        return entries.ConvertAll(static entry => entry.Name);
    }

    /// <summary>rm goes on where something is mounted.</summary>
    private static void RequireUnlessBusy(Errno errno, string path)
    {
        if (errno is not (Errno.Busy or Errno.NotEmpty))
        {
            Require(errno, "remove", path);
        }
    }

    private static void Require(Errno errno, string operation, string path)
    {
        if (errno != Errno.None)
        {
            throw new IOException($"The other program could not {operation} '{path}': {ErrnoText.Of(errno)}.", (int)errno);
        }
    }
}
