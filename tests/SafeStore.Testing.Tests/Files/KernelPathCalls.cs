#pragma warning disable SYSLIB1054, CA5392, CA2101, CA5393, CA1031, CA1838 // A stand-in until the simulator's own calls are here.
using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.Testing.Files;

namespace SafeStore.Testing.Tests.Files;

/// <summary>The calls of the real kernel, for testing the view by itself.</summary>
internal sealed class KernelPathCalls : IPathCalls
{
    private const int AtFdCwd = -100;
    private const int NoFollow = 0x100;
    private const int EmptyPath = 0x1000;

    public DateTimeOffset Now => DateTimeOffset.UtcNow;

    public IDurableFileSystem Handles { get; } = new KernelHandles();

    public Errno Open(string path, OpenFlags flags, UnixFileMode mode, out FileHandle? file)
    {
        int native = 0x80000 | ((flags & OpenFlags.Write) != 0 ? 2 : 0) | ((flags & OpenFlags.Create) != 0 ? 0x40 : 0)
            | ((flags & OpenFlags.Exclusive) != 0 ? 0x80 : 0) | ((flags & OpenFlags.Truncate) != 0 ? 0x200 : 0);
        int descriptor = open(path, native, (uint)mode);
        file = descriptor < 0 ? null : new KernelFile(descriptor, path);
        return Result(descriptor);
    }

    public Errno Truncate(FileHandle file, long size) => Result(ftruncate(((KernelFile)file).Descriptor, size));

    public Errno Stat(string path, bool follow, out NodeStatus status) => Stat(AtFdCwd, path, follow ? 0 : NoFollow, out status);

    public Errno Stat(FileHandle file, out NodeStatus status) => Stat(((KernelFile)file).Descriptor, "", EmptyPath, out status);

    public Errno MakeDirectory(string path, UnixFileMode mode) => Result(mkdir(path, (uint)mode));

    public Errno RemoveDirectory(string path) => Result(rmdir(path));

    public Errno Unlink(string path) => Result(unlink(path));

    public Errno Rename(string source, string target) => Result(rename(source, target));

    public Errno RenameNoReplace(string source, string target) => Result(renameat2(AtFdCwd, source, AtFdCwd, target, 1));

    public Errno Link(string existing, string created) => Result(link(existing, created));

    public Errno SymbolicLink(string target, string created) => Result(symlink(target, created));

    public Errno ReadLink(string path, out string target)
    {
        byte[] buffer = new byte[4096];
        long length = readlink(path, buffer, buffer.Length);
        target = length < 0 ? "" : Encoding.UTF8.GetString(buffer, 0, (int)length);
        return Result(length);
    }

    public Errno SetMode(string path, UnixFileMode mode) => Result(chmod(path, (uint)mode));

    public Errno SetTimes(string path, DateTimeOffset? accessed, DateTimeOffset? written)
    {
        long[] times = [.. Native(accessed), .. Native(written)];
        return Result(utimensat(AtFdCwd, path, times, 0));

        static long[] Native(DateTimeOffset? time) => time is { } set
            ? [set.ToUnixTimeSeconds(), (set.UtcTicks - DateTimeOffset.FromUnixTimeSeconds(set.ToUnixTimeSeconds()).UtcTicks) * 100]
            : [0, (1L << 30) - 2];
    }

    public Errno List(string path, ICollection<DirectoryEntry> entries)
    {
        // The host's own listing does not tell its errno; asking for the path inside does.
        Errno errno = Stat(path + "/.", follow: true, out _);
        if (errno != Errno.None)
        {
            return errno;
        }

        foreach (string entry in Directory.GetFileSystemEntries(path))
        {
            errno = Stat(entry, follow: false, out NodeStatus status);
            if (errno == Errno.None)
            {
                entries.Add(new DirectoryEntry(Path.GetFileName(entry), status.Status.Kind));
            }
        }

        return Errno.None;
    }

    internal static Errno Result(long result) => result < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;

    private static Errno Stat(int directory, string path, int flags, out NodeStatus status)
    {
        byte[] found = new byte[256];
        Errno errno = Result(statx(directory, path, flags, 0xFFF, found));
        status = errno != Errno.None ? default : new NodeStatus(
            new FileStatus(
                Kind(BitConverter.ToUInt16(found, 28) & 0xF000),
                (BitConverter.ToUInt32(found, 136) << 20) | BitConverter.ToUInt32(found, 140),
                BitConverter.ToUInt64(found, 32),
                BitConverter.ToInt64(found, 40),
                (UnixFileMode)(BitConverter.ToUInt16(found, 28) & 0xFFF),
                BitConverter.ToUInt32(found, 16)),
            Time(80),
            Time(64),
            Time(112));
        return errno;

        DateTimeOffset Time(int at) =>
            DateTimeOffset.FromUnixTimeSeconds(BitConverter.ToInt64(found, at)).AddTicks(BitConverter.ToUInt32(found, at + 8) / 100);
    }

    private static FileKind Kind(int bits) => bits switch
    {
        0x8000 => FileKind.Regular,
        0x4000 => FileKind.Directory,
        0xA000 => FileKind.SymbolicLink,
        _ => FileKind.Other,
    };

    [DllImport("libc", SetLastError = true)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mode);

    [DllImport("libc", SetLastError = true)]
    private static extern int ftruncate(int descriptor, long size);

    [DllImport("libc", SetLastError = true)]
    private static extern int statx(
        int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] found);

    [DllImport("libc", SetLastError = true)]
    private static extern int mkdir([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);

    [DllImport("libc", SetLastError = true)]
    private static extern int rmdir([MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    [DllImport("libc", SetLastError = true)]
    private static extern int unlink([MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    [DllImport("libc", SetLastError = true)]
    private static extern int rename(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string source, [MarshalAs(UnmanagedType.LPUTF8Str)] string target);

    [DllImport("libc", SetLastError = true)]
    private static extern int renameat2(
        int from, [MarshalAs(UnmanagedType.LPUTF8Str)] string source, int to, [MarshalAs(UnmanagedType.LPUTF8Str)] string target, uint flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int link(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string created);

    [DllImport("libc", SetLastError = true)]
    private static extern int symlink(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string target, [MarshalAs(UnmanagedType.LPUTF8Str)] string created);

    [DllImport("libc", SetLastError = true)]
    private static extern long readlink([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] target, long size);

    [DllImport("libc", SetLastError = true)]
    private static extern int chmod([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);

    [DllImport("libc", SetLastError = true)]
    private static extern int utimensat(int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, long[] times, int flags);
}
