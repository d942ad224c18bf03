using System;
using System.IO;
using System.IO.Abstractions;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>Path: what looks at the machine looks at the simulated one, the rest is a matter of strings, as on Linux.</summary>
internal sealed partial class PathView(SimulatedFiles files) : PathWrapper(files)
{
    /// <summary>The directory of temporary files.</summary>
    internal const string Temp = "/tmp/";

    private const string Letters = "abcdefghijklmnopqrstuvwxyz012345";

    public override bool Exists(string? path)
    {
        if (string.IsNullOrEmpty(path) || path.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        string absolute = files.Absolute(path);
        return LinuxPath.EndsInDirectorySeparator(absolute)
            ? files.IsDirectory(absolute)
            : files.Probe(absolute, out _) == Errno.None;
    }

    public override string GetFullPath(string path) => files.Absolute(path);

    public override string GetRandomFileName() => $"{RandomName(files, 8)}.{RandomName(files, 3)}";

    public override string GetRelativePath(string relativeTo, string path) =>
        LinuxPath.GetRelativePath(files.Absolute(relativeTo), files.Absolute(path));

    public override string GetTempFileName()
    {
        return MakeTemp(files, "tmp", ".tmp", path =>
        {
            OpenFlags flags = OpenFlags.Write | OpenFlags.Create | OpenFlags.Exclusive;
            Errno errno = files.Calls.Open(path, flags, UnixFileMode.UserRead | UnixFileMode.UserWrite, out FileHandle? file);
            file?.Dispose();
            return errno;
        });
    }

    public override string GetTempPath() => Temp;

    /// <summary>Makes something of a new name among the temporary files, whose directory is made if the machine has none.</summary>
    internal static string MakeTemp(SimulatedFiles files, string prefix, string suffix, Func<string, Errno> make)
    {
        while (true)
        {
            string path = $"{Temp}{prefix}{RandomName(files, 6)}{suffix}";
            Errno errno = make(path);
            if (errno == Errno.NotFound)
            {
                files.Directories.Create(Temp);
                errno = make(path);
            }

            if (errno != Errno.Exists)
            {
                files.ThrowIfFailed(errno, path);
                return path;
            }
        }
    }

    /// <summary>A name that the simulation's seed decides.</summary>
    private static string RandomName(SimulatedFiles files, int length)
    {
        Span<byte> bytes = stackalloc byte[length];
        Span<char> name = stackalloc char[length];
        files.Calls.Handles.FillRandom(bytes);
        for (int index = 0; index < length; index++)
        {
            name[index] = Letters[bytes[index] % Letters.Length];
        }

        return new string(name);
    }
}
