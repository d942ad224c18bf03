using System;
using System.IO;
using System.IO.Abstractions;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Testing.Tests.Files;

public abstract class StreamContract(FilesUnderTest under) : FilesContract(under)
{
    [Fact]
    public void What_is_written_is_read_at_its_position()
    {
        using FileSystemStream stream = File.Create(At("f"));
        stream.Write("hello"u8);
        stream.WriteByte((byte)'!');
        Assert.Equal(6, stream.Position);
        Assert.Equal(6, stream.Length);
        Assert.Equal(1, stream.Seek(1, SeekOrigin.Begin));
        Assert.Equal('e', stream.ReadByte());
        Assert.Equal(4, stream.Seek(-2, SeekOrigin.End));
        Assert.Equal(5, stream.Seek(1, SeekOrigin.Current));
        byte[] rest = new byte[9];
        Assert.Equal(1, stream.Read(rest, 3, 6));
        Assert.Equal('!', (char)rest[3]);
        Assert.Equal(-1, stream.ReadByte());
        Assert.Equal(0, stream.Read(rest.AsSpan()));
        Assert.Equal(At("f"), stream.Name);
        Assert.True(stream is { CanRead: true, CanWrite: true, CanSeek: true });
    }

    [Fact]
    public void A_write_behind_the_end_leaves_zeros()
    {
        using FileSystemStream stream = File.Create(At("f"));
        stream.Position = 3;
        stream.Write("x"u8);
        stream.Flush();
        stream.Position = 0;
        byte[] all = new byte[4];
        stream.ReadExactly(all);
        Assert.Equal([0, 0, 0, (byte)'x'], all);
    }

    [Fact]
    public void The_length_can_be_set_up_and_down()
    {
        Given("f", "0123456789");
        using FileSystemStream stream = File.Open(At("f"), FileMode.Open);
        stream.Position = 8;
        stream.SetLength(4);
        Assert.Equal(4, stream.Length);
        Assert.Equal(4, stream.Position);
        stream.SetLength(6);
        Assert.Equal(6, stream.Length);
        Assert.Equal(4, stream.Position);
        Assert.Equal(0, stream.ReadByte());
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.SetLength(-1));
    }

    [Fact]
    public void Positions_before_the_start_are_refused()
    {
        using FileSystemStream stream = File.Create(At("f"));
        FailsWith(22, () => stream.Seek(-1, SeekOrigin.Begin));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Position = -1);
        Assert.Throws<ArgumentException>(() => stream.Seek(0, (SeekOrigin)3));
    }

    [Fact]
    public void Modes_decide_what_becomes_of_an_existing_and_a_missing_file()
    {
        Given("f", "old");
        FailsWith(17, () => File.Open(At("f"), FileMode.CreateNew));
        Assert.Throws<FileNotFoundException>(() => File.Open(At("g"), FileMode.Open));
        Assert.Throws<FileNotFoundException>(() => File.Open(At("g"), FileMode.Truncate));
        Assert.Equal(3, Length("f", FileMode.Open));
        Assert.Equal(3, Length("f", FileMode.OpenOrCreate));
        Assert.Equal(3, Length("f", FileMode.Append, FileAccess.Write));
        Assert.Equal(0, Length("f", FileMode.Truncate));
        Given("f", "old");
        Assert.Equal(0, Length("f", FileMode.Create));
        Assert.Equal(0, Length("h", FileMode.CreateNew));
        Assert.Equal(0, Length("i", FileMode.OpenOrCreate));
        Assert.Equal(0, Length("j", FileMode.Append, FileAccess.Write));
        Assert.Throws<ArgumentException>(() => File.Open(At("f"), FileMode.Append, FileAccess.ReadWrite));
        Assert.Throws<ArgumentException>(() => File.Open(At("f"), FileMode.Create, FileAccess.Read));
        Assert.Throws<ArgumentException>(() => File.Open(At("f"), new FileStreamOptions { Mode = FileMode.Truncate }));
        Assert.Throws<ArgumentOutOfRangeException>(() => File.Open(At("f"), (FileMode)7));
        Assert.Throws<ArgumentOutOfRangeException>(() => File.Open(At("f"), FileMode.Open, (FileAccess)4));
        Assert.Throws<ArgumentOutOfRangeException>(() => File.Open(At("f"), FileMode.Open, FileAccess.Read, (FileShare)8));
    }

    [Fact]
    public void Appending_leaves_what_is_there_alone()
    {
        Given("f", "old");
        using (FileSystemStream stream = Files.FileStream.New(At("f"), FileMode.Append))
        {
            Assert.Equal(3, stream.Position);
            Assert.Throws<IOException>(() => stream.Seek(0, SeekOrigin.Begin));
            Assert.Throws<IOException>(() => stream.Position = 2);
            Assert.Throws<IOException>(() => stream.SetLength(2));
            Assert.Throws<NotSupportedException>(() => stream.ReadByte());
            stream.Write("new"u8);
        }

        Assert.Equal("oldnew", File.ReadAllText(At("f")));
    }

    [Fact]
    public void A_stream_does_only_what_it_was_opened_for()
    {
        Given("f");
        using (FileSystemStream reader = File.OpenRead(At("f")))
        {
            Assert.True(reader is { CanRead: true, CanWrite: false });
            Assert.Throws<NotSupportedException>(() => reader.Write("x"u8));
            Assert.Throws<NotSupportedException>(() => reader.WriteByte(1));
            Assert.Throws<NotSupportedException>(() => reader.SetLength(1));
            reader.Flush(true);
        }

        using FileSystemStream writer = File.OpenWrite(At("f"));
        Assert.True(writer is { CanRead: false, CanWrite: true });
        Assert.Throws<NotSupportedException>(() => writer.ReadByte());
        Assert.Equal(4, writer.Length);
    }

    [Theory]
    [InlineData(FileShare.None, FileShare.None, true)]
    [InlineData(FileShare.None, FileShare.Read, true)]
    [InlineData(FileShare.ReadWrite, FileShare.None, true)]
    [InlineData(FileShare.Read, FileShare.Read, false)]
    [InlineData(FileShare.Read, FileShare.ReadWrite, false)]
    [InlineData(FileShare.Delete, FileShare.Write, false)]
    public void A_file_that_is_not_shared_cannot_be_opened_again(FileShare first, FileShare second, bool conflicts)
    {
        Given("f");
        using (Files.FileStream.New(At("f"), FileMode.Open, FileAccess.ReadWrite, first))
        {
            if (conflicts)
            {
                FailsWith(11, () => Files.FileStream.New(At("f"), FileMode.Open, FileAccess.Read, second));
            }
            else
            {
                Files.FileStream.New(At("f"), FileMode.Open, FileAccess.Read, second).Dispose();
            }
        }

        Files.FileStream.New(At("f"), FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    [Fact]
    public void A_file_is_not_emptied_unless_it_can_be_opened()
    {
        Given("f", "kept");
        using FileSystemStream stream = File.OpenRead(At("f"));
        FailsWith(11, () => File.Create(At("f")));
        Assert.Equal(4, stream.Length);
    }

    [Fact]
    public void Two_streams_see_each_others_writes()
    {
        using FileSystemStream one = Files.FileStream.New(At("f"), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);
        using FileSystemStream two = Files.FileStream.New(At("f"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        one.Write("one"u8);
        one.Flush();
        Assert.Equal('o', two.ReadByte());
        Assert.Equal(3, two.Length);
    }

    [Fact]
    public void A_closed_stream_says_so()
    {
        FileSystemStream stream = File.Create(At("f"));
        stream.Dispose();
        stream.Dispose();
        Assert.False(stream.CanRead || stream.CanWrite || stream.CanSeek);
        foreach (Action use in new Action[]
        {
            () => stream.ReadByte(),
            () => stream.WriteByte(1),
            () => stream.Write("x"u8),
            () => stream.Seek(0, SeekOrigin.Begin),
            () => stream.SetLength(0),
            () => stream.Flush(),
            () => stream.Flush(true),
            () => _ = stream.Length,
            () => _ = stream.Position,
        })
        {
            Assert.Throws<ObjectDisposedException>(use);
        }
    }

    [Fact]
    public async Task A_stream_works_asynchronously()
    {
        CancellationToken cancelled = new(canceled: true);
        byte[] buffer = new byte[5];
        FileSystemStream stream = Files.FileStream.New(
            At("f"), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 4096, useAsync: true);
        await stream.WriteAsync("hello"u8.ToArray().AsMemory());
        await stream.FlushAsync();
        stream.Position = 0;
        Assert.Equal(5, await stream.ReadAsync(buffer.AsMemory()));
        stream.Position = 0;
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy);
        Assert.Equal("hello"u8.ToArray(), copy.ToArray());
        await FailsAsync<TaskCanceledException>(() => stream.ReadAsync(buffer.AsMemory(), cancelled).AsTask());
        await FailsAsync<TaskCanceledException>(() => stream.WriteAsync(buffer.AsMemory(), cancelled).AsTask());
        await FailsAsync<TaskCanceledException>(() => stream.FlushAsync(cancelled));
        await stream.DisposeAsync();
        await FailsAsync<ObjectDisposedException>(() => stream.ReadAsync(buffer.AsMemory()).AsTask());
        await FailsAsync<ObjectDisposedException>(() => stream.FlushAsync());
    }

    [Fact]
    public void A_stream_works_with_callbacks()
    {
        using FileSystemStream stream = File.Create(At("f"));
        stream.EndWrite(stream.BeginWrite([1, 2, 3], 0, 3, null, null));
        stream.Flush();
        stream.Position = 1;
        byte[] buffer = new byte[3];
        Assert.Equal(2, stream.EndRead(stream.BeginRead(buffer, 0, 3, null, null)));
        Assert.Equal([2, 3, 0], buffer);
    }

    [Fact]
    public void Options_are_kept()
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            PreallocationSize = 10_000,
            Options = FileOptions.WriteThrough | FileOptions.SequentialScan,
        };
        using (FileSystemStream stream = File.Open(At("f"), options))
        {
            Assert.Equal(0, stream.Length);
            stream.Write("x"u8);
        }

        Assert.Equal("x", File.ReadAllText(At("f")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("f")));
        options.Mode = FileMode.Open;
        Assert.Throws<ArgumentException>(() => File.Open(At("f"), options));
        Assert.Throws<ArgumentNullException>(() => File.Open(At("f"), (FileStreamOptions)null!));
    }

    [Fact]
    public void A_file_can_go_with_its_stream()
    {
        using (File.Create(At("f"), 1, FileOptions.DeleteOnClose))
        {
            Assert.True(File.Exists(At("f")));
        }

        Assert.False(File.Exists(At("f")));
    }

    [Fact]
    public void Flushing_to_the_disk_keeps_the_content()
    {
        using FileSystemStream stream = File.Create(At("f"));
        stream.Write("x"u8);
        stream.Flush(flushToDisk: true);
        Assert.Equal(1, Files.FileInfo.New(At("f")).Length);
    }

    private long Length(string path, FileMode mode, FileAccess access = FileAccess.ReadWrite)
    {
        using FileSystemStream stream = File.Open(At(path), mode, access);
        return stream.Length;
    }
}

public sealed class HostStreamTests() : StreamContract(FilesUnderTest.Host());

public sealed class SimulatedStreamTests() : StreamContract(FilesUnderTest.Simulated());
