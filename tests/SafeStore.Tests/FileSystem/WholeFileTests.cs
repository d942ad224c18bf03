using System;
using System.Buffers;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

public sealed class WholeFileTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly FaultyFileSystem _fileSystem = new(new PosixFileSystem());
    private readonly DirectoryHandle _root;

    public WholeFileTests()
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
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(16383)]
    [InlineData(16384)]
    [InlineData(16385)]
    [InlineData(100_000)]
    [InlineData(1 << 20)]
    public void A_file_is_read_whole(int size)
    {
        byte[] content = Write(size);

        Assert.Equal(Errno.None, Read(1 << 20, out byte[] read));
        Assert.Equal(content, read);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(16383)]
    [InlineData(16384)]
    [InlineData(50_000)]
    public void A_file_of_the_limit_is_read_and_a_larger_one_refused(int limit)
    {
        byte[] content = Write(limit);
        Assert.Equal(Errno.None, Read(limit, out byte[] read));
        Assert.Equal(content, read);

        Write(limit + 1);
        Assert.Equal(Errno.FileTooLarge, Read(limit, out _));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1024)]
    public void A_small_file_needs_a_single_read(int size)
    {
        Write(size);

        Assert.Equal(Errno.None, Read(10_000, out _));
        Assert.Equal(["Read"], _fileSystem.Calls);
    }

    [Fact]
    public void A_read_cut_short_by_a_bad_page_is_no_end_of_the_file()
    {
        // The kernel hands out the pages before the bad one first, and gives the error to the read after.
        Write(10_000);
        _fileSystem.LargestTransfer = 4096;
        _fileSystem.Fault = _ => _fileSystem.Calls.Count > 1 ? Errno.InputOutput : Errno.None;

        Assert.Equal(Errno.InputOutput, Read(20_000, out _));
    }

    [Fact]
    public void A_missing_file_a_link_and_a_directory_are_told()
    {
        Assert.Equal(Errno.NotFound, Read(100, out _));
        Directory.CreateDirectory(Path.Combine(_temp.Path, "file"));
        Assert.Equal(Errno.IsDirectory, Read(100, out _));
        Directory.Delete(Path.Combine(_temp.Path, "file"));
        File.CreateSymbolicLink(Path.Combine(_temp.Path, "file"), "/etc/passwd");
        Assert.Equal(Errno.SymbolicLink, Read(100, out _));
    }

    private byte[] Write(int size)
    {
        byte[] content = [.. Enumerable.Range(0, size).Select(number => (byte)(number * 7))];
        File.WriteAllBytes(Path.Combine(_temp.Path, "file"), content);
        return content;
    }

    private Errno Read(int limit, out byte[] content)
    {
        Errno errno = WholeFile.Read(_fileSystem, _root, "file", limit, out byte[] rented, out int length);
        content = rented[..length];
        if (errno == Errno.None)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
        else
        {
            Assert.Empty(rented);
        }

        return errno;
    }
}
