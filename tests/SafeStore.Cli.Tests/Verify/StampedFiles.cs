using System;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Cli.Tests.Verify;

/// <summary>Where a test's directories are, and the stamps of the documents in them.</summary>
internal static class StampedFiles
{
    private const string Attribute = "user.safestore";
    private const string WhyNot = "The directory for tests keeps no attributes of users, so that there are no stamps.";

    private static readonly PosixFileSystem s_fs = new();

    private static readonly string[] s_places =
        [.. new[] { "/dev/shm", Path.GetTempPath(), AppContext.BaseDirectory }.Where(Directory.Exists)];

    /// <summary>
    /// A place in memory, since no disk's time is to be spent; but one that keeps stamps, if there is any: a kernel before 6.6 has none in
    /// memory.
    /// </summary>
    public static string Place { get; } = s_places.FirstOrDefault(KeepsStamps) ?? s_places[0];

    public static string NewPath() => Path.Combine(Place, $"safestore-verify-test-{Guid.NewGuid():N}");

    /// <param name="place">A directory; <see cref="Place"/> if it is null.</param>
    public static void SkipIfThereAreNone(string? place = null) => Assert.SkipUnless(KeepsStamps(place ?? Place), WhyNot);

    public static byte[] StampOf(string path)
    {
        using DirectoryHandle directory = Open(Path.GetDirectoryName(path)!);
        Assert.Equal(Errno.None, s_fs.OpenFile(directory, Path.GetFileName(path), FileUse.Read, out FileHandle? file));
        using (file)
        {
            Assert.Equal(Errno.None, s_fs.GetAttribute(file!, Attribute, out byte[] stamp));
            return stamp;
        }
    }

    public static void SetStamp(string path, byte[] stamp)
    {
        using DirectoryHandle directory = Open(Path.GetDirectoryName(path)!);
        Assert.Equal(Errno.None, s_fs.SetAttribute(directory, Path.GetFileName(path), Attribute, stamp));
    }

    private static bool KeepsStamps(string place)
    {
        string probe = Path.Combine(place, $"safestore-verify-probe-{Guid.NewGuid():N}");
        File.WriteAllBytes(probe, []);
        try
        {
            using DirectoryHandle directory = Open(place);
            return s_fs.SetAttribute(directory, Path.GetFileName(probe), Attribute, new byte[1]) == Errno.None;
        }
        finally
        {
            File.Delete(probe);
        }
    }

    private static DirectoryHandle Open(string path)
    {
        Assert.Equal(Errno.None, s_fs.OpenRoot(path, out DirectoryHandle? directory));
        return directory!;
    }
}
