using System;
using System.Runtime.InteropServices;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>Writes past the page cache, and waits on shared words.</summary>
public abstract partial class DurableFileSystemContract
{
    private const int Direct = IDurableFileSystem.DirectBytes;

    [Fact]
    public void A_write_past_the_cache_is_seen_by_handles_that_have_read_before_and_by_later_ones()
    {
        Create("log", new byte[2 * Direct]).Dispose();
        FileHandle cached = Open("log");
        Assert.Equal(new byte[2 * Direct], ReadAll(cached, 2 * Direct));
        Assert.Equal(Errno.None, FileSystem.OpenFile(Root, "log", FileUse.Direct, out FileHandle? direct));
        Own(direct!);

        Assert.Equal(Errno.None, FileSystem.Write(direct!, Aligned((byte)'x'), Direct, out int count));
        Assert.Equal(Direct, count);
        Assert.Equal(Errno.None, FileSystem.SyncData(cached));

        byte[] expected = [.. new byte[Direct], .. Aligned((byte)'x')];
        Assert.Equal(expected, ReadAll(cached, 2 * Direct));
        Assert.Equal(expected, ReadAll(Open("log"), 2 * Direct));
    }

    [Fact]
    public void A_file_that_is_read_in_pieces_shows_what_others_write_and_cannot_be_written()
    {
        FileHandle file = Create("log", new byte[2 * Direct]);
        Assert.Equal(Errno.None, FileSystem.OpenFile(Root, "log", FileUse.ReadInPieces, out FileHandle? pieces));
        Own(pieces!);
        Assert.Equal(Errno.None, FileSystem.Write(file, Aligned((byte)'x'), Direct, out _));

        Assert.Equal([.. new byte[Direct], .. Aligned((byte)'x')], ReadAll(pieces!, 2 * Direct));
        Assert.NotEqual(Errno.None, FileSystem.Write(pieces!, Aligned((byte)'y'), 0, out _));
    }

    [Fact]
    public void Writes_past_and_through_the_cache_to_blocks_of_their_own_do_not_disturb_each_other()
    {
        FileHandle cached = Create("log", new byte[2 * Direct]);
        Assert.Equal(Errno.None, FileSystem.OpenFile(Root, "log", FileUse.Direct, out FileHandle? direct));
        Own(direct!);
        for (byte round = 1; round < 20; round++)
        {
            Assert.Equal(Errno.None, FileSystem.Write(cached, Aligned(round), Direct, out _));
            Assert.Equal(Errno.None, FileSystem.Write(direct!, Aligned((byte)(100 + round)), 0, out _));
            Assert.Equal([.. Aligned((byte)(100 + round)), .. Aligned(round)], ReadAll(cached, 2 * Direct));
        }
    }

    [Fact]
    public void A_wait_for_a_shared_word_ends_when_the_word_has_another_value_or_the_time_is_up()
    {
        FileHandle file = Create("words", new byte[64]);
        Assert.Equal(Errno.None, FileSystem.MapWords(file, out SharedWords? words));
        Own(words!);
        Write(file, [7, 0, 0, 0, 1, 0, 0, 0], 24);

        words!.Wait(3, 6, TimeSpan.FromDays(1));
        words.Wait(3, 7, TimeSpan.FromTicks(1)); // the lower half counts
        words.Wake(3); // nobody waits
    }

    [Fact]
    public void A_wait_refuses_a_word_that_is_not_there_and_a_time_that_is_none()
    {
        Assert.Equal(Errno.None, FileSystem.MapWords(Create("words", new byte[64]), out SharedWords? words));
        Assert.Throws<ArgumentOutOfRangeException>(() => words!.Wait(8, 0, TimeSpan.FromTicks(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => words!.Wait(0, 0, TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => words!.Wake(-1));
        words!.Dispose();
        Assert.Throws<ObjectDisposedException>(() => words.Wake(0));
        Assert.Throws<ObjectDisposedException>(() => words.Wait(0, 0, TimeSpan.FromTicks(1)));
    }

    /// <summary>One block at an address from which a disk can read it.</summary>
    private static Span<byte> Aligned(byte value)
    {
        byte[] array = GC.AllocateArray<byte>(2 * Direct, pinned: true);
        int start = (int)(-(long)Marshal.UnsafeAddrOfPinnedArrayElement(array, 0) & (Direct - 1));
        Span<byte> block = array.AsSpan(start, Direct);
        block.Fill(value);
        return block;
    }

    private byte[] ReadAll(FileHandle file, int length)
    {
        byte[] bytes = new byte[length];
        Assert.Equal(Errno.None, FileSystem.Read(file, bytes, 0, out int count));
        Assert.Equal(length, count);
        return bytes;
    }
}
