using System;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly FaultyFileSystem _fileSystem = new(new PosixFileSystem());
    private readonly DirectoryHandle _root;

    public AtomicFileTests()
    {
        Assert.Equal(Errno.None, _fileSystem.OpenRoot(_temp.Path, out DirectoryHandle? root));
        _root = root!;
    }

    private string Target => Path.Combine(_temp.Path, "target");

    public void Dispose()
    {
        _root.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void Content_is_synced_before_the_rename_and_the_name_after_it()
    {
        new AtomicFile(_fileSystem).Write(_root, "target", "new"u8);

        Assert.Equal(["CreateFile", "Write", "SyncFile", "Rename", "SyncDirectory"], _fileSystem.Calls);
        Assert.Equal("new", File.ReadAllText(Target));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(Target));
        Assert.Equal([Target], Directory.GetFileSystemEntries(_temp.Path));
    }

    [Fact]
    public void A_write_that_need_not_be_durable_syncs_nothing()
    {
        new AtomicFile(_fileSystem) { IsDurable = false }.Write(_root, "target", "new"u8);

        Assert.Equal(["CreateFile", "Write", "Rename"], _fileSystem.Calls);
        Assert.Equal("new", File.ReadAllText(Target));
    }

    [Fact]
    public void A_file_is_written_by_its_absolute_path()
    {
        File.WriteAllText(Target, "something longer");
        new AtomicFile(_fileSystem).Write(Target, "new"u8);

        Assert.Equal("new", File.ReadAllText(Target));
    }

    [Fact]
    public void Empty_content_makes_an_empty_file()
    {
        new AtomicFile(_fileSystem).Write(_root, "target", default);

        Assert.Empty(File.ReadAllBytes(Target));
    }

    [Fact]
    public void Short_writes_are_continued()
    {
        byte[] content = [.. Enumerable.Range(0, 1000).Select(number => (byte)number)];
        _fileSystem.LargestTransfer = 7;

        new AtomicFile(_fileSystem).Write(_root, "target", content);

        Assert.Equal(content, File.ReadAllBytes(Target));
    }

    [Fact]
    public void A_device_that_takes_no_bytes_is_not_asked_forever()
    {
        _fileSystem.LargestTransfer = 0;

        StorageException exception = Assert.Throws<StorageException>(() => new AtomicFile(_fileSystem).Write(_root, "target", "new"u8));

        Assert.Equal(Errno.InputOutput, exception.Errno);
        Assert.Empty(Directory.GetFileSystemEntries(_temp.Path));
    }

    [Theory]
    [InlineData("CreateFile", Errno.ReadOnly)]
    [InlineData("Write", Errno.NoSpace)]
    [InlineData("SyncFile", Errno.InputOutput)]
    [InlineData("Rename", Errno.InputOutput)]
    public void A_failure_before_the_rename_keeps_the_old_content_and_removes_the_temp_file(string verb, Errno errno)
    {
        File.WriteAllText(Target, "old");
        _fileSystem.Fault = called => called == verb ? errno : Errno.None;

        StorageException exception = Assert.Throws<StorageException>(() => new AtomicFile(_fileSystem).Write(_root, "target", "new"u8));

        Assert.Equal(errno, exception.Errno);
        Assert.Equal(Target, exception.Path);
        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.GetFileSystemEntries(_temp.Path));
    }

    [Fact]
    public void A_failed_cleanup_does_not_hide_the_first_error()
    {
        _fileSystem.Fault = verb => verb switch
        {
            "SyncFile" => Errno.InputOutput,
            "Unlink" => Errno.ReadOnly,
            _ => Errno.None,
        };

        StorageException exception = Assert.Throws<StorageException>(() => new AtomicFile(_fileSystem).Write(_root, "target", "new"u8));

        Assert.Equal(Errno.InputOutput, exception.Errno);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public void A_failed_sync_of_the_directory_says_that_the_new_content_is_visible()
    {
        File.WriteAllText(Target, "old");
        _fileSystem.Fault = verb => verb == "SyncDirectory" ? Errno.InputOutput : Errno.None;

        NotDurableException exception =
            Assert.Throws<NotDurableException>(() => new AtomicFile(_fileSystem).Write(_root, "target", "new"u8));

        Assert.Equal("not-durable", exception.Code);
        Assert.Equal(Errno.InputOutput, exception.Errno);
        Assert.Equal(Target, exception.Path);
        Assert.Contains("is visible, but may not be durable", exception.Message, StringComparison.Ordinal);
        Assert.Contains("EIO (5)", exception.Message, StringComparison.Ordinal);
        Assert.Equal("new", File.ReadAllText(Target));
    }

    [Fact]
    public void A_taken_temp_name_is_replaced_by_another_and_left_alone()
    {
        int attempts = 0;
        _fileSystem.Fault = verb => verb == "CreateFile" && attempts++ < 2 ? Errno.Exists : Errno.None;

        new AtomicFile(_fileSystem).Write(_root, "target", "new"u8);

        Assert.Equal(3, attempts);
        Assert.DoesNotContain("Unlink", _fileSystem.Calls);
    }

    [Fact]
    public void A_symlink_at_the_target_is_replaced_and_its_target_kept()
    {
        string other = Path.Combine(_temp.Path, "other");
        File.WriteAllText(other, "other");
        File.CreateSymbolicLink(Target, other);

        new AtomicFile(_fileSystem).Write(_root, "target", "new"u8);

        Assert.Null(File.ResolveLinkTarget(Target, returnFinalTarget: false));
        Assert.Equal("new", File.ReadAllText(Target));
        Assert.Equal("other", File.ReadAllText(other));
    }

    [Fact]
    public void A_directory_at_the_target_is_kept()
    {
        Directory.CreateDirectory(Target);

        StorageException exception = Assert.Throws<StorageException>(() => new AtomicFile(_fileSystem).Write(_root, "target", "new"u8));

        Assert.Equal(Errno.IsDirectory, exception.Errno);
        Assert.Equal([Target], Directory.GetFileSystemEntries(_temp.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("/a")]
    [InlineData("a\0b")]
    public void A_name_that_is_no_single_component_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => new AtomicFile(_fileSystem).Write(_root, name, "new"u8));

    [Theory]
    [InlineData("")]
    [InlineData("relative")]
    [InlineData("/")]
    [InlineData("/tmp/")]
    [InlineData("/tmp/..")]
    [InlineData("/t\0mp/file")]
    public void A_path_that_is_not_absolute_or_names_no_file_is_refused(string path) =>
        Assert.Throws<ArgumentException>(() => new AtomicFile(_fileSystem).Write(path, "new"u8));

    [Fact]
    public void A_missing_directory_is_told_by_its_path()
    {
        string missing = Path.Combine(_temp.Path, "missing");

        StorageException exception = Assert.Throws<StorageException>(() => new AtomicFile(_fileSystem).Write(missing + "/file", "new"u8));

        Assert.Equal(missing, exception.Path);
        Assert.Equal(Errno.NotFound, exception.Errno);
    }
}
