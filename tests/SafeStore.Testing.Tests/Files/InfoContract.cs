using System;
using System.IO;
using System.IO.Abstractions;
using Xunit;

namespace SafeStore.Testing.Tests.Files;

public abstract class InfoContract(FilesUnderTest under) : FilesContract(under)
{
    private static readonly DateTime Once = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);

    [Fact]
    public void A_file_is_described()
    {
        Given("name.txt");
        IFileInfo info = Files.FileInfo.New(At("name.txt"));
        Assert.True(info.Exists);
        Assert.Equal("name.txt", info.Name);
        Assert.Equal(".txt", info.Extension);
        Assert.Equal(At("name.txt"), info.FullName);
        Assert.Equal(At("name.txt"), info.ToString());
        Assert.Equal(Root, info.DirectoryName);
        Assert.Equal(Root, info.Directory!.FullName);
        Assert.Equal(4, info.Length);
        Assert.False(info.IsReadOnly);
        Assert.Null(info.LinkTarget);
        Assert.Same(Files, info.FileSystem);
    }

    [Fact]
    public void A_directory_is_described()
    {
        GivenDirectory("a/b");
        IDirectoryInfo info = Files.DirectoryInfo.New(At("a/b/"));
        Assert.True(info.Exists);
        Assert.Equal("b", info.Name);
        Assert.Equal("a", info.Parent!.Name);
        Assert.Equal("/", info.Root.FullName);
        Assert.Equal("/", Files.DirectoryInfo.New("/").Name);
        Assert.Null(Files.DirectoryInfo.New("/").Parent);
        Assert.False(Files.FileInfo.New(At("a/b")).Exists);
        Given("file");
        Assert.False(Files.DirectoryInfo.New(At("file")).Exists);
    }

    [Fact]
    public void What_is_known_stays_until_it_is_refreshed()
    {
        IFileInfo info = Files.FileInfo.New(At("f"));
        Assert.False(info.Exists);
        Given("f", "four");
        Assert.False(info.Exists);
        info.Refresh();
        Assert.True(info.Exists);
        Assert.Equal(4, info.Length);
        Given("f", "seven..");
        Assert.Equal(4, info.Length);
        info.Refresh();
        Assert.Equal(7, info.Length);
        File.Delete(At("f"));
        Assert.True(info.Exists);
        info.Refresh();
        Assert.False(info.Exists);
    }

    [Fact]
    public void What_an_info_changes_it_knows()
    {
        IFileInfo info = Files.FileInfo.New(At("f"));
        Assert.False(info.Exists);
        info.Create().Dispose();
        Assert.True(info.Exists);
        info.LastWriteTimeUtc = Once;
        Assert.Equal(Once, info.LastWriteTimeUtc);
        info.LastAccessTime = Once.ToLocalTime();
        Assert.Equal(Once, info.LastAccessTimeUtc);
        info.IsReadOnly = true;
        Assert.True(info.IsReadOnly);
        Assert.Equal(FileAttributes.ReadOnly, File.GetAttributes(At("f")));
        info.Attributes = FileAttributes.Normal;
        Assert.False(info.IsReadOnly);
        info.Delete();
        Assert.False(info.Exists);
    }

    [Fact]
    public void A_missing_file_is_described_as_far_as_that_goes()
    {
        IFileInfo info = Files.FileInfo.New(At("missing"));
        Assert.Equal((FileAttributes)(-1), info.Attributes);
        Assert.Equal(DateTime.FromFileTimeUtc(0), info.LastWriteTimeUtc);
        Assert.Throws<FileNotFoundException>(() => info.Length);
        Assert.Throws<FileNotFoundException>(() => info.LastWriteTimeUtc = Once);
        Assert.Throws<FileNotFoundException>(() => info.Attributes = FileAttributes.Normal);
        Assert.Throws<FileNotFoundException>(() => info.OpenRead());
        Assert.Throws<FileNotFoundException>(() => info.MoveTo(At("to")));
        Assert.Throws<FileNotFoundException>(() => Files.FileInfo.New(Root).Length);
        info.Delete();
        IFileInfo tooLong = Files.FileInfo.New(At(new string('x', 300)));
        Assert.False(tooLong.Exists);
        Assert.Throws<PathTooLongException>(() => tooLong.Attributes);
    }

    [Fact]
    public void An_info_moves_with_its_file()
    {
        IFileInfo info = Files.FileInfo.New(Given("from"));
        info.MoveTo(At("to"));
        Assert.Equal(At("to"), info.FullName);
        Assert.Equal("to", info.Name);
        Assert.True(info.Exists);
        Assert.False(File.Exists(At("from")));
        Given("other");
        FailsWith(17, () => info.MoveTo(At("other")));
        info.MoveTo(At("other"), overwrite: true);
        Assert.False(File.Exists(At("to")));

        IDirectoryInfo directory = Files.DirectoryInfo.New(GivenDirectory("a"));
        directory.MoveTo(At("b"));
        Assert.Equal("b", directory.Name);
        Assert.True(directory.Exists);
    }

    [Fact]
    public void An_info_copies_and_replaces_its_file()
    {
        IFileInfo copy = Files.FileInfo.New(Given("from")).CopyTo(At("to"));
        Assert.Equal(At("to"), copy.FullName);
        FailsWith(17, () => copy.CopyTo(At("from")));
        Given("from", "new");
        IFileInfo replaced = Files.FileInfo.New(At("from")).Replace(At("to"), At("backup"));
        Assert.Equal(3, replaced.Length);
        Assert.Equal("text", File.ReadAllText(At("backup")));
    }

    [Fact]
    public void An_info_opens_its_file()
    {
        IFileInfo info = Files.FileInfo.New(At("f"));
        using (StreamWriter writer = info.CreateText())
        {
            writer.Write("one");
        }

        using (StreamWriter writer = info.AppendText())
        {
            writer.Write("two");
        }

        using (StreamReader reader = info.OpenText())
        {
            Assert.Equal("onetwo", reader.ReadToEnd());
        }

        using (FileSystemStream stream = info.OpenWrite())
        {
            FailsWith(11, () => info.OpenRead());
            FailsWith(11, () => info.Open(FileMode.Open));
        }

        using FileSystemStream read = info.Open(FileMode.Open, FileAccess.Read, FileShare.Read);
        Assert.Equal('o', read.ReadByte());
    }

    [Fact]
    public void Directories_are_made_and_removed_by_their_infos()
    {
        IDirectoryInfo info = Files.DirectoryInfo.New(At("a/b"));
        info.Create();
        Assert.True(info.Exists);
        Assert.Equal(At("a/b/c/d"), info.CreateSubdirectory("c/d").FullName);
        Assert.Throws<ArgumentException>(() => info.CreateSubdirectory("../e"));
        Assert.Throws<ArgumentException>(() => info.CreateSubdirectory("/e"));
        Assert.Throws<ArgumentException>(() => info.CreateSubdirectory(""));
        FailsWith(39, info.Delete);
        info.Delete(recursive: true);
        Assert.False(info.Exists);
        Assert.Throws<DirectoryNotFoundException>(info.Delete);
    }

    [Fact]
    public void Links_are_made_described_and_resolved()
    {
        Given("target");
        IFileSystemInfo link = File.CreateSymbolicLink(At("link"), "target");
        File.CreateSymbolicLink(At("chain"), At("link"));
        Assert.Equal("target", link.LinkTarget);
        Assert.Equal(FileAttributes.ReparsePoint, File.GetAttributes(At("link")));
        Assert.Equal("text", File.ReadAllText(At("chain")));
        Assert.Equal(At("link"), File.ResolveLinkTarget(At("chain"), returnFinalTarget: false)!.FullName);
        Assert.Equal(At("target"), File.ResolveLinkTarget(At("chain"), returnFinalTarget: true)!.FullName);
        Assert.Null(File.ResolveLinkTarget(At("target"), returnFinalTarget: true));
        Assert.Equal(At("target"), Files.FileInfo.New(At("link")).ResolveLinkTarget(returnFinalTarget: true)!.FullName);

        IFileInfo made = Files.FileInfo.New(At("made"));
        made.CreateAsSymbolicLink("nowhere");
        Assert.True(made.Exists);
        Assert.True(File.Exists(At("made")));
        Assert.Throws<FileNotFoundException>(() => File.ReadAllText(At("made")));
    }

    [Fact]
    public void Links_that_cannot_be_made_or_resolved_say_why()
    {
        Given("file");
        FailsWith(17, () => File.CreateSymbolicLink(At("file"), "target"));
        Assert.Throws<DirectoryNotFoundException>(() => File.CreateSymbolicLink(At("missing/link"), "target"));
        Assert.Throws<ArgumentException>(() => File.CreateSymbolicLink(At("link"), ""));
        Assert.Throws<FileNotFoundException>(() => File.ResolveLinkTarget(At("missing"), returnFinalTarget: false));
        Assert.Throws<DirectoryNotFoundException>(() => Directory.ResolveLinkTarget(At("missing"), returnFinalTarget: false));
        File.CreateSymbolicLink(At("one"), "two");
        File.CreateSymbolicLink(At("two"), "one");
        FailsWith(40, () => File.ReadAllText(At("one")));
        Assert.Throws<IOException>(() => File.ResolveLinkTarget(At("one"), returnFinalTarget: true));
        Assert.True(File.Exists(At("one")));
    }

    [Fact]
    public void A_link_to_a_directory_is_one()
    {
        GivenDirectory("a");
        Given("a/file");
        Directory.CreateSymbolicLink(At("link"), "a");
        Assert.True(Directory.Exists(At("link")));
        Assert.False(File.Exists(At("link")));
        Assert.Equal(FileAttributes.Directory | FileAttributes.ReparsePoint, File.GetAttributes(At("link")));
        Assert.Equal("text", File.ReadAllText(At("link/file")));
        Assert.Equal([At("link/file")], Directory.GetFiles(At("link")));
    }
}

public sealed class HostInfoTests() : InfoContract(FilesUnderTest.Host());

public sealed class SimulatedInfoTests() : InfoContract(FilesUnderTest.Simulated());
