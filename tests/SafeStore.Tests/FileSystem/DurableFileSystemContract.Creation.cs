using System;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>Files that are created and written in one call.</summary>
public abstract partial class DurableFileSystemContract
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    public void A_file_is_created_and_written_in_one_call(int size)
    {
        byte[] content = new byte[size];
        FileSystem.FillRandom(content);

        Assert.Equal(Errno.None, FileSystem.CreateFile(Root, "a", FileMode640, content, out bool isCreated));

        Assert.True(isCreated);
        Assert.Equal((FileKind.Regular, (long)size, FileMode640), (Stat("a").Kind, Stat("a").Size, Stat("a").Mode));
        byte[] buffer = new byte[8192];
        Assert.Equal(Errno.None, FileSystem.ReadWhole(Root, "a", buffer, out int count));
        Assert.Equal(content, buffer.AsSpan(0, count));
    }

    [Fact]
    public void Creating_and_writing_leaves_alone_what_has_the_name_and_names_that_are_none()
    {
        Create("file", "old"u8);
        MakeDirectory("directory");
        PlantSymbolicLink("link", "nowhere");

        foreach ((string name, Errno expected) in new[] { ("file", Errno.Exists), ("directory", Errno.Exists), ("link", Errno.Exists),
            ("a/b", Errno.Invalid), ("..", Errno.Invalid), ("", Errno.Invalid) })
        {
            Assert.Equal(expected, FileSystem.CreateFile(Root, name, FileMode640, "new"u8, out bool isCreated));
            Assert.False(isCreated);
        }

        byte[] buffer = new byte[10];
        Assert.Equal(Errno.None, FileSystem.ReadWhole(Root, "file", buffer, out int count));
        Assert.Equal("old"u8, buffer.AsSpan(0, count));
        Assert.Equal(Errno.NotFound, FileSystem.Stat(Root, "nowhere", out _));
    }
}
