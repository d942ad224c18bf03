using System;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>Makes and resolves symbolic links.</summary>
internal sealed class LinkReading(SimulatedFiles files)
{
    private const int MaximalHops = 40;

    internal void Create(string path, string target)
    {
        ArgumentException.ThrowIfNullOrEmpty(target);
        if (target.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("Null character in path.", nameof(target));
        }

        files.ThrowIfFailed(files.Calls.SymbolicLink(target, path), path);
    }

    /// <summary>What a link says, null if there is none.</summary>
    internal string? Target(string path) => files.Calls.ReadLink(path, out string target) == Errno.None ? target : null;

    /// <summary>Where a link leads, or the last of a row of links; null for what is no link.</summary>
    internal string? Resolve(string path, bool final, bool isDirectory)
    {
        Errno errno = files.Calls.ReadLink(path, out string target);
        if (errno == Errno.Invalid)
        {
            return null;
        }

        files.ThrowIfFailed(errno, path, isDirectory);
        string current = From(path, target);
        for (int hop = 1; final && Target(current) is { } next; hop++)
        {
            if (hop >= MaximalHops)
            {
                throw new IOException($"Too many levels of symbolic links in '{path}'.");
            }

            current = From(current, next);
        }

        return current;
    }

    private string From(string link, string target) => files.Absolute(LinuxPath.Join(
        LinuxPath.IsPathRooted(target) ? null : LinuxPath.GetDirectoryName(link), target));
}
