using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Roots;

/// <summary>How an opener comes to its own scratch directory, and what becomes of those of the dead.</summary>
public sealed class ScratchDirectoryTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly ScriptedFileSystem _fs = new();
    private readonly DirectoryHandle _parent;

    public ScratchDirectoryTests() => _parent = RootDirectory.OpenOrMake(_fs, _temp.Path);

    private string[] Names => [.. Directory.GetFileSystemEntries(_temp.Path).Select(Path.GetFileName).OfType<string>()];

    public void Dispose()
    {
        _parent.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void A_free_one_is_taken_and_emptied_with_no_new_directory()
    {
        string path;
        using (ScratchDirectory first = Acquire(out _))
        {
            path = first.Directory.Path;
            File.WriteAllText(Path.Combine(path, "file"), "1");
            Directory.CreateDirectory(Path.Combine(path, "a", "b"));
            File.WriteAllText(Path.Combine(path, "a", "b", "file"), "1");
            File.CreateSymbolicLink(Path.Combine(path, "a", "link"), _temp.Path);
        }

        bool isMade = false;
        _fs.Before = call =>
        {
            isMade |= call.Verb == nameof(IDurableFileSystem.MakeDirectory);
            return Errno.None;
        };
        using ScratchDirectory second = Acquire(out List<FileStatus> left);
        Assert.Equal(path, second.Directory.Path);
        Assert.False(isMade);
        Assert.Empty(left);
        Assert.Empty(Directory.GetFileSystemEntries(path));
        Assert.Single(Names);
    }

    [Fact]
    public void The_other_free_ones_are_emptied_and_removed()
    {
        ScratchDirectory[] dead = [Acquire(out _), Acquire(out _), Acquire(out _)];
        Assert.Equal(3, Names.Length);
        foreach (ScratchDirectory one in dead)
        {
            File.WriteAllText(Path.Combine(one.Directory.Path, "file"), "1");
            one.Dispose();
        }

        using ScratchDirectory own = Acquire(out List<FileStatus> left);
        Assert.Equal([Path.GetFileName(own.Directory.Path)], Names);
        Assert.Empty(Directory.GetFileSystemEntries(own.Directory.Path));
        Assert.Empty(left);
    }

    [Fact]
    public void One_that_is_in_use_is_left_alone()
    {
        using ScratchDirectory used = Acquire(out _);
        string file = Path.Combine(used.Directory.Path, "file");
        File.WriteAllText(file, "1");
        using ScratchDirectory own = Acquire(out List<FileStatus> left);
        Assert.NotEqual(used.Directory.Path, own.Directory.Path);
        Assert.True(File.Exists(file));
        Assert.Empty(left);
    }

    [Fact]
    public void One_that_another_program_replaced_before_it_was_locked_is_not_used()
    {
        string path;
        using (ScratchDirectory free = Acquire(out _))
        {
            path = free.Directory.Path;
            File.WriteAllText(Path.Combine(path, "file"), "1");
        }

        using var elsewhere = new TempDirectory();
        string moved = Path.Combine(elsewhere.Path, "moved");
        _fs.Before = call =>
        {
            if (call.Verb == nameof(IDurableFileSystem.TryLock) && call.Path == path && !Directory.Exists(moved))
            {
                Directory.Move(path, moved);
                Directory.CreateDirectory(path);
            }

            return Errno.None;
        };
        using ScratchDirectory own = Acquire(out _);
        Assert.True(File.Exists(Path.Combine(moved, "file")));
        Assert.Equal(Errno.None, _fs.Stat(own.Directory, out FileStatus locked));
        Assert.Equal(Errno.None, _fs.Stat(_parent, Path.GetFileName(own.Directory.Path), out FileStatus named));
        Assert.True(locked.IsSameFile(named));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(2, null)]
    [InlineData(0, nameof(IDurableFileSystem.Stat))]
    [InlineData(2, nameof(IDurableFileSystem.Stat))]
    [InlineData(2, nameof(IDurableFileSystem.List))]
    [InlineData(0, nameof(IDurableFileSystem.TryLock))]
    public void Wherever_the_device_begins_to_fail_the_opener_ends_and_leaves_no_handle_open(int free, string? verb)
    {
        int failures = 0;
        bool hasFailed = true;
        for (int first = 0; hasFailed; first++)
        {
            ScratchDirectory[] dead = [.. Enumerable.Range(0, free).Select(_ => Acquire(out List<FileStatus> _))];
            Array.ForEach(dead, static each => each.Dispose());
            int calls = 0;
            _fs.Before = call => (verb is not null && call.Verb != verb) || calls++ < first ? Errno.None
                : calls < 1000 ? Errno.InputOutput : throw new TimeoutException("It has no end.");
            try
            {
                Acquire(out _).Dispose();
            }
            catch (StorageException)
            {
                failures++;
            }

            _fs.Before = null;
            hasFailed = calls > first;
            Assert.DoesNotContain(
                Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(static link => new FileInfo(link).LinkTarget),
                link => link?.StartsWith(_temp.Path + '/', StringComparison.Ordinal) == true);
            Array.ForEach(Directory.GetDirectories(_temp.Path), static path => Directory.Delete(path, recursive: true));
        }

        Assert.NotEqual(0, failures);
    }

    [Fact]
    public void What_cannot_be_emptied_is_told_and_left_and_hinders_nothing()
    {
        using var elsewhere = new TempDirectory();
        File.WriteAllText(Path.Combine(elsewhere.Path, "theirs"), "1");
        string[] paths;
        using (ScratchDirectory one = Acquire(out _))
        using (ScratchDirectory two = Acquire(out _))
        {
            paths = [one.Directory.Path, two.Directory.Path];
        }

        using var first = new BindMount(elsewhere.Path, Directory.CreateDirectory(Path.Combine(paths[0], "kept")).FullName);
        using var second = new BindMount(elsewhere.Path, Directory.CreateDirectory(Path.Combine(paths[1], "kept")).FullName);
        File.WriteAllText(Path.Combine(paths[0], "gone"), "1");
        using (ScratchDirectory own = Acquire(out List<FileStatus> left))
        {
            Assert.Equal(2, left.Count);
            Assert.Equal(paths.Select(Path.GetFileName).Order(StringComparer.Ordinal), Names.Order(StringComparer.Ordinal));
            Assert.True(File.Exists(Path.Combine(elsewhere.Path, "theirs")));
            Assert.False(File.Exists(Path.Combine(paths[0], "gone")));
            Assert.Equal(Errno.None, _fs.CreateFile(own.Directory, own.NewName(), new FilePermissions(AtomicFile.DefaultMode),
                out FileHandle? file));
            file!.Dispose();
        }

        first.Dispose();
        second.Dispose();
        using ScratchDirectory later = Acquire(out List<FileStatus> none); // the next opener tries again
        Assert.Empty(none);
        Assert.Single(Names);
        Assert.Empty(Directory.GetFileSystemEntries(later.Directory.Path));
    }

    [Theory]
    [InlineData(StoreRoot.Config)]
    [InlineData(StoreRoot.Run)]
    public async Task What_a_dead_process_had_removed_goes_with_the_next_opener_while_the_store_stays_open(StoreRoot root)
    {
        using var test = new TestStore();
        await using StateStore store = await test.OpenAsync();
        await store.CreateAsync("sb");
        string scratch = Path.Combine(root == StoreRoot.Config ? test.Layout.ConfigMetadata : test.Layout.RunMetadata, "scratch");
        string living = Assert.Single(Directory.GetDirectories(scratch));
        string staged = Directory.CreateDirectory(Path.Combine(living, "staged")).FullName; // as if the living process were at work
        Directory.CreateDirectory(Path.Combine(scratch, "00000000deadbeef", "0123456789abcdef", "web"));
        await File.WriteAllTextAsync(Path.Combine(scratch, "00000000deadbeef", "0123456789abcdef", "web", "a.json"), "1");

        await using StateStore next = await test.OpenAsync();

        string[] all = Directory.GetDirectories(scratch);
        Assert.Equal(2, all.Length);
        Assert.True(Directory.Exists(staged));
        Assert.Empty(Directory.GetFileSystemEntries(all.Single(path => path != living)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_an_opener_cannot_empty_is_reported_and_does_not_keep_the_store_closed(bool isRecovery)
    {
        using var test = new TestStore();
        using var elsewhere = new TempDirectory();
        await (await test.OpenAsync()).DisposeAsync();
        await using StateStore? living = isRecovery ? null : await test.OpenAsync();
        string place = Path.Combine(test.Layout.RunMetadata, "scratch", "00000000deadbeef", "0123456789abcdef");
        Directory.CreateDirectory(place);
        await File.WriteAllTextAsync(Path.Combine(elsewhere.Path, "theirs"), "1", TestContext.Current.CancellationToken);
        using var mount = new BindMount(elsewhere.Path, place);
        var messages = new Messages();
        test.Options = test.Options with { Logger = messages };
        await using (StateStore store = await test.OpenAsync())
        {
            await store.CreateAsync("sb");
        }

        Assert.True(File.Exists(Path.Combine(elsewhere.Path, "theirs")));
        Assert.Contains("/run/.safestore/scratch", Assert.Single(messages.OfEvent(10)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_recovery_cannot_move_out_of_the_new_sandboxes_is_reported_and_does_not_keep_the_store_closed()
    {
        using var test = new TestStore();
        using var elsewhere = new TempDirectory();
        await (await test.OpenAsync()).DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(elsewhere.Path, "theirs"), "1", TestContext.Current.CancellationToken);
        using var mount = new BindMount(elsewhere.Path, Directory.CreateDirectory(Path.Combine(test.Layout.RunMetadata, "new",
            "odd")).FullName);
        var messages = new Messages();
        test.Options = test.Options with { Logger = messages };
        await using (StateStore store = await test.OpenAsync())
        {
            await store.CreateAsync("sb");
        }

        Assert.True(File.Exists(Path.Combine(elsewhere.Path, "theirs")));
        Assert.NotEmpty(messages.OfEvent(10));
    }

    private ScratchDirectory Acquire(out List<FileStatus> left) =>
        ScratchDirectory.Acquire(_fs, _parent, new FilePermissions(RootDirectory.DirectoryMode), left = []);
}
