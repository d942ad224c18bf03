using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>Locks of files, of directories and of single bytes.</summary>
public abstract partial class DurableFileSystemContract
{
    [Fact]
    public void A_lock_of_a_directory_excludes_another_handle_of_the_same_directory()
    {
        DirectoryHandle first = MakeDirectory("d");
        DirectoryHandle second = OpenDirectory("d");

        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Whole, LockMode.Exclusive));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(second, LockRange.Whole, LockMode.Shared));
        Assert.True(Assert.Single(FileSystem.LockHolders(second)).IsExclusive);
        first.Dispose();
        Assert.Equal(Errno.None, FileSystem.TryLock(second, LockRange.Whole, LockMode.Exclusive));
    }

    [Fact]
    public void Locks_of_different_bytes_do_not_exclude_each_other()
    {
        FileHandle first = Create("lock");
        FileHandle second = Open("lock", FileUse.ReadWrite);

        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Byte(0), LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.TryLock(second, LockRange.Byte(1), LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.TryLock(second, LockRange.Byte(long.MaxValue - 1), LockMode.Exclusive));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(second, LockRange.Byte(0), LockMode.Exclusive));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(second, LockRange.Byte(0), LockMode.Shared));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(first, LockRange.Byte(long.MaxValue - 1), LockMode.Shared));
    }

    [Fact]
    public void Shared_locks_of_a_byte_go_together_and_hold_off_an_exclusive_one()
    {
        FileHandle first = Create("lock");
        FileHandle second = Open("lock");
        FileHandle third = Open("lock", FileUse.ReadWrite);

        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Byte(7), LockMode.Shared));
        Assert.Equal(Errno.None, FileSystem.TryLock(second, LockRange.Byte(7), LockMode.Shared));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(third, LockRange.Byte(7), LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.Unlock(first, LockRange.Byte(7)));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(third, LockRange.Byte(7), LockMode.Exclusive));
        second.Dispose();
        Assert.Equal(Errno.None, FileSystem.TryLock(third, LockRange.Byte(7), LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.Unlock(first, LockRange.Byte(7)));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(first, LockRange.Byte(7), LockMode.Shared));
    }

    [Fact]
    public void A_refused_change_of_a_locked_byte_leaves_the_lock_as_it_was()
    {
        FileHandle first = Create("lock");
        FileHandle second = Open("lock", FileUse.ReadWrite);
        FileHandle third = Open("lock", FileUse.ReadWrite);
        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Byte(0), LockMode.Shared));
        Assert.Equal(Errno.None, FileSystem.TryLock(second, LockRange.Byte(0), LockMode.Shared));

        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(first, LockRange.Byte(0), LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.Unlock(second, LockRange.Byte(0)));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(third, LockRange.Byte(0), LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Byte(0), LockMode.Exclusive));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(third, LockRange.Byte(0), LockMode.Shared));
        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Byte(0), LockMode.Shared));
        Assert.Equal(Errno.None, FileSystem.TryLock(third, LockRange.Byte(0), LockMode.Shared));
    }

    [Fact]
    public void Locks_of_bytes_and_of_the_whole_do_not_see_each_other()
    {
        FileHandle first = Create("lock");
        FileHandle second = Open("lock", FileUse.ReadWrite);

        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Whole, LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.TryLock(second, LockRange.Byte(0), LockMode.Exclusive));
        Assert.Equal([false, true], FileSystem.LockHolders(first).Select(static holder => holder.ProcessId == 0).Order());
        Assert.Equal(Errno.None, FileSystem.Unlock(second, LockRange.Whole));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(first, LockRange.Byte(0), LockMode.Shared));
    }

    [Fact]
    public void An_exclusive_lock_of_a_byte_needs_a_handle_that_can_write()
    {
        Create("lock");
        DirectoryHandle directory = MakeDirectory("d");

        Assert.Equal(Errno.BadHandle, FileSystem.TryLock(Open("lock"), LockRange.Byte(0), LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.TryLock(Open("lock"), LockRange.Byte(0), LockMode.Shared));
        Assert.Equal(Errno.BadHandle, FileSystem.TryLock(directory, LockRange.Byte(0), LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.TryLock(directory, LockRange.Byte(0), LockMode.Shared));
        Assert.Equal(Errno.None, FileSystem.Unlock(directory, LockRange.Byte(0)));
        Assert.Equal(Errno.None, FileSystem.Unlock(directory, LockRange.Byte(0)));
    }

    [Fact]
    public void A_look_at_a_byte_tells_whether_another_handle_excludes_a_lock_and_takes_none()
    {
        FileHandle first = Create("lock");
        FileHandle second = Open("lock", FileUse.Read);

        Assert.Equal(Errno.None, FileSystem.TestLock(second, LockRange.Byte(5), LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Byte(5), LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.TestLock(first, LockRange.Byte(5), LockMode.Exclusive)); // its own
        Assert.Equal(Errno.WouldBlock, FileSystem.TestLock(second, LockRange.Byte(5), LockMode.Shared));
        Assert.Equal(Errno.None, FileSystem.TestLock(second, LockRange.Byte(6), LockMode.Shared));
        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Byte(5), LockMode.Shared));
        Assert.Equal(Errno.None, FileSystem.TestLock(second, LockRange.Byte(5), LockMode.Shared));
        Assert.Equal(Errno.WouldBlock, FileSystem.TestLock(second, LockRange.Byte(5), LockMode.Exclusive));
        Assert.Equal(Errno.Invalid, FileSystem.TestLock(second, LockRange.Whole, LockMode.Shared));
    }

    [Fact]
    public void What_is_no_value_of_its_kind_is_invalid()
    {
        FileHandle file = Create("lock");

        Assert.Equal(Errno.Invalid, FileSystem.TryLock(file, LockRange.Whole, (LockMode)7));
        Assert.Equal(Errno.Invalid, FileSystem.TryLock(file, LockRange.Byte(0), (LockMode)(-1)));
        Assert.Equal(Errno.Invalid, FileSystem.TestLock(file, LockRange.Byte(0), (LockMode)2));
        Assert.Equal(Errno.Invalid, FileSystem.OpenFile(Root, "lock", (FileUse)9, out FileHandle? opened));
        Assert.Null(opened);
        Assert.Equal(Errno.Invalid, FileSystem.Rename(Root, "lock", Root, "other", (RenameKind)9));
    }
}
