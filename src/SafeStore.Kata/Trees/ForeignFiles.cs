using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Kata;

/// <summary>Reads files of another program; follows no symbolic link, and what goes wrong is a <see cref="StorageException"/>.</summary>
internal sealed class ForeignFiles(IFileSystem files)
{
    /// <summary>What is in a directory, sorted by the bytes of the names; null if it does not exist.</summary>
    /// <exception cref="StorageException">It cannot be listed.</exception>
    public IReadOnlyList<DirectoryEntry>? List(string path)
    {
        try
        {
            return [.. files.DirectoryInfo.New(path).EnumerateFileSystemInfos()
                .Select(static entry => new DirectoryEntry(entry.Name, KindOf(entry)))
                .OrderBy(static entry => entry.Name, StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed("list the directory", path, failure);
        }
    }

    /// <summary>The size of a file in bytes.</summary>
    /// <exception cref="StorageException">The operating system does not tell.</exception>
    public long SizeOf(string path)
    {
        try
        {
            return files.FileInfo.New(path).Length;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed("look at the file", path, failure);
        }
    }

    /// <summary>All bytes of a file. One without any is not opened: it may be a pipe, whose opening would wait for a writer.</summary>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public byte[] Read(string path)
    {
        try
        {
            return SizeOf(path) == 0 ? [] : files.File.ReadAllBytes(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed("read the file", path, failure);
        }
    }

    private static FileKind KindOf(IFileSystemInfo entry) =>
        entry.LinkTarget is not null ? FileKind.SymbolicLink
        : entry is IDirectoryInfo ? FileKind.Directory
        : FileKind.Regular;

    private static StorageException Failed(string operation, string path, Exception failure) =>
        new(operation, path, ErrnoOf(failure), failure);

    private static Errno ErrnoOf(Exception failure) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => Errno.NotFound,
        UnauthorizedAccessException => Errno.AccessDenied,
        { HResult: > 0 and < 4096 } => (Errno)failure.HResult,
        _ => Errno.InputOutput,
    };
}
