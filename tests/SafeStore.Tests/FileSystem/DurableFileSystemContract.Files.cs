using System;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

public abstract partial class DurableFileSystemContract
{
    [Fact]
    public void A_created_file_is_empty_and_has_the_mode_asked_for()
    {
        FileHandle file = Create("a");

        Assert.Equal(Errno.None, FileSystem.Stat(file, out FileStatus status));
        Assert.Equal(FileKind.Regular, status.Kind);
        Assert.Equal(0, status.Size);
        Assert.Equal(FileMode640, status.Mode);
        Assert.Equal(1, status.Links);
        Assert.True(status.IsSameFile(Stat("a")));
    }

    [Fact]
    public void Creating_a_file_whose_name_is_taken_is_refused()
    {
        Create("file");
        MakeDirectory("directory");
        PlantSymbolicLink("link", "nowhere");

        foreach (string name in new[] { "file", "directory", "link" })
        {
            Assert.Equal(Errno.Exists, FileSystem.CreateFile(Root, name, FileMode640, out FileHandle? file));
            Assert.Null(file);
            Assert.Equal(Errno.Exists, FileSystem.MakeDirectory(Root, name, DirectoryMode750, out _));
            Assert.Equal(Errno.Exists, FileSystem.MakeDirectory(Root, name, DirectoryMode750, out DirectoryHandle? directory));
            Assert.Null(directory);
        }

        Assert.Equal(Errno.NotFound, FileSystem.Stat(Root, "nowhere", out _));
    }

    [Fact]
    public void What_is_written_is_read_at_any_position()
    {
        FileHandle file = Create("a", "0123456789"u8);
        Write(file, "xy"u8, 4);

        byte[] buffer = new byte[100];
        Assert.Equal(Errno.None, FileSystem.Read(Open("a"), buffer, 3, out int count));
        Assert.Equal("3xy6789"u8, buffer.AsSpan(0, count));
        Assert.Equal(Errno.None, FileSystem.Read(file, buffer, 10, out count));
        Assert.Equal(0, count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(5000)]
    [InlineData(8192)]
    public void A_file_is_read_whole_in_one_call(int size)
    {
        byte[] content = new byte[size];
        FileSystem.FillRandom(content);
        MakeDirectory("d");
        Create("..a", content, OpenDirectory("d"));
        byte[] buffer = new byte[8192];

        Assert.Equal(Errno.None, FileSystem.ReadWhole(Root, "d/..a", buffer, out int count));
        Assert.Equal(content, buffer.AsSpan(0, count));
    }

    [Fact]
    public void Reading_whole_fills_no_more_than_the_buffer()
    {
        Create("a", "0123456789"u8);
        byte[] buffer = new byte[4];

        Assert.Equal(Errno.None, FileSystem.ReadWhole(Root, "a", buffer, out int count));
        Assert.Equal("0123"u8, buffer.AsSpan(0, count));
        Assert.Equal(Errno.None, FileSystem.ReadWhole(Root, "a", buffer.AsSpan(0, 0), out count));
        Assert.Equal(0, count);
    }

    [Fact]
    public void Reading_whole_refuses_what_is_no_file_below_the_directory()
    {
        MakeDirectory("d");
        Create("a");
        PlantSymbolicLink("link", "a");
        PlantSymbolicLink("aside", "d");
        byte[] buffer = new byte[10];
        foreach ((string path, Errno expected) in new[]
        {
            ("missing", Errno.NotFound), ("d/missing", Errno.NotFound), ("a/b", Errno.NotDirectory), ("d", Errno.IsDirectory),
                ("link", Errno.SymbolicLink),
            ("aside/x", Errno.SymbolicLink), ("../x", Errno.CrossDevice), ("/x", Errno.CrossDevice), ("a\0", Errno.Invalid),
        })
        {
            Assert.Equal((path, expected), (path, FileSystem.ReadWhole(Root, path, buffer, out int count)));
            Assert.Equal(0, count);
        }
    }

    [Fact]
    public void Writing_behind_the_end_fills_the_gap_with_zeros()
    {
        FileHandle file = Create("a");
        Write(file, "x"u8, 3);

        Assert.Equal("\0\0\0x"u8, Read(file));
    }

    [Fact]
    public void A_file_opened_for_reading_cannot_be_written()
    {
        Create("a", "old"u8);

        Assert.Equal(Errno.BadHandle, FileSystem.Write(Open("a"), "new"u8, 0, out int count));
        Assert.Equal(0, count);
        Assert.Equal("old"u8, Read("a"));
    }

    [Fact]
    public void A_missing_file_is_not_found()
    {
        MakeDirectory("d");
        Assert.Equal(Errno.NotFound, FileSystem.OpenFile(Root, "missing", FileUse.Read, out FileHandle? file));
        Assert.Null(file);
        Assert.Equal(Errno.NotFound, FileSystem.OpenFile(Root, "d/missing", FileUse.Read, out _));
        Assert.Equal(Errno.NotFound, FileSystem.OpenFile(Root, "missing/d", FileUse.Read, out _));
        Assert.Equal(Errno.NotFound, FileSystem.OpenDirectory(Root, "missing", out DirectoryHandle? directory));
        Assert.Null(directory);
        Assert.Equal(Errno.NotFound, FileSystem.Stat(Root, "missing", out FileStatus status));
        Assert.Equal(default, status);
        Assert.Equal(Errno.NotFound, FileSystem.Unlink(Root, "missing"));
        Assert.Equal(Errno.NotFound, FileSystem.RemoveDirectory(Root, "missing"));
        Assert.Equal(Errno.NotFound, FileSystem.Rename(Root, "missing", Root, "b", RenameKind.Replace));
    }

    [Fact]
    public void A_file_in_the_place_of_a_directory_is_told()
    {
        Create("a");
        Assert.Equal(Errno.NotDirectory, FileSystem.OpenFile(Root, "a/b", FileUse.Read, out _));
        Assert.Equal(Errno.NotDirectory, FileSystem.OpenDirectory(Root, "a", out _));
        Assert.Equal(Errno.NotDirectory, FileSystem.RemoveDirectory(Root, "a"));
    }

    [Fact]
    public void A_directory_in_the_place_of_a_file_is_told()
    {
        MakeDirectory("d");
        Assert.Equal(Errno.IsDirectory, FileSystem.OpenFile(Root, "d", FileUse.ReadWrite, out _));
        Assert.Equal(Errno.IsDirectory, FileSystem.Unlink(Root, "d"));
        Errno errno = FileSystem.OpenFile(Root, "d", FileUse.Read, out FileHandle? file);
        if (errno == Errno.None)
        {
            errno = FileSystem.Read(Own(file!), new byte[1], 0, out _);
        }

        Assert.Equal(Errno.IsDirectory, errno);
    }

    [Fact]
    public void Allocating_sets_the_size_and_keeps_the_content()
    {
        FileHandle file = Create("a", "content"u8);

        Assert.Equal(Errno.None, FileSystem.Allocate(file, 10_000));
        Assert.Equal(10_000, Stat("a").Size);
        Assert.Equal("content"u8, Read(file).AsSpan(0, 7));
        Assert.All(Read(file)[7..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Allocating_never_shrinks_a_file()
    {
        FileHandle file = Create("a", "content"u8);

        Assert.Equal(Errno.None, FileSystem.Allocate(file, 3));
        Assert.Equal(Errno.None, FileSystem.Allocate(file, 0));
        Assert.Equal(Errno.Invalid, FileSystem.Allocate(file, -1));
        Assert.Equal("content"u8, Read(file));
    }

    [Fact]
    public void Files_and_directories_can_be_synced()
    {
        FileHandle file = Create("a", "content"u8);

        Assert.Equal(Errno.None, FileSystem.SyncData(file));
        Assert.Equal(Errno.None, FileSystem.SyncFile(file));
        Assert.Equal(Errno.None, FileSystem.SyncDirectory(Root));
    }

    [Fact]
    public void The_write_back_of_a_file_can_be_started_by_whoever_has_it_open_and_changes_nothing_that_is_seen()
    {
        FileHandle file = Create("a", "content"u8);
        Assert.Equal(Errno.None, FileSystem.OpenFile(Root, "a", FileUse.Read, out FileHandle? reader));
        using (reader)
        {
            Assert.Equal(Errno.None, FileSystem.StartWriteBack(reader!));
        }

        Assert.Equal(Errno.None, FileSystem.StartWriteBack(file));
        Assert.Equal("content"u8, Read(file));
        Assert.Equal(Errno.None, FileSystem.SyncFile(file));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => FileSystem.StartWriteBack(file));
    }

    [Fact]
    public void An_unlinked_file_lives_on_in_its_handle()
    {
        FileHandle file = Create("a", "content"u8);

        Assert.Equal(Errno.None, FileSystem.Unlink(Root, "a"));

        Assert.Equal("content"u8, Read(file));
        Assert.Equal(Errno.None, FileSystem.Stat(file, out FileStatus status));
        Assert.Equal(0, status.Links);
        Assert.Empty(Names());
    }

    [Fact]
    public void A_closed_handle_is_refused_with_an_exception()
    {
        FileHandle file = Create("a");
        DirectoryHandle directory = MakeDirectory("d");
        file.Dispose();
        file.Dispose();
        directory.Dispose();

        Assert.Throws<ObjectDisposedException>(() => FileSystem.SyncFile(file));
        Assert.Throws<ObjectDisposedException>(() => FileSystem.Read(file, new byte[1], 0, out _));
        Assert.Throws<ObjectDisposedException>(() => FileSystem.OpenFile(directory, "a", FileUse.Read, out _));
    }

    [Fact]
    public void A_closed_handle_that_was_looked_at_before_is_refused_too()
    {
        FileHandle file = Create("a");
        Assert.Equal(Errno.None, FileSystem.Stat(file, out _));
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => FileSystem.Stat(file, out _));
        Assert.Throws<ObjectDisposedException>(() => FileSystem.LockHolders(file));
    }

    [Fact]
    public void A_handle_tells_its_path()
    {
        DirectoryHandle directory = MakeDirectory("d");
        Create("a", directory: directory);

        Assert.Equal(RootPath, Root.Path);
        Assert.Equal(RootPath + "/d", directory.Path);
        Assert.Equal(RootPath + "/d/a", Open("d/a").Path);
    }

    [Fact]
    public void A_name_leads_to_a_file_until_it_is_unlinked_or_given_to_another()
    {
        FileHandle file = Create("a");
        Assert.True(Leads(Root, "a", file));

        Assert.Equal(Errno.None, FileSystem.Unlink(Root, "a"));
        Assert.False(Leads(Root, "a", file));

        // The first handle keeps its inode from being given to the second file.
        FileHandle second = Create("a");
        Assert.False(Leads(Root, "a", file));
        Assert.True(Leads(Root, "a", second));
    }

    [Fact]
    public void A_name_may_be_checked_by_a_path_whose_directories_are_gone()
    {
        DirectoryHandle directory = MakeDirectory("d");
        FileHandle file = Create("a", directory: directory);
        Assert.True(Leads(Root, "d/a", file));

        Assert.Equal(Errno.None, FileSystem.Rename(Root, "d", Root, "e", RenameKind.Replace));
        Assert.False(Leads(Root, "d/a", file));
        Create("d");
        Assert.False(Leads(Root, "d/a", file));
    }

    [Fact]
    public void Shared_words_show_what_another_handle_writes()
    {
        FileHandle file = Create("words", new byte[64]);
        Assert.Equal(Errno.None, FileSystem.MapWords(Open("words"), out SharedWords? words));
        Own(words!);

        Assert.Equal(0UL, words!.Read(7));
        Write(file, [1, 2, 3, 4, 5, 6, 7, 8], 56);
        Assert.Equal(0x0807060504030201UL, words.Read(7));
        Assert.Equal(0UL, words.Read(0));
    }

    [Fact]
    public void Shared_words_outlive_the_handle_but_not_their_disposal()
    {
        FileHandle file = Create("words", new byte[64]);
        Assert.Equal(Errno.None, FileSystem.MapWords(file, out SharedWords? words));
        file.Dispose();

        Assert.Equal(0UL, words!.Read(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => words.Read(8));
        Assert.Throws<ArgumentOutOfRangeException>(() => words.Read(-1));
        words.Dispose();
        Assert.Throws<ObjectDisposedException>(() => words.Read(0));
    }

    [Fact]
    public void A_file_of_less_than_64_bytes_cannot_be_mapped()
    {
        Assert.Equal(Errno.Invalid, FileSystem.MapWords(Create("words", new byte[63]), out SharedWords? words));
        Assert.Null(words);
    }

    [Fact]
    public void Reading_shared_words_while_they_are_disposed_is_safe()
    {
        FileHandle file = Create("words", new byte[64]);
        for (int round = 0; round < 200; round++)
        {
            Assert.Equal(Errno.None, FileSystem.MapWords(file, out SharedWords? words));
            Parallel.Invoke(
                words!.Dispose,
                () =>
                {
                    try
                    {
                        for (int read = 0; read < 1000; read++)
                        {
                            Assert.Equal(0UL, words!.Read(read % 8));
                        }
                    }
                    catch (ObjectDisposedException)
                    {
                        // One of the two outcomes.
                    }
                });
        }
    }

    [Fact]
    public void Random_bytes_differ_from_call_to_call()
    {
        byte[] first = new byte[32];
        byte[] second = new byte[32];
        FileSystem.FillRandom(first);
        FileSystem.FillRandom(second);

        Assert.NotEqual(first, second);
        Assert.Contains(first, value => value != 0);
    }
}
