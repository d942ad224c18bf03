using System;
using System.IO;
using System.IO.Abstractions;
using Xunit;

namespace SafeStore.Testing.Tests.Files;

public abstract class FileChangesContract(FilesUnderTest under) : FilesContract(under)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Open =
        Private | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private static readonly DateTime Once = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);

    [Fact]
    public void A_file_exists_unless_it_is_a_directory_or_nothing()
    {
        Given("file");
        GivenDirectory("directory");
        Assert.True(File.Exists(At("file")));
        Assert.False(File.Exists(At("file/")));
        Assert.False(File.Exists(At("file/file")));
        Assert.False(File.Exists(At("directory")));
        Assert.False(File.Exists(At("missing")));
        Assert.False(File.Exists(At("nul\0")));
        Assert.False(File.Exists(""));
        Assert.False(File.Exists(null));
        Assert.True(Files.Path.Exists(At("file")));
        Assert.False(Files.Path.Exists(At("file/")));
        Assert.True(Files.Path.Exists(At("directory/")));
        Assert.False(Files.Path.Exists(null));
    }

    [Fact]
    public void A_copy_has_content_mode_and_times_of_its_source()
    {
        Given("from", new string('x', 200_000));
        File.SetUnixFileMode(At("from"), Open);
        File.SetLastWriteTimeUtc(At("from"), Once);

        File.Copy(At("from"), At("to"));

        Assert.Equal(File.ReadAllText(At("from")), File.ReadAllText(At("to")));
        Assert.Equal(Open, File.GetUnixFileMode(At("to")));
        Assert.Equal(Once, File.GetLastWriteTimeUtc(At("to")));
    }

    [Fact]
    public void A_copy_replaces_only_when_asked_to()
    {
        Given("from", "new");
        Given("to", "something old");
        FailsWith(17, () => File.Copy(At("from"), At("to")));
        Assert.Equal("something old", File.ReadAllText(At("to")));
        File.Copy(At("from"), At("to"), overwrite: true);
        Assert.Equal("new", File.ReadAllText(At("to")));
    }

    [Fact]
    public void Copies_that_cannot_be_made_say_why()
    {
        Given("file");
        GivenDirectory("directory");
        FailsAsPathsDo(path => File.Copy(path, At("to")));
        Assert.Throws<IOException>(() => File.Copy(At("file"), At("directory")));
        Assert.Throws<UnauthorizedAccessException>(() => File.Copy(At("file"), At("directory"), overwrite: true));
        Assert.Throws<DirectoryNotFoundException>(() => File.Copy(At("file"), At("missing/to")));
        FailsWith(11, () => File.Copy(At("file"), At("file"), overwrite: true));
        Assert.Equal("text", File.ReadAllText(At("file")));
    }

    [Fact]
    public void A_move_keeps_the_file()
    {
        Given("from");
        File.SetLastWriteTimeUtc(At("from"), Once);
        File.Move(At("from"), At("to"));
        Assert.False(File.Exists(At("from")));
        Assert.Equal("text", File.ReadAllText(At("to")));
        Assert.Equal(Once, File.GetLastWriteTimeUtc(At("to")));
        File.Move(At("to"), At("to"));
        Assert.True(File.Exists(At("to")));
    }

    [Fact]
    public void A_move_replaces_only_when_asked_to()
    {
        Given("from", "new");
        Given("to", "old");
        FailsWith(17, () => File.Move(At("from"), At("to")));
        Assert.Equal("old", File.ReadAllText(At("to")));
        File.Move(At("from"), At("to"), overwrite: true);
        Assert.Equal("new", File.ReadAllText(At("to")));
        Assert.False(File.Exists(At("from")));
    }

    [Fact]
    public void Moves_that_cannot_be_made_say_why()
    {
        Given("file");
        GivenDirectory("directory");
        Assert.Throws<FileNotFoundException>(() => File.Move(At("missing"), At("to")));
        Assert.Throws<FileNotFoundException>(() => File.Move(At("missing/file"), At("to")));
        Assert.Throws<FileNotFoundException>(() => File.Move(At("directory"), At("to")));
        Assert.Throws<DirectoryNotFoundException>(() => File.Move(At("file"), At("missing/to")));
        Assert.Throws<DirectoryNotFoundException>(() => File.Move(At("file"), At("missing/to"), overwrite: true));
        FailsWith(17, () => File.Move(At("file"), At("directory")));
        FailsWith(21, () => File.Move(At("file"), At("directory"), overwrite: true));
        Assert.Throws<ArgumentException>(() => File.Move(At("file"), ""));
        Assert.True(File.Exists(At("file")));
    }

    [Fact]
    public void Deleting_what_is_not_there_is_no_error()
    {
        Given("file");
        File.Delete(At("file"));
        File.Delete(At("file"));
        Assert.False(File.Exists(At("file")));
    }

    [Fact]
    public void Deletions_that_cannot_be_done_say_why()
    {
        Given("file");
        GivenDirectory("directory");
        Assert.Throws<UnauthorizedAccessException>(() => File.Delete(At("directory")));
        Assert.Throws<DirectoryNotFoundException>(() => File.Delete(At("missing/file")));
        Assert.Throws<DirectoryNotFoundException>(() => File.Delete(At("file/file")));
        Assert.Throws<DirectoryNotFoundException>(() => File.Delete(At("file/")));
        FailsAsNamesDo(File.Delete);
    }

    [Fact]
    public void A_file_that_is_open_can_be_deleted_and_replaced()
    {
        Given("file", "old");
        using FileSystemStream stream = File.OpenRead(At("file"));
        File.Delete(At("file"));
        Given("file", "new");
        Assert.Equal("old", new StreamReader(stream).ReadToEnd());
    }

    [Fact]
    public void Replacing_keeps_the_old_file_if_asked_to()
    {
        Given("new", "new");
        Given("file", "old");
        Given("backup", "older");
        File.Replace(At("new"), At("file"), At("backup"));
        Assert.False(File.Exists(At("new")));
        Assert.Equal("new", File.ReadAllText(At("file")));
        Assert.Equal("old", File.ReadAllText(At("backup")));

        Given("new", "newer");
        File.Replace(At("new"), At("file"), null);
        Assert.Equal("newer", File.ReadAllText(At("file")));
    }

    [Fact]
    public void Replacements_that_cannot_be_done_say_why()
    {
        Given("file");
        GivenDirectory("directory");
        Assert.Throws<FileNotFoundException>(() => File.Replace(At("missing"), At("file"), null));
        Assert.Throws<FileNotFoundException>(() => File.Replace(At("file"), At("missing"), null));
        Assert.Throws<FileNotFoundException>(() => File.Replace(At("file"), At("missing"), At("backup")));
        Assert.Throws<UnauthorizedAccessException>(() => File.Replace(At("directory"), At("file"), null));
        Assert.Throws<UnauthorizedAccessException>(() => File.Replace(At("file"), At("directory"), null));
        Assert.Throws<IOException>(() => File.Replace(At("file"), At("file"), null));
        Assert.Throws<ArgumentNullException>(() => File.Replace(At("file"), null!, null));
    }

    [Fact]
    public void New_files_and_directories_have_the_usual_modes()
    {
        const UnixFileMode Readable = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        Given("file");
        GivenDirectory("directory");
        Assert.Equal(Readable, File.GetUnixFileMode(At("file")));
        Assert.Equal(
            Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute,
            File.GetUnixFileMode(At("directory")));
    }

    [Fact]
    public void Modes_are_set_as_they_are_given()
    {
        Given("file");
        foreach (UnixFileMode mode in new[] { Open, Private, UnixFileMode.SetUser | UnixFileMode.UserExecute, UnixFileMode.None })
        {
            File.SetUnixFileMode(At("file"), mode);
            Assert.Equal(mode, File.GetUnixFileMode(At("file")));
        }

        Assert.Throws<ArgumentException>(() => File.SetUnixFileMode(At("file"), (UnixFileMode)0x1000));
        Assert.Throws<FileNotFoundException>(() => File.SetUnixFileMode(At("missing"), Private));
        Assert.Throws<DirectoryNotFoundException>(() => File.GetUnixFileMode(At("missing/file")));
    }

    [Fact]
    public void Attributes_are_those_that_Linux_has()
    {
        Given("file");
        Given(".hidden");
        GivenDirectory("directory");
        Assert.Equal(FileAttributes.Normal, File.GetAttributes(At("file")));
        Assert.Equal(FileAttributes.Hidden, File.GetAttributes(At(".hidden")));
        Assert.Equal(FileAttributes.Directory, File.GetAttributes(At("directory")));

        File.SetAttributes(At("file"), FileAttributes.ReadOnly);
        Assert.Equal(FileAttributes.ReadOnly, File.GetAttributes(At("file")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(At("file")));
        File.SetAttributes(At("file"), FileAttributes.Hidden);
        Assert.Equal(FileAttributes.Normal, File.GetAttributes(At("file")));

        Assert.Throws<ArgumentException>(() => File.SetAttributes(At("file"), (FileAttributes)(1 << 25)));
        Assert.Throws<FileNotFoundException>(() => File.GetAttributes(At("missing")));
        Assert.Throws<DirectoryNotFoundException>(() => File.SetAttributes(At("missing/file"), FileAttributes.Normal));
    }

    [Fact]
    public void Times_are_set_and_told()
    {
        Given("file");
        GivenDirectory("directory");
        File.SetLastWriteTimeUtc(At("file"), Once);
        File.SetLastAccessTimeUtc(At("file"), Once.AddTicks(1));
        Directory.SetLastWriteTime(At("directory"), Once.ToLocalTime());
        Assert.Equal(Once, File.GetLastWriteTimeUtc(At("file")));
        Assert.Equal(Once.AddTicks(1), File.GetLastAccessTimeUtc(At("file")));
        Assert.Equal(Once, Directory.GetLastWriteTimeUtc(At("directory")));
        Assert.Equal(Once.ToLocalTime(), Directory.GetLastWriteTime(At("directory")));
        Assert.Equal(DateTimeKind.Local, File.GetLastAccessTime(At("file")).Kind);

        // There is no time of creation to be set: it is the last write's.
        File.SetCreationTimeUtc(At("file"), Once.AddDays(1));
        Assert.Equal(Once.AddDays(1), File.GetCreationTimeUtc(At("file")));
        Assert.Equal(Once.AddDays(1), File.GetLastWriteTimeUtc(At("file")));

        Assert.Equal(DateTime.FromFileTimeUtc(0), File.GetLastWriteTimeUtc(At("missing")));
        Assert.Throws<FileNotFoundException>(() => File.SetLastWriteTimeUtc(At("missing"), Once));
        Assert.Throws<DirectoryNotFoundException>(() => File.SetLastAccessTimeUtc(At("missing/file"), Once));
    }

    [Fact]
    public void A_write_moves_the_time_on()
    {
        Given("file");
        File.SetLastWriteTimeUtc(At("file"), Once);
        Given("file", "other");
        Assert.True(File.GetLastWriteTimeUtc(At("file")) > Once.AddYears(1));
    }
}

public sealed class HostFileChangesTests() : FileChangesContract(FilesUnderTest.Host());

public sealed class SimulatedFileChangesTests() : FileChangesContract(FilesUnderTest.Simulated());
