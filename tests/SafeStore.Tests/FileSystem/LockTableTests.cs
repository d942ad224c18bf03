using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

public sealed class LockTableTests
{
    private const string Table = """
        1: POSIX  ADVISORY  WRITE 100 fe:01:77 0 EOF
        2: FLOCK  ADVISORY  WRITE 200 fe:01:77 0 EOF
        2: -> FLOCK  ADVISORY  WRITE 201 fe:01:77 0 EOF
        3: FLOCK  ADVISORY  READ  300 00:2a:88 0 EOF
        4: FLOCK  ADVISORY  READ  301 00:2a:88 0 EOF
        5: FLOCK  ADVISORY  WRITE 400 fe:02:77 0 EOF
        6: OFDLCK ADVISORY  READ  -1 fe:01:77 0 0
        7: FLOCK  ADVISORY  WRITE 0 fe:01:99 0 EOF
        8: FLOCK  ADVISORY  WRITE -1 fe:01:98 0 EOF
        9: <none>:0
        garbage
        10: FLOCK  ADVISORY  WRITE x fe:01:77 0 EOF
        11: FLOCK  ADVISORY  WRITE 500 fe:77 0 EOF
        """;

    [Fact]
    public void Locks_of_the_whole_and_of_bytes_count_and_no_waiters_and_no_locks_of_processes() =>
        Assert.Equal([(200, true), (0, false)], LockTable.Parse(Table, PosixStatus.Device(0xFE, 1), 77));

    [Fact]
    public void Every_shared_holder_is_named() =>
        Assert.Equal([(300, false), (301, false)], LockTable.Parse(Table, PosixStatus.Device(0, 0x2A), 88));

    [Fact]
    public void The_inode_alone_counts_where_no_line_has_the_device() =>
        Assert.Equal([(200, true), (400, true), (0, false)], LockTable.Parse(Table, PosixStatus.Device(9, 9), 77));

    [Theory]
    [InlineData(99)]
    [InlineData(98)]
    public void A_holder_in_another_pid_namespace_has_the_number_0(ulong inode) =>
        Assert.Equal([(0, true)], LockTable.Parse(Table, PosixStatus.Device(0xFE, 1), inode));

    [Fact]
    public void An_unlocked_file_and_an_empty_table_have_no_holders()
    {
        Assert.Empty(LockTable.Parse(Table, PosixStatus.Device(0xFE, 1), 1));
        Assert.Empty(LockTable.Parse("", PosixStatus.Device(0xFE, 1), 77));
    }
}
