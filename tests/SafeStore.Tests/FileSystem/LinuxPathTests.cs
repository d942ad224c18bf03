using System;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>The paths of a simulated machine; the tests run on Linux, whose rules System.IO.Path has there.</summary>
public sealed class LinuxPathTests
{
    private const int Paths = 2000;

    private static readonly string[] s_parts = ["a", "..", ".", "", "b.c", "x.", "...", " ", "b\\c", "c:"];

    [Fact]
    public void Paths_are_those_of_Linux()
    {
        var random = new Random(1);
        for (int i = 0; i < Paths; i++)
        {
            string path = PathOf(random);
            string other = PathOf(random);

            Assert.Equal(Path.GetDirectoryName(path), LinuxPath.GetDirectoryName(path));
            Assert.Equal(Path.GetFileName(path), LinuxPath.GetFileName(path));
            Assert.Equal(Path.GetExtension(path), LinuxPath.GetExtension(path));
            Assert.Equal(Path.TrimEndingDirectorySeparator(path), LinuxPath.TrimEndingDirectorySeparator(path));
            Assert.Equal(Path.Join(path, other), LinuxPath.Join(path, other));
            Assert.Equal(Path.Combine(path, other), LinuxPath.Combine(path, other));

            string full = Path.GetFullPath("/" + path);
            Assert.Equal(full, LinuxPath.GetFullPath("/" + path));
            Assert.Equal(Path.GetFullPath(other, full), LinuxPath.GetFullPath(other, full));
            Assert.Equal(Path.GetRelativePath(full, "/" + other), LinuxPath.GetRelativePath(full, Path.GetFullPath("/" + other)));
        }
    }

    [Fact]
    public void A_layout_of_absolute_paths_has_forward_slashes_and_no_dots()
    {
        var layout = StoreLayout.At("/a//b/../store/");

        Assert.Equal(
            ["/a/store/config", "/a/store/run", "/a/store/config/.safestore", "/a/store/run/.safestore"],
            [layout.Config, layout.Run, layout.ConfigMetadata, layout.RunMetadata]);
        Assert.Throws<ArgumentException>(() => StoreLayout.At("/a\0b"));
    }

    [Fact]
    public void A_relative_path_starts_at_the_directory_of_the_process() =>
        Assert.Equal(Path.Join(Environment.CurrentDirectory, "store/run"), StoreLayout.At("store").Run);

    private static string PathOf(Random random) => (random.Next(2) == 0 ? "/" : "")
        + string.Join('/', Enumerable.Range(0, random.Next(6)).Select(_ => s_parts[random.Next(s_parts.Length)]));
}
