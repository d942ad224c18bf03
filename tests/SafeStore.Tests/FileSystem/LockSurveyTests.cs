using System.Collections.Generic;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

public sealed class LockSurveyTests
{
    private const string Table = """
        1: POSIX  ADVISORY  WRITE 100 fe:01:77 0 EOF
        2: FLOCK  ADVISORY  WRITE 200 fe:01:77 0 EOF
        2: -> FLOCK  ADVISORY  WRITE 201 fe:01:77 0 EOF
        6: OFDLCK ADVISORY  READ  -1 fe:01:77 0 0
        7: OFDLCK ADVISORY  READ  -1 fe:01:77 0 0
        8: OFDLCK ADVISORY  WRITE -1 fe:01:77 4611686018427387904 4611686018427387904
        9: <none>:0
        garbage
        """;

    [Fact]
    public void Flocks_their_waiters_and_locks_of_bytes_are_read()
    {
        List<SurveyedLock> locks = LockSurvey.Parse(Table);

        Assert.Equal(
            [
                Lock(false, true, 0, 200), Lock(false, true, 0, 201) with { IsWaiting = true }, Lock(true, false, 0, 0),
                Lock(true, false, 0, 0), Lock(true, true, 1L << 62, 0),
            ],
            locks);
    }

    [Fact]
    public void A_lock_of_a_byte_has_the_processes_that_were_found_to_hold_it_and_the_others_are_unknown()
    {
        List<SurveyedLock> joined = LockSurvey.Join(LockSurvey.Parse(Table), [Lock(true, false, 0, 300)]);

        Assert.Equal(
            [
                Lock(false, true, 0, 200), Lock(false, true, 0, 201) with { IsWaiting = true }, Lock(true, false, 0, 300),
                Lock(true, false, 0, 0), Lock(true, true, 1L << 62, 0),
            ],
            joined);
    }

    [Fact]
    public void A_process_that_holds_a_lock_is_found_by_its_open_files()
    {
        using var directory = new TempDirectory();
        var fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(directory.Path, out DirectoryHandle? root));
        using (root)
        {
            Assert.Equal(Errno.None, fs.CreateFile(root!, "anchor", AtomicFile.DefaultMode, out FileHandle? file));
            using (file)
            {
                Assert.Equal(Errno.None, fs.TryLock(file!, LockRange.Byte(3), LockMode.Exclusive));
                Assert.Equal(Errno.None, fs.Stat(file!, out FileStatus status));

                SurveyedLock found = Assert.Single(LockSurvey.Take("anchor").Of(status));

                Assert.Equal(
                    (true, true, 3L, System.Environment.ProcessId),
                    (found.IsOfOpenFile, found.IsExclusive, found.Start, found.ProcessId));
                Assert.Equal(0, Assert.Single(LockSurvey.Take("another").Of(status)).ProcessId);
            }
        }
    }

    [Theory]
    [InlineData(36, "/mnt 2", "ext4", "/dev/root", "rw,noatime")]
    [InlineData(37, "/run", "tmpfs", "tmpfs", "rw,nosuid")]
    public void A_mount_is_found_by_its_id(ulong id, string point, string kind, string source, string options) => Assert.Equal(
        new MountEntry(point, kind, source, options) { FilesystemOptions = "rw" },
        MountInfo.Find(
            "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext4 /dev/root rw\n37 35 0:9 / /run rw,nosuid - tmpfs tmpfs rw\n", id));

    [Fact]
    public void A_mount_that_the_table_does_not_have_is_none() => Assert.Null(MountInfo.Find("36 35 98:0 / / rw - ext4 /dev/root rw", 0));

    private static SurveyedLock Lock(bool isOfOpenFile, bool isExclusive, long start, int process) =>
        new(isOfOpenFile, isExclusive, IsWaiting: false, start, process) { Device = PosixStatus.Device(0xFE, 1), Inode = 77 };
}
