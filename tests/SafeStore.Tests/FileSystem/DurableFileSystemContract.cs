using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>
/// What every implementation of the seam does alike: kernel, simulator, on every filesystem. The root is an empty directory.
/// </summary>
public abstract partial class DurableFileSystemContract : IDisposable
{
    protected const UnixFileMode FileMode640 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    protected const UnixFileMode DirectoryMode750 =
        FileMode640 | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    private readonly List<IDisposable> _owned = [];

    protected DurableFileSystemContract(IDurableFileSystem fileSystem, string rootPath)
    {
        FileSystem = fileSystem;
        RootPath = rootPath;
        Root = OpenRoot();
    }

    protected IDurableFileSystem FileSystem { get; }

    protected string RootPath { get; }

    protected DirectoryHandle Root { get; }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes a symbolic link.</summary>
    /// <param name="path">Relative to the root.</param>
    /// <param name="target">What it leads to, as it is written into the link.</param>
    protected abstract void PlantSymbolicLink(string path, string target);

    /// <summary>Gives a file another name.</summary>
    /// <param name="path">Relative to the root.</param>
    /// <param name="existing">The file, relative to the root.</param>
    protected abstract void PlantLink(string path, string existing);

    /// <summary>Shows a file or directory at another path too, until the test ends.</summary>
    /// <param name="path">Relative to the root; a file or directory that exists.</param>
    /// <param name="source">What is shown, relative to the root.</param>
    protected abstract void PlantBindMount(string path, string source);

    protected virtual void Dispose(bool disposing)
    {
        foreach (IDisposable handle in _owned)
        {
            handle.Dispose();
        }
    }

    private DirectoryHandle OpenRoot()
    {
        Assert.Equal(Errno.None, FileSystem.OpenRoot(RootPath, out DirectoryHandle? root));
        return Own(root!);
    }

    private T Own<T>(T handle)
        where T : IDisposable
    {
        _owned.Add(handle);
        return handle;
    }

    private DirectoryHandle MakeDirectory(string name, DirectoryHandle? parent = null)
    {
        Assert.Equal(Errno.None, FileSystem.MakeDirectory(parent ?? Root, name, DirectoryMode750, out DirectoryHandle? made));
        return Own(made!);
    }

    /// <summary>Whether a path leads to an open file.</summary>
    private bool Leads(DirectoryHandle directory, string path, FileHandle file)
    {
        Assert.Equal(Errno.None, FileSystem.Stat(file, out FileStatus own));
        return FileSystem.Stat(directory, path, out FileStatus named) == Errno.None && named.IsSameFile(own);
    }

    private DirectoryHandle OpenDirectory(string path, DirectoryHandle? parent = null)
    {
        Assert.Equal(Errno.None, FileSystem.OpenDirectory(parent ?? Root, path, out DirectoryHandle? directory));
        return Own(directory!);
    }

    private FileHandle Create(string name, ReadOnlySpan<byte> content = default, DirectoryHandle? directory = null)
    {
        Assert.Equal(Errno.None, FileSystem.CreateFile(directory ?? Root, name, FileMode640, out FileHandle? file));
        Write(Own(file!), content, 0);
        return file!;
    }

    private FileHandle Open(string path, FileUse use = FileUse.Read)
    {
        Assert.Equal(Errno.None, FileSystem.OpenFile(Root, path, use, out FileHandle? file));
        return Own(file!);
    }

    private void Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        Assert.Equal(Errno.None, FileSystem.Write(file, bytes, offset, out int count));
        Assert.Equal(bytes.Length, count);
    }

    private byte[] Read(FileHandle file)
    {
        byte[] buffer = new byte[4096];
        Assert.Equal(Errno.None, FileSystem.Read(file, buffer, 0, out int count));
        return buffer[..count];
    }

    private byte[] Read(string path) => Read(Open(path));

    private FileStatus Stat(string name)
    {
        Assert.Equal(Errno.None, FileSystem.Stat(Root, name, out FileStatus status));
        return status;
    }

    private string[] Names(DirectoryHandle? directory = null)
    {
        List<DirectoryEntry> entries = [];
        Assert.Equal(Errno.None, FileSystem.List(directory ?? Root, entries));
        return [.. entries.Select(entry => entry.Name).Order(StringComparer.Ordinal)];
    }
}
