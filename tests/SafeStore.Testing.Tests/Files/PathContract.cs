using System;
using System.IO;
using System.IO.Abstractions;
using Xunit;

namespace SafeStore.Testing.Tests.Files;

public abstract class PathContract(FilesUnderTest under) : FilesContract(under)
{
    private IPath Path => Files.Path;

    [Fact]
    public void Paths_are_cut_and_joined()
    {
        Assert.Equal("a/b", Path.Combine("a", "b"));
        Assert.Equal("/b", Path.Combine("a", "/b"));
        Assert.Equal("a/b/c/d", Path.Join("a", "b/", "c", "d"));
        Assert.Equal("b", Path.GetFileNameWithoutExtension("a/b.c"));
        Assert.Equal("a/b.d", Path.ChangeExtension("a/b.c", "d"));
        Assert.Equal("a", Path.GetDirectoryName("a/b"));
        Assert.True(Path.IsPathFullyQualified("/a"));
        Assert.False(Path.IsPathRooted("a"));
        Assert.Equal('/', Path.DirectorySeparatorChar);
        Assert.Equal("a", Path.TrimEndingDirectorySeparator("a/"));
    }

    [Fact]
    public void Full_paths_have_no_detours()
    {
        Assert.Equal("/c/d/", Path.GetFullPath("/a/../c//./d/"));
        Assert.Equal("/", Path.GetFullPath("/../.."));
        Assert.Equal("/a/c", Path.GetFullPath("../c", "/a/b"));
        Assert.Equal("../c", Path.GetRelativePath("/a/b", "/a/c"));
        Assert.Throws<ArgumentException>(() => Path.GetFullPath(""));
        Assert.Throws<ArgumentNullException>(() => Path.GetFullPath(null!));
        Assert.Throws<ArgumentException>(() => Path.GetFullPath("nul\0"));
    }

    [Fact]
    public void Temporary_names_are_new()
    {
        Assert.Equal("/tmp/", Path.GetTempPath());
        Assert.NotEqual(Path.GetRandomFileName(), Path.GetRandomFileName());
        Assert.Equal(12, Path.GetRandomFileName().Length);
#pragma warning disable CS0618 // What is tested.
        string file = Path.GetTempFileName();
#pragma warning restore CS0618
        Assert.StartsWith("/tmp/tmp", file, StringComparison.Ordinal);
        Assert.Equal(0, Files.FileInfo.New(file).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        File.Delete(file);
    }
}

public sealed class HostPathTests() : PathContract(FilesUnderTest.Host());

public sealed class SimulatedPathTests() : PathContract(FilesUnderTest.Simulated());
