using System;
using System.IO;
using System.Linq;
using System.Text;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Documents;

/// <summary>The stamp's bytes, and what it tells of a file's content.</summary>
public sealed class DocumentStampTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    private readonly TempDirectory _temp = new();
    private readonly PosixFileSystem _fs = new();

    private string Document => Path.Combine(_temp.Path, "state.json");

    [Fact]
    public void The_bytes_are_those_of_the_file_format()
    {
        byte[] value = new byte[DocumentStamp.Bytes];
        DocumentStamp.Of(new Lsn(0x0102), Noon, "{}"u8).Write(value);
        Assert.Equal("01000000" + "02000000" + "0201000000000000", Convert.ToHexString(value.AsSpan(0, 16)));
        Assert.Equal(Noon.UtcTicks, BitConverter.ToInt64(value, 16));
        long seed = unchecked((long)System.IO.Hashing.XxHash3.HashToUInt64(value.AsSpan(0, 24)));
        Assert.Equal(System.IO.Hashing.XxHash3.HashToUInt64("{}"u8, seed), BitConverter.ToUInt64(value, 24));
    }

    [Fact]
    public void A_file_without_one_has_none()
    {
        File.WriteAllText(Document, "{}");
        Assert.Equal((null, StampState.None), Look());
    }

    [Fact]
    public void It_holds_for_the_content_that_was_stamped()
    {
        File.WriteAllText(Document, "{}");
        Stamp("{}", DateTimeOffset.UtcNow);
        Assert.Equal((new Lsn(7), StampState.Holds), Look());
    }

    [Fact]
    public void A_later_change_of_the_same_size_is_an_edit()
    {
        File.WriteAllText(Document, "[2]");
        Stamp("[1]", Noon);
        File.SetLastWriteTimeUtc(Document, Noon.UtcDateTime.AddMilliseconds(1));
        Assert.Equal((new Lsn(7), StampState.Edited), Look());
    }

    [Fact]
    public void Another_size_is_an_edit_whatever_the_time()
    {
        File.WriteAllText(Document, "[1, 2]");
        Stamp("[1]", Noon);
        File.SetLastWriteTimeUtc(Document, Noon.UtcDateTime.AddDays(-1));
        Assert.Equal((new Lsn(7), StampState.Edited), Look());
    }

    [Theory]
    [InlineData("[2]")] // a flipped bit
    [InlineData("\0\0\0\0\0\0\0\0")] // what a power loss leaves
    [InlineData("")]
    public void A_change_that_no_program_made_is_damage(string content)
    {
        File.WriteAllText(Document, content);
        Stamp("[1]", Noon);
        File.SetLastWriteTimeUtc(Document, Noon.UtcDateTime);
        Assert.Equal((new Lsn(7), StampState.Damaged), Look());
    }

    [Fact]
    public void A_flipped_bit_anywhere_in_the_stamp_is_noticed()
    {
        File.WriteAllText(Document, "[1]");
        File.SetLastWriteTimeUtc(Document, Noon.UtcDateTime.AddDays(-1));
        byte[] good = new byte[DocumentStamp.Bytes];
        DocumentStamp.Of(new Lsn(7), Noon, "[1]"u8).Write(good);
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] bad = [.. good];
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Set(bad);
            Assert.NotEqual(StampState.Holds, Look().State);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void One_of_another_length_is_unknown(int length)
    {
        File.WriteAllText(Document, "[1]");
        Set([.. Enumerable.Repeat((byte)1, length)]);
        Assert.Equal((null, StampState.Unknown), Look());
    }

    public void Dispose() => _temp.Dispose();

    private void Stamp(string content, DateTimeOffset time)
    {
        byte[] value = new byte[DocumentStamp.Bytes];
        DocumentStamp.Of(new Lsn(7), time, Encoding.UTF8.GetBytes(content)).Write(value);
        Set(value);
    }

    private void Set(byte[] value) => Opened((directory, _) =>
        Assert.Equal(Errno.None, _fs.SetAttribute(directory, "state.json", StampAttribute.Name, value)));

    private (Lsn? Lsn, StampState State) Look()
    {
        (Lsn?, StampState) answer = default;
        Opened((_, file) =>
        {
            Assert.Equal(
                Errno.None, DocumentStamp.Look(_fs, file, File.ReadAllBytes(Document), out DocumentStamp? stamp, out StampState state));
            answer = (stamp?.Lsn, state);
        });
        return answer;
    }

    private void Opened(Action<DirectoryHandle, FileHandle> use)
    {
        Assert.Equal(Errno.None, _fs.OpenRoot(_temp.Path, out DirectoryHandle? directory));
        using (directory)
        {
            Assert.Equal(Errno.None, _fs.OpenFile(directory!, "state.json", FileUse.Read, out FileHandle? file));
            using (file)
            {
                use(directory!, file!);
            }
        }
    }
}
