using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions;
using System.Linq;
using Xunit;

namespace SafeStore.Testing.Tests.Files;

public abstract class DirectoryContract(FilesUnderTest under) : FilesContract(under)
{
    [Fact]
    public void A_directory_is_made_with_all_above_it()
    {
        IDirectoryInfo made = Directory.CreateDirectory(At("a/b/c/"));
        Assert.Equal("c", made.Name);
        Assert.True(made.Exists);
        Assert.True(Directory.Exists(At("a/b/c")));
        Assert.True(Directory.Exists(At("a/b/c/")));
        Assert.True(Directory.CreateDirectory(At("a/b")).Exists);
        Assert.True(Directory.CreateDirectory("/").Exists);
    }

    [Fact]
    public void Only_the_directory_itself_has_the_mode_asked_for()
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(At("a/b"), Private);
        Assert.Equal(Private, File.GetUnixFileMode(At("a/b")));
        Assert.NotEqual(Private, File.GetUnixFileMode(At("a")));
        Assert.Throws<ArgumentException>(() => Directory.CreateDirectory(At("c"), (UnixFileMode)0x1000));
    }

    [Fact]
    public void Directories_that_cannot_be_made_say_why()
    {
        Given("file");
        FailsWith(17, () => Directory.CreateDirectory(At("file")));
        Assert.Throws<DirectoryNotFoundException>(() => Directory.CreateDirectory(At("file/a")));
        Assert.Throws<DirectoryNotFoundException>(() => Directory.CreateDirectory(At("file/a/b")));
        FailsAsNamesDo(path => Directory.CreateDirectory(path));
    }

    [Fact]
    public void A_directory_exists_unless_it_is_a_file_or_nothing()
    {
        Given("file");
        Assert.True(Directory.Exists(Root));
        Assert.True(Directory.Exists("/"));
        Assert.False(Directory.Exists(At("file")));
        Assert.False(Directory.Exists(At("missing")));
        Assert.False(Directory.Exists(At("nul\0")));
        Assert.False(Directory.Exists(""));
        Assert.False(Directory.Exists(null));
    }

    [Fact]
    public void An_empty_directory_is_deleted_and_a_filled_one_only_with_all_in_it()
    {
        GivenDirectory("a/b/c");
        Given("a/b/file");
        Directory.Delete(At("a/b/c"));
        FailsWith(39, () => Directory.Delete(At("a/b")));
        Directory.Delete(At("a"), recursive: true);
        Assert.False(Directory.Exists(At("a")));
    }

    [Fact]
    public void Deleting_does_not_follow_links()
    {
        GivenDirectory("kept");
        Given("kept/file");
        GivenDirectory("a");
        Directory.CreateSymbolicLink(At("a/link"), At("kept"));
        Directory.CreateSymbolicLink(At("link"), At("kept"));
        Directory.Delete(At("a"), recursive: true);
        Directory.Delete(At("link"), recursive: true);
        Assert.True(File.Exists(At("kept/file")));
        Assert.False(Directory.Exists(At("link")));
    }

    [Fact]
    public void Deletions_that_cannot_be_done_say_why()
    {
        Given("file");
        Assert.Throws<DirectoryNotFoundException>(() => Directory.Delete(At("missing")));
        Assert.Throws<DirectoryNotFoundException>(() => Directory.Delete(At("missing"), recursive: true));
        Assert.Throws<DirectoryNotFoundException>(() => Directory.Delete(At("file")));
        Assert.Throws<DirectoryNotFoundException>(() => Directory.Delete(At("file/a")));
        FailsAsNamesDo(Directory.Delete);
    }

    [Fact]
    public void A_move_takes_all_along()
    {
        GivenDirectory("a/b");
        Given("a/b/file");
        Directory.Move(At("a"), At("c"));
        Assert.True(File.Exists(At("c/b/file")));
        Directory.Move(At("c/b"), At("d/"));
        Assert.True(File.Exists(At("d/file")));
        Directory.Move(At("d/file"), At("moved file"));
        Assert.True(File.Exists(At("moved file")));
    }

    [Fact]
    public void Moves_that_cannot_be_done_say_why()
    {
        GivenDirectory("a");
        GivenDirectory("b");
        Given("file");
        Assert.Throws<IOException>(() => Directory.Move(At("a"), At("a")));
        Assert.Throws<IOException>(() => Directory.Move(At("a"), At("b")));
        Assert.Throws<IOException>(() => Directory.Move(At("a"), At("file")));
        FailsWith(22, () => Directory.Move(At("a"), At("a/inside")));
        Assert.Throws<DirectoryNotFoundException>(() => Directory.Move(At("missing"), At("c")));
        Assert.Throws<DirectoryNotFoundException>(() => Directory.Move(At("a"), At("missing/c")));
        Assert.Throws<ArgumentException>(() => Directory.Move(At("a"), ""));
        Assert.Throws<ArgumentNullException>(() => Directory.Move(null!, At("c")));
    }

    [Fact]
    public void Entries_are_found_by_kind_and_pattern()
    {
        GivenTree();
        Lists(["a.txt", "b.log", "c", "noext", ".hidden", "link"], Directory.GetFileSystemEntries(Root));
        Lists(["a.txt", "b.log", "noext", ".hidden"], Directory.GetFiles(Root));
        Lists(["c", "link"], Directory.GetDirectories(Root));
        Lists(["a.txt"], Directory.GetFiles(Root, "*.txt"));
        Lists(["a.txt", "b.log", "noext", ".hidden"], Directory.GetFiles(Root, "*.*"));
        Lists(["a.txt", "b.log"], Directory.GetFiles(Root, "?.???"));
        Lists([], Directory.GetFiles(Root, "A.TXT"));
        Lists(["c/d.txt"], Directory.GetFiles(Root, "c/*.txt"));
        Lists(["c/d.txt"], Directory.EnumerateFiles(At("c/"), "d*"));
    }

    [Fact]
    public void Entries_are_found_below_through_links_too()
    {
        GivenTree();
        Lists(["a.txt", "c/d.txt", "c/e/f.txt", "link/f.txt"], Directory.GetFiles(Root, "*.txt", SearchOption.AllDirectories));
        Lists(["c", "c/e", "link"], Directory.GetDirectories(Root, "*", SearchOption.AllDirectories));
        Assert.Throws<ArgumentOutOfRangeException>(() => Directory.GetFiles(Root, "*", (SearchOption)5));
    }

    [Fact]
    public void Options_of_a_search_are_kept()
    {
        GivenTree();
        EnumerationOptions options = new() { RecurseSubdirectories = true, MaxRecursionDepth = 1 };
        Lists(["a.txt", "b.log", "noext", "c/d.txt", "link/f.txt"], Directory.GetFiles(Root, "*", options));
        options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        Lists(["c", "c/e"], Directory.GetDirectories(Root, "*", options));
        options = new EnumerationOptions { MatchCasing = MatchCasing.CaseInsensitive };
        Lists(["a.txt"], Directory.GetFiles(Root, "A.TXT", options));
        options = new EnumerationOptions { MatchType = MatchType.Simple };
        Lists(["a.txt", "b.log"], Directory.GetFiles(Root, "*.*", options));
        options = new EnumerationOptions { ReturnSpecialDirectories = true };
        Lists([".", "..", "c", "link"], Directory.GetDirectories(Root, "*", options));
    }

    [Fact]
    public void A_search_fails_before_the_first_entry_is_asked_for()
    {
        Given("file");
        Assert.Throws<DirectoryNotFoundException>(() => { _ = Directory.EnumerateFiles(At("missing")); });
        Assert.Throws<DirectoryNotFoundException>(() => { _ = Directory.EnumerateFiles(At("file")); });
        Assert.Throws<ArgumentException>(() => { _ = Directory.EnumerateFiles(Root, "/a"); });
        Assert.Throws<ArgumentException>(() => { _ = Directory.EnumerateFiles(Root, "nul\0"); });
        Assert.Throws<ArgumentNullException>(() => { _ = Directory.EnumerateFiles(Root, null!); });
        FailsAsNamesDo(path => Directory.EnumerateFiles(path));
    }

    [Fact]
    public void Entries_can_be_deleted_while_they_are_listed()
    {
        for (int number = 0; number < 100; number++)
        {
            Given($"{number}");
        }

        foreach (string path in Directory.EnumerateFiles(Root))
        {
            File.Delete(path);
        }

        Assert.Empty(Directory.GetFileSystemEntries(Root));
    }

    [Fact]
    public void Infos_are_found_as_paths_are()
    {
        GivenTree();
        IDirectoryInfo root = Files.DirectoryInfo.New(Root);
        Lists(["a.txt", "b.log", "noext", ".hidden"], root.GetFiles().Select(static info => info.FullName));
        Lists(["c", "link"], root.EnumerateDirectories().Select(static info => info.FullName));
        IFileInfo[] below = root.GetFiles("*.txt", SearchOption.AllDirectories);
        Lists(["a.txt", "c/d.txt", "c/e/f.txt", "link/f.txt"], below.Select(static info => info.FullName));
        Assert.All(root.GetFileSystemInfos(), info => Assert.Equal(Directory.Exists(info.FullName), info is IDirectoryInfo));
        Assert.Equal(4, root.EnumerateFiles("a.txt").Single().Length);
    }

    [Fact]
    public void Parents_and_roots_are_told_by_the_path_alone()
    {
        Assert.Equal(Root, Directory.GetParent(At("missing"))!.FullName);
        Assert.Null(Directory.GetParent("/"));
        Assert.Equal("/", Directory.GetDirectoryRoot(At("missing")));
        Assert.Throws<ArgumentException>(() => Directory.GetParent(""));
        Assert.Contains("/", Directory.GetLogicalDrives());
    }

    [Fact]
    public void A_temporary_directory_is_new_and_private()
    {
        IDirectoryInfo made = Directory.CreateTempSubdirectory("prefix-");
        IDirectoryInfo other = Directory.CreateTempSubdirectory();
        Assert.StartsWith(Files.Path.GetTempPath() + "prefix-", made.FullName, StringComparison.Ordinal);
        Assert.NotEqual(made.FullName, other.FullName);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(made.FullName));
        Assert.Throws<ArgumentException>(() => Directory.CreateTempSubdirectory("a/b"));
        made.Delete();
        other.Delete();
    }

    private void GivenTree()
    {
        GivenDirectory("c/e");
        Given("a.txt");
        Given("b.log");
        Given("noext");
        Given(".hidden");
        Given("c/d.txt");
        Given("c/e/f.txt");
        Directory.CreateSymbolicLink(At("link"), "c/e");
    }

    private void Lists(IEnumerable<string> expected, IEnumerable<string> paths) => Assert.Equal(
        expected.Order(StringComparer.Ordinal),
        paths.Select(path => path[(Root.Length + 1)..]).Order(StringComparer.Ordinal));
}

public sealed class HostDirectoryTests() : DirectoryContract(FilesUnderTest.Host());

public sealed class SimulatedDirectoryTests() : DirectoryContract(FilesUnderTest.Simulated());
