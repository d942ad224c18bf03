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
    public void What_waits_to_be_written_is_what_the_kernel_calls_dirty_and_under_writeback_and_unknown_is_too_much(
        string meminfo, long bytes) =>
        Assert.Equal(bytes, PosixWholeSync.UnwrittenBytes(meminfo));

    [Fact]
    public void The_kernel_tells_what_waits_to_be_written() =>
        Assert.InRange(PosixWholeSync.UnwrittenBytes(PseudoFile.Read("/proc/meminfo")), 0, 1L << 50);

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
    [InlineData("0\n", "17\n", 0L, 17L)]
    [InlineData("2\n", "17\n", 2L, 17L)]
    [InlineData("0\n", null, null, null)]
    [InlineData(null, "17\n", null, null)]
    [InlineData("", "17\n", null, null)]
    public void What_the_kernel_tells_of_a_filesystem_is_how_many_errors_and_messages_there_were(
        string? errors, string? messages, long? errorsFound, long? messagesFound)
    {
        Write("errors_count", errors);
        Write("msg_count", messages);
        using Ext4Report? report = Ext4Report.TryOpen(_test.Directory);
        Assert.Equal(errorsFound is { } count ? (count, messagesFound!.Value) : null, report?.Read());
        Assert.Equal(errors is null || messages is null, report is null);
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

    private void Write(string name, string? text)
    {
        if (text is not null)
        {
            File.WriteAllText(Path.Combine(_test.Directory, name), text);
        }
    }
}
