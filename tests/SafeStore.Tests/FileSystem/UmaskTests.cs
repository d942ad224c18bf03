using System.IO;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>The umask belongs to the process: nothing else may create files while these tests run.</summary>
[CollectionDefinition(nameof(UmaskGroup), DisableParallelization = true)]
public sealed class UmaskGroup;

[Collection(nameof(UmaskGroup))]
public sealed class UmaskTests
{
    [Theory]
    [InlineData("/tmp")]
    [InlineData(TempDirectory.SharedMemory)]
    public void A_directory_does_not_get_its_parent_s_bit_for_handing_on_the_group(string parent)
    {
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute;
        PosixFileSystem fileSystem = new();
        using TempDirectory temp = new(parent);
        File.SetUnixFileMode(temp.Path, Mode | UnixFileMode.SetGroup);
        Assert.Equal(Errno.None, fileSystem.OpenRoot(temp.Path, out DirectoryHandle? root));
        using (root)
        {
            Assert.Equal(Errno.None, fileSystem.MakeDirectory(root!, "directory", Mode, out DirectoryHandle? directory));
            directory!.Dispose();
            Assert.Equal(Errno.None, fileSystem.Stat(root!, "directory", out FileStatus status));
            Assert.Equal(Mode, status.Mode);
        }
    }

    [Theory]
    [InlineData("/tmp", 0, 0x1B0)]
    [InlineData("/tmp", 0x3F, 0x1B0)]
    [InlineData("/tmp", 0x3F, 0x1FF)]
    [InlineData("/tmp", 0x3F, 0x5ED)]
    [InlineData(TempDirectory.SharedMemory, 0, 0x1B0)]
    [InlineData(TempDirectory.SharedMemory, 0x3F, 0x1FF)]
    public void Modes_are_exact_whatever_the_umask(string parent, uint mask, int bits)
    {
        UnixFileMode mode = (UnixFileMode)bits;
        PosixFileSystem fileSystem = new();
        using TempDirectory temp = new(parent);
        Assert.Equal(Errno.None, fileSystem.OpenRoot(temp.Path, out DirectoryHandle? root));
        uint before = Native.SetUmask(mask);
        try
        {
            using (root)
            {
                Assert.Equal(Errno.None, fileSystem.CreateFile(root!, "file", mode, out FileHandle? file));
                file!.Dispose();
                Assert.Equal(Errno.None, fileSystem.CreateFile(root!, "written", mode, "x"u8, out bool isCreated));
                Assert.True(isCreated);
                Assert.Equal(Errno.None, fileSystem.MakeDirectory(root!, "directory", mode, out DirectoryHandle? directory));
                directory!.Dispose();
                new AtomicFile(fileSystem) { Mode = mode }.Write(root!, "atomic", "x"u8);

                foreach (string name in new[] { "file", "written", "directory", "atomic" })
                {
                    Assert.Equal(Errno.None, fileSystem.Stat(root!, name, out FileStatus status));
                    Assert.Equal(mode, status.Mode);
                }
            }
        }
        finally
        {
            _ = Native.SetUmask(before);
        }
    }
}
