using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Roots;

/// <summary>What other programs leave in a sandbox goes with it, and what only shows there does not.</summary>
public sealed class RemovedTreeTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly ScriptedFileSystem _fs = new();
    private readonly DirectoryHandle _parent;
    private readonly ScratchDirectory _scratch;

    public RemovedTreeTests()
    {
        _parent = RootDirectory.OpenOrMake(_fs, _temp.Path);
        _scratch = ScratchDirectory.Acquire(_fs, _parent, new FilePermissions(RootDirectory.DirectoryMode), []);
    }

    private string Place => _scratch.Directory.Path;

    public void Dispose()
    {
        _scratch.Dispose();
        _parent.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void A_tree_of_3000_levels_goes_with_a_few_descriptors()
    {
        var permissions = new FilePermissions(RootDirectory.DirectoryMode);
        Assert.Equal(Errno.None, _fs.MakeDirectory(_scratch.Directory, "tree", permissions, out DirectoryHandle? parent));
        for (int level = 0; level < 3000; level++)
        {
            Assert.Equal(Errno.None, _fs.CreateFile(parent!, "file", permissions, out FileHandle? file));
            file!.Dispose();
            Assert.Equal(Errno.None, _fs.MakeDirectory(parent!, "d", permissions, out DirectoryHandle? inner));
            parent!.Dispose();
            parent = inner;
        }

        parent!.Dispose();
        (int calls, int most) = (0, 0);
        _fs.Before = _ =>
        {
            if (++calls % 50 == 0)
            {
                most = Math.Max(most, Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(link =>
                    new FileInfo(link).LinkTarget?.StartsWith(_temp.Path, StringComparison.Ordinal) == true));
            }

            return Errno.None;
        };
        Assert.True(RemovedTree.TryRemove(_fs, _scratch, "tree"));
        Assert.Empty(Directory.GetFileSystemEntries(Place));
        Assert.InRange(most, 1, 5);
    }

    [Fact]
    public void Names_that_are_not_UTF_8_go_too()
    {
        BindMount.Run("bash", "-c",
            $"cd '{Place}' && mkdir -p tree/$'d\\xff'/$'\\xc3\\x28' && touch tree/$'f\\xfe' tree/$'d\\xff'/$'\\xc3\\x28'/$'\\x80' && ln "
            + $"-s / tree/$'l\\xfd'");
        Assert.True(RemovedTree.TryRemove(_fs, _scratch, "tree"));
        Assert.Empty(Directory.GetFileSystemEntries(Place));
    }

    [Theory]
    [InlineData("tree")]
    [InlineData("tree/a/mount")]
    public void A_mount_point_in_it_is_not_entered_and_what_is_left_goes_once_the_mount_is_gone(string at)
    {
        using var elsewhere = new TempDirectory();
        string theirs = Path.Combine(elsewhere.Path, "inner", "theirs");
        Directory.CreateDirectory(Path.GetDirectoryName(theirs)!);
        File.WriteAllText(theirs, "1");
        Directory.CreateDirectory(Path.Combine(Place, "tree", "a", "b"));
        File.WriteAllText(Path.Combine(Place, "tree", "a", "b", "file"), "1");
        string target = Directory.CreateDirectory(Path.Combine(Place, at)).FullName;
        using (new BindMount(elsewhere.Path, target))
        {
            Assert.False(RemovedTree.TryRemove(_fs, _scratch, "tree"));
            Assert.True(File.Exists(theirs));
            Assert.DoesNotContain("file", Files());
        }

        foreach (string left in Directory.GetFileSystemEntries(Place))
        {
            Assert.True(RemovedTree.TryRemove(_fs, _scratch, Path.GetFileName(left)));
        }

        Assert.Empty(Directory.GetFileSystemEntries(Place));
        Assert.True(File.Exists(theirs));
    }

    [Fact]
    public void A_link_is_removed_and_not_followed()
    {
        using var elsewhere = new TempDirectory();
        string theirs = Path.Combine(elsewhere.Path, "theirs");
        File.WriteAllText(theirs, "1");
        Directory.CreateDirectory(Path.Combine(Place, "tree"));
        File.CreateSymbolicLink(Path.Combine(Place, "tree", "link"), elsewhere.Path);
        File.CreateSymbolicLink(Path.Combine(Place, "link"), elsewhere.Path);
        Assert.True(RemovedTree.TryRemove(_fs, _scratch, "tree"));
        Assert.True(RemovedTree.TryRemove(_fs, _scratch, "link"));
        Assert.Empty(Directory.GetFileSystemEntries(Place));
        Assert.True(File.Exists(theirs));
    }

    [Fact]
    public void What_cannot_be_removed_is_left_and_the_rest_goes()
    {
        Directory.CreateDirectory(Path.Combine(Place, "tree", "a"));
        File.WriteAllText(Path.Combine(Place, "tree", "a", "stuck"), "1");
        File.WriteAllText(Path.Combine(Place, "tree", "a", "free"), "1");
        _fs.Before = static call => call.Verb == nameof(IDurableFileSystem.Unlink) && call.Path.EndsWith("/stuck",
            StringComparison.Ordinal) ? Errno.NotPermitted : Errno.None;
        Assert.False(RemovedTree.TryRemove(_fs, _scratch, "tree"));
        Assert.Equal(["stuck"], Files());
        _fs.Before = null;
        foreach (string left in Directory.GetFileSystemEntries(Place))
        {
            Assert.True(RemovedTree.TryRemove(_fs, _scratch, Path.GetFileName(left)));
        }

        Assert.Empty(Directory.GetFileSystemEntries(Place));
    }

    private IEnumerable<string?> Files() => Directory.EnumerateFiles(Place, "*", SearchOption.AllDirectories).Select(Path.GetFileName);
}
