using System;
using System.IO;
using System.IO.Abstractions;
using SafeStore.FileSystem;
using HostPath = System.IO.Path;

namespace SafeStore.Testing.Files;

/// <summary>Path: what looks at the machine looks at the simulated one, the rest is a matter of strings.</summary>
internal sealed class SimulatedPath(SimulatedFiles files) : PathWrapper(files)
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
        return HostPath.EndsInDirectorySeparator(absolute)
            ? files.IsDirectory(absolute)
            : files.Probe(absolute, out _) == Errno.None;
    }

    public override string GetFullPath(string path) => files.Absolute(path);

    public override string GetRandomFileName() => $"{RandomName(files, 8)}.{RandomName(files, 3)}";

    public override string GetRelativePath(string relativeTo, string path) =>
        HostPath.GetRelativePath(files.Absolute(relativeTo), files.Absolute(path));

    public override string GetTempFileName()
    {
        while (true)
        {
            string path = $"{Temp}tmp{RandomName(files, 6)}.tmp";
            Errno errno = files.Calls.Open(
                path,
                OpenFlags.Write | OpenFlags.Create | OpenFlags.Exclusive,
                UnixFileMode.UserRead | UnixFileMode.UserWrite,
                out FileHandle? file);
            file?.Dispose();
            if (errno != Errno.Exists)
            {
                files.ThrowIfFailed(errno, path, isDirectory: true);
                return path;
            }
        }
    }

    public override string GetTempPath() => Temp;

    /// <summary>A name that the simulation's seed decides.</summary>
    internal static string RandomName(SimulatedFiles files, int length)
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
