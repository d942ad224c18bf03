#pragma warning disable SYSLIB1054, CA5392, CA2101, CA5393 // A stand-in until the simulator's own calls are here.
using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Tests.Files;

/// <summary>An open file of the real kernel.</summary>
internal sealed class KernelFile(int descriptor, string path) : FileHandle
{
    public override string Path => path;

    internal int Descriptor { get; private set; } = descriptor;

    protected override void Dispose(bool disposing)
    {
        if (Descriptor >= 0)
        {
            _ = close(Descriptor);
            Descriptor = -1;
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);
}

/// <summary>As much of the seam as the view asks for.</summary>
internal sealed class KernelHandles : IDurableFileSystem
{
    public IFileSystem Files => throw new NotSupportedException();

    public Errno Read(FileHandle file, Span<byte> buffer, long offset, out int count)
    {
        long read = pread(((KernelFile)file).Descriptor, ref MemoryMarshal.GetReference(buffer), buffer.Length, offset);
        count = (int)Math.Max(0, read);
        return KernelPathCalls.Result(read);
    }

    public Errno Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset, out int count)
    {
        // At most seven bytes at once: short writes are no errors.
        int length = Math.Min(bytes.Length, 7);
        long written = pwrite(((KernelFile)file).Descriptor, ref MemoryMarshal.GetReference(bytes), length, offset);
        count = (int)Math.Max(0, written);
        return KernelPathCalls.Result(written);
    }

    public Errno Allocate(FileHandle file, long size) => KernelPathCalls.Result(fallocate(((KernelFile)file).Descriptor, 0, 0, size));

    public Errno SyncFile(FileHandle file) => KernelPathCalls.Result(fsync(((KernelFile)file).Descriptor));

    public Errno TryLock(FileHandle file, LockMode mode) =>
        KernelPathCalls.Result(flock(((KernelFile)file).Descriptor, 4 | (mode == LockMode.Exclusive ? 2 : 1)));

    public void FillRandom(Span<byte> bytes) => RandomNumberGenerator.Fill(bytes);

    public Errno OpenRoot(string path, out DirectoryHandle? directory) => throw new NotSupportedException();

    public Errno OpenDirectory(DirectoryHandle parent, string path, out DirectoryHandle? directory) => throw new NotSupportedException();

    public Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode) => throw new NotSupportedException();

    public Errno List(DirectoryHandle directory, ICollection<DirectoryEntry> entries) => throw new NotSupportedException();

    public Errno Stat(DirectoryHandle directory, string name, out FileStatus status) => throw new NotSupportedException();

    public Errno Stat(DirectoryHandle directory, out FileStatus status) => throw new NotSupportedException();

    public Errno Stat(FileHandle file, out FileStatus status) => throw new NotSupportedException();

    public Errno CreateFile(DirectoryHandle directory, string name, UnixFileMode mode, out FileHandle? file) =>
        throw new NotSupportedException();

    public Errno OpenFile(DirectoryHandle directory, string path, FileUse use, out FileHandle? file) => throw new NotSupportedException();

    public Errno IsNameOf(DirectoryHandle directory, string path, FileHandle file, out bool same) => throw new NotSupportedException();

    public Errno SyncData(FileHandle file) => throw new NotSupportedException();

    public Errno SyncDirectory(DirectoryHandle directory) => throw new NotSupportedException();

    public Errno Rename(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target) =>
        throw new NotSupportedException();

    public Errno RenameNoReplace(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target) =>
        throw new NotSupportedException();

    public Errno Exchange(DirectoryHandle directory, string first, string second) => throw new NotSupportedException();

    public Errno Unlink(DirectoryHandle directory, string name) => throw new NotSupportedException();

    public Errno RemoveDirectory(DirectoryHandle parent, string name) => throw new NotSupportedException();

    public Errno Unlock(FileHandle file) => throw new NotSupportedException();

    public IReadOnlyList<LockHolder> LockHolders(FileHandle file) => throw new NotSupportedException();

    public Errno MapWords(FileHandle file, out SharedWords? words) => throw new NotSupportedException();

    public Errno GetAttribute(FileHandle file, string name, out byte[] value) => throw new NotSupportedException();

    public Errno SetAttribute(FileHandle file, string name, ReadOnlySpan<byte> value) => throw new NotSupportedException();

    public Errno Describe(DirectoryHandle directory, out FileSystemTraits? traits) => throw new NotSupportedException();

    [DllImport("libc", SetLastError = true)]
    private static extern long pread(int descriptor, ref byte buffer, long size, long offset);

    [DllImport("libc", SetLastError = true)]
    private static extern long pwrite(int descriptor, ref byte buffer, long size, long offset);

    [DllImport("libc", SetLastError = true)]
    private static extern int fallocate(int descriptor, int mode, long offset, long length);

    [DllImport("libc", SetLastError = true)]
    private static extern int fsync(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int flock(int descriptor, int operation);
}
