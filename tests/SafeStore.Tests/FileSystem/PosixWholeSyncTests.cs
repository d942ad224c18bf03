using System;
using System.IO;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

public sealed class PosixWholeSyncTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly PosixFileSystem _fs = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData("MemTotal: 1 kB\nDirty:               248 kB\nWriteback:             8 kB\nWritebackTmp: 99 kB\n", 256 * 1024)]
    [InlineData("Dirty: 0 kB\nWriteback: 0 kB", 0)]
    [InlineData("Dirty: 1 kB\n", long.MaxValue)]
    [InlineData("Dirty: 1 MB\nWriteback: 0 kB\n", long.MaxValue)]
    [InlineData("Dirty: -1 kB\nWriteback: 0 kB\n", long.MaxValue)]
    [InlineData("Dirty: 9223372036854775807 kB\nWriteback: 0 kB\n", long.MaxValue)]
    [InlineData("", long.MaxValue)]
    public void What_waits_to_be_written_is_what_the_kernel_calls_dirty_and_under_writeback_and_unknown_is_too_much(string meminfo, long bytes) =>
        Assert.Equal(bytes, PosixWholeSync.UnwrittenBytes(meminfo));

    [Fact]
    public void The_kernel_tells_what_waits_to_be_written() => Assert.InRange(PosixWholeSync.UnwrittenBytes(PseudoFile.Read("/proc/meminfo")), 0, 1L << 50);

    [Fact]
    public void The_whole_is_synced_on_ext4_only_and_not_while_too_much_waits_to_be_written()
    {
        Assert.Equal(Errno.None, _fs.OpenRoot(_test.Directory, out DirectoryHandle? directory));
        using (directory)
        {
            Assert.Equal(Errno.None, _fs.Describe(directory!, out FileSystemTraits? traits));
            Assert.Equal(Errno.None, _fs.SyncAll(directory!, long.MaxValue - 1, out bool isDone));
            Assert.Equal(traits!.Name == "ext4" && Environment.OSVersion.Version >= new Version(5, 17), isDone);
            Assert.Equal(Errno.None, _fs.SyncAll(directory!, -1, out isDone));
            Assert.False(isDone);
        }
    }

    [Theory]
    [InlineData("0\n", true)]
    [InlineData("1\n", false)]
    [InlineData("10\n", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_filesystem_is_free_of_errors_if_the_kernel_says_so(string? count, bool isFree)
    {
        string path = Path.Combine(_test.Directory, "errors_count");
        if (count is not null)
        {
            File.WriteAllText(path, count);
        }

        Assert.Equal(isFree, PosixWholeSync.IsFreeOfErrors(path));
    }

    [Fact]
    public void What_is_in_memory_only_is_not_synced_as_a_whole()
    {
        Assert.Equal(Errno.None, _fs.OpenRoot("/dev/shm", out DirectoryHandle? directory));
        using (directory)
        {
            Assert.Equal(Errno.None, _fs.SyncAll(directory!, long.MaxValue - 1, out bool isDone));
            Assert.False(isDone);
        }
    }
}
