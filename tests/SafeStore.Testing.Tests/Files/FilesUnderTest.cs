using System;
using System.IO;
using System.IO.Abstractions;
using System.IO.Abstractions.TestingHelpers;

namespace SafeStore.Testing.Tests.Files;

/// <summary>A filesystem and an empty directory in it.</summary>
public sealed class FilesUnderTest : IDisposable
{
    private FilesUnderTest(IFileSystem files, string root)
    {
        Files = files;
        Root = root;
    }

    /// <summary>The filesystem.</summary>
    public IFileSystem Files { get; }

    /// <summary>The directory.</summary>
    public string Root { get; }

    /// <summary>.NET's own files, the measure of the others.</summary>
    public static FilesUnderTest Host() => new(new System.IO.Abstractions.FileSystem(), TempDirectory());

    /// <summary>The view on a simulated machine.</summary>
    public static FilesUnderTest Simulated()
    {
        IFileSystem files = new SimulatedMachine().Start().FileSystem.Files;
        return new FilesUnderTest(files, files.Directory.CreateTempSubdirectory("safestore-files-").FullName);
    }

    /// <summary>The mock of System.IO.Abstractions.</summary>
    public static FilesUnderTest Mock()
    {
        var files = new MockFileSystem();
        return new FilesUnderTest(files, files.Directory.CreateTempSubdirectory("safestore-files-").FullName);
    }

    public void Dispose() => Files.Directory.Delete(Root, recursive: true);

    private static string TempDirectory() => Directory.CreateTempSubdirectory("safestore-files-").FullName;
}
