using System;
using System.IO;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>What a kernel, a filesystem or a seccomp filter refuses, and what is done instead.</summary>
public sealed class PosixRefusedCallTests : IDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TempDirectory _temp = new();
    private readonly PosixFileSystem _fileSystem = new();
    private readonly DirectoryHandle _root;

    public PosixRefusedCallTests()
    {
        Assert.Equal(Errno.None, _fileSystem.OpenRoot(_temp.Path, out DirectoryHandle? root));
        _root = root!;
    }

    public void Dispose()
    {
        _root.Dispose();
        _temp.Dispose();
    }

    [Theory]
    [InlineData(Errno.NotImplemented)]
    [InlineData(Errno.NotPermitted)]
    public void Where_statx_is_refused_files_are_described_all_the_same_but_for_their_mount(Errno errno)
    {
        using FileHandle file = Create("a");
        Directory.CreateSymbolicLink(Path.Combine(_temp.Path, "link"), "a");
        FileStatus[] expected = [StatOf("a"), StatOf("link"), StatOf("."), StatOf(file)];
        Assert.Equal(Errno.None, _fileSystem.LastChange(file, out DateTimeOffset changed));

        RefusedCalls.Run(RefusedCall.StatX(errno), () =>
        {
            FileStatus[] found = [StatOf("a"), StatOf("link"), StatOf("."), StatOf(file)];
            Assert.Equal(Array.ConvertAll(expected, static status => status with { MountId = 0 }), found);
            Assert.Equal(Errno.NotFound, _fileSystem.Stat(_root, "missing", out _));
            Assert.Equal(Errno.None, _fileSystem.LastChange(file, out DateTimeOffset again));
            Assert.Equal(changed, again);
            using FileHandle created = Create("b", new FilePermissions(Mode | UnixFileMode.GroupRead, new FileOwner(12, 34)));
            Assert.Equal((Mode | UnixFileMode.GroupRead, new FileOwner(12, 34)), (StatOf(created).Mode, StatOf(created).Owner));
        });
    }

    [Theory]
    [InlineData(Errno.NotImplemented)]
    [InlineData(Errno.NotPermitted)]
    [InlineData(Errno.NotSupported)]
    public void Where_fallocate_is_refused_the_size_alone_is_set_and_a_larger_file_keeps_its_own(Errno errno)
    {
        using FileHandle file = Create("a");
        RefusedCalls.Run(RefusedCall.Fallocate(errno), () =>
        {
            Assert.Equal(Errno.None, _fileSystem.Allocate(file, 10_000));
            Assert.Equal(10_000, StatOf(file).Size);
            Assert.Equal(Errno.None, _fileSystem.Allocate(file, 100));
            Assert.Equal(10_000, StatOf(file).Size);
        });
    }

    [Theory]
    [InlineData(Errno.Invalid)]
    [InlineData(Errno.NotImplemented)]
    public void Where_a_rename_to_a_free_name_is_refused_the_target_is_looked_for_first(Errno errno)
    {
        Create("a").Dispose();
        Create("taken").Dispose();
        Directory.CreateDirectory(Path.Combine(_temp.Path, "d/inner"));
        using DirectoryHandle inner = Open("d/inner");

        RefusedCalls.Run(RefusedCall.Rename(errno, flags: 1), () =>
        {
            Assert.Equal(Errno.Exists, _fileSystem.Rename(_root, "a", _root, "taken", RenameKind.NoReplace));
            Assert.Equal(Errno.NotFound, _fileSystem.Rename(_root, "missing", _root, "taken", RenameKind.NoReplace));
            Assert.Equal(Errno.Invalid, _fileSystem.Rename(_root, "d", inner, "x", RenameKind.NoReplace));
            Assert.Equal(Errno.None, _fileSystem.Rename(_root, "a", inner, "moved", RenameKind.NoReplace));
        });
        Assert.True(File.Exists(Path.Combine(_temp.Path, "d/inner/moved")));
        Assert.True(File.Exists(Path.Combine(_temp.Path, "taken")));
    }

    [Theory]
    [InlineData(Errno.NotImplemented)]
    [InlineData(Errno.NotPermitted)]
    public void Where_listxattrat_is_refused_attributes_are_copied_all_the_same(Errno errno)
    {
        Create("old").Dispose();
        Create("plain").Dispose();
        Directory.CreateSymbolicLink(Path.Combine(_temp.Path, "link"), "old");
        Assert.Equal(Errno.None, _fileSystem.SetAttribute(_root, "old", "user.note", "note"u8));
        using FileHandle file = Create("new");
        RefusedCalls.Run(RefusedCall.ListAttributes(errno), () =>
        {
            Assert.Equal(Errno.NotFound, _fileSystem.CopyAttributes(_root, "missing", _root, "new"));
            Assert.Equal(Errno.None, _fileSystem.CopyAttributes(_root, "plain", _root, "new"));
            Assert.Equal(Errno.None, _fileSystem.CopyAttributes(_root, "link", _root, "new"));
            Assert.Equal(Errno.NoData, _fileSystem.GetAttribute(file, "user.note", out _));
            Assert.Equal(Errno.None, _fileSystem.CopyAttributes(_root, "old", _root, "new"));
        });
        Assert.Equal(Errno.None, _fileSystem.GetAttribute(file, "user.note", out byte[] value));
        Assert.Equal("note"u8, value);
    }

    [Theory]
    [InlineData(Errno.NotImplemented)]
    [InlineData(Errno.NotPermitted)]
    public void Where_setxattrat_is_refused_attributes_are_set_all_the_same(Errno errno)
    {
        using FileHandle file = Create("a");
        Directory.CreateSymbolicLink(Path.Combine(_temp.Path, "link"), "a");
        RefusedCalls.Run(RefusedCall.SetAttributes(errno), () =>
        {
            Assert.Equal(Errno.None, _fileSystem.SetAttribute(_root, "a", "user.note", "note"u8));
            Assert.Equal(Errno.None, _fileSystem.SetAttribute(_root, ".", "user.note", "note"u8));
            Assert.Equal(Errno.SymbolicLink, _fileSystem.SetAttribute(_root, "link", "user.note", "other"u8));
            Assert.Equal(Errno.NotFound, _fileSystem.SetAttribute(_root, "missing", "user.note", "note"u8));
        });
        foreach (Handle handle in new Handle[] { file, _root })
        {
            Assert.Equal(Errno.None, _fileSystem.GetAttribute(handle, "user.note", out byte[] value));
            Assert.Equal("note"u8, value);
        }
    }

    [Fact]
    public void Where_renameat2_is_unknown_a_plain_rename_is_made()
    {
        Create("a").Dispose();
        Create("b").Dispose();
        RefusedCalls.Run(
            RefusedCall.Rename(Errno.NotImplemented, flags: 0),
            () => Assert.Equal(Errno.None, _fileSystem.Rename(_root, "a", _root, "b", RenameKind.Replace)));
        Assert.False(File.Exists(Path.Combine(_temp.Path, "a")));
    }

    [Fact]
    public void A_message_has_the_operation_the_path_the_error_by_its_name_and_what_to_do()
    {
        Assert.Equal(
            "Could not remove '/a/b': EBUSY (16). Something is mounted there, or the kernel uses it: unmount it (findmnt shows what) "
            + "and try again.",
            new StorageException("remove", "/a/b", Errno.Busy).Message);
        Assert.StartsWith("Could not x 'y': errno 201.", new StorageException("x", "y", (Errno)201).Message, StringComparison.Ordinal);
        foreach (Errno errno in Enum.GetValues<Errno>())
        {
            string expected = errno == Errno.None ? "errno 0" : $" ({(int)errno})";
            Assert.Contains(expected, new StorageException("x", "y", errno).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true, System.Runtime.InteropServices.Architecture.RiscV64, false)]
    [InlineData(true, System.Runtime.InteropServices.Architecture.X86, false)]
    [InlineData(false, System.Runtime.InteropServices.Architecture.X64, false)]
    [InlineData(true, System.Runtime.InteropServices.Architecture.X64, true)]
    [InlineData(true, System.Runtime.InteropServices.Architecture.Arm64, true)]
    public void Systems_and_processors_whose_calls_are_not_known_are_refused(
        bool isLinux, System.Runtime.InteropServices.Architecture architecture, bool isAllowed)
    {
        if (isAllowed)
        {
            PosixProcess.ThrowIfUnsupported(isLinux, architecture);
            return;
        }

        string message = Assert.Throws<PlatformNotSupportedException>(() => PosixProcess.ThrowIfUnsupported(isLinux, architecture)).Message;
        Assert.Contains(architecture.ToString(), message, StringComparison.Ordinal);
        Assert.Contains("Linux on x86-64 and arm64", message, StringComparison.Ordinal);
    }

    private FileStatus StatOf(string path)
    {
        Assert.Equal(Errno.None, _fileSystem.Stat(_root, path, out FileStatus status));
        return status;
    }

    private FileStatus StatOf(FileHandle file)
    {
        Assert.Equal(Errno.None, _fileSystem.Stat(file, out FileStatus status));
        return status;
    }

    private DirectoryHandle Open(string path)
    {
        Assert.Equal(Errno.None, _fileSystem.OpenDirectory(_root, path, out DirectoryHandle? directory));
        return directory!;
    }

    private FileHandle Create(string name, FilePermissions? permissions = null)
    {
        Assert.Equal(Errno.None, _fileSystem.CreateFile(_root, name, permissions ?? Mode, out FileHandle? file));
        return file!;
    }
}
