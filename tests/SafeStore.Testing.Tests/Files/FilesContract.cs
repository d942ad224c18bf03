using System;
using System.IO;
using System.IO.Abstractions;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Testing.Tests.Files;

/// <summary>
/// What programs may rely on. Every contract runs twice: on .NET's own files, which proves the test, and on a simulated machine.
/// </summary>
public abstract class FilesContract(FilesUnderTest under) : IDisposable
{
    protected IFileSystem Files => under.Files;

    protected IFile File => under.Files.File;

    protected IDirectory Directory => under.Files.Directory;

    protected string Root => under.Root;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => under.Dispose();

    /// <summary>A path in the test's directory.</summary>
    protected string At(string path) => $"{Root}/{path}";

    /// <summary>A file of some text.</summary>
    protected string Given(string path, string text = "text")
    {
        File.WriteAllText(At(path), text);
        return At(path);
    }

    /// <summary>An empty directory.</summary>
    protected string GivenDirectory(string path) => Directory.CreateDirectory(At(path)).FullName;

    /// <summary>Exactly this exception, with an errno as HResult.</summary>
    protected static void FailsWith(int errno, Action call) => Assert.Equal(errno, Assert.Throws<IOException>(call).HResult);

    /// <summary>The errors of a missing file, of a missing directory, of a directory and of a file on the way.</summary>
    protected void FailsAsPathsDo(Action<string> call)
    {
        string missing = At("missing");
        GivenDirectory("directory");
        Given("file");
        Assert.Equal(missing, Assert.Throws<FileNotFoundException>(() => call(missing)).FileName);
        Assert.Throws<DirectoryNotFoundException>(() => call(At("missing/file")));
        Assert.Throws<DirectoryNotFoundException>(() => call(At("file/file")));
        Assert.Throws<UnauthorizedAccessException>(() => call(At("directory")));
        FailsAsNamesDo(call);
    }

    protected void FailsAsNamesDo(Action<string> call)
    {
        Assert.Throws<PathTooLongException>(() => call(At(new string('x', 300))));
        Assert.Throws<ArgumentNullException>(() => call(null!));
        Assert.Throws<ArgumentException>(() => call(""));
        Assert.Throws<ArgumentException>(() => call(At("nul\0nul")));
    }

    protected static async Task FailsAsync<T>(Func<Task> call)
        where T : Exception => await Assert.ThrowsAsync<T>(call);
}
