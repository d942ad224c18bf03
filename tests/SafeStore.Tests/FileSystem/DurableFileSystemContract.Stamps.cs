using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

public abstract partial class DurableFileSystemContract
{
    [Fact]
    public void A_stamp_stays_until_something_changes_and_never_goes_back()
    {
        DirectoryHandle made = MakeDirectory("d");
        Create("file", "content"u8, made);
        FileStamp file = Stamp("d/file");
        FileStamp directory = Stamp("d");
        Assert.Equal((file, directory), (Stamp("d/file"), Stamp("d")));
        Assert.Equal((Stat("d").Device, Stat("d").Inode), (directory.Device, directory.Inode));
        Assert.Equal((7, file.Inode), (file.Size, Stamp("d/../d/./file").Inode));

        using (FileHandle opened = Open("d/file", FileUse.ReadWrite))
        {
            Write(opened, "more content"u8, 0);
        }

        FileStamp written = Stamp("d/file");
        Assert.Equal((12, file.Inode), (written.Size, written.Inode));
        Assert.True(written.Changed >= file.Changed && written.Written >= file.Written);
        Create("other", "content"u8, made);
        Assert.True(Stamp("d").Changed >= directory.Changed);
        Assert.Equal(directory.Inode, Stamp("d").Inode);
    }

    [Fact]
    public void A_stamp_is_of_the_link_itself_and_of_nothing_that_is_not_there()
    {
        Create("file", "content"u8);
        PlantSymbolicLink("link", "file");

        Assert.NotEqual(Stamp("file").Inode, Stamp("link").Inode);
        Assert.Equal(Errno.NotFound, FileSystem.Stamp(Root, "missing", out FileStamp stamp));
        Assert.Equal(default, stamp);
        Assert.Equal(Errno.NotFound, FileSystem.Stamp(Root, "missing/file", out _));
        Assert.Equal(Errno.NotDirectory, FileSystem.Stamp(Root, "file/file", out _));
        Assert.Equal(Errno.Invalid, FileSystem.Stamp(Root, "a\0b", out _));
        Assert.NotEqual(default, Stamp("."));
        Assert.NotEmpty(FileSystem.BootId);
        Assert.Equal(FileSystem.BootId, FileSystem.BootId);
    }

    private FileStamp Stamp(string path)
    {
        Assert.Equal(Errno.None, FileSystem.Stamp(Root, path, out FileStamp stamp));
        return stamp;
    }
}
