using System;
using System.IO;

namespace SafeStore.FileSystem;

/// <summary>Reads what the kernel tells in /proc and /sys.</summary>
internal static class PseudoFile
{
    /// <summary>The text of a file; empty if it is not there, or not ours to read.</summary>
    internal static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>The last name of what a symbolic link leads to; empty if there is none.</summary>
    internal static string LinkTarget(string path) => Path.GetFileName(WholeLinkTarget(path));

    /// <summary>What a symbolic link leads to; empty if there is none.</summary>
    internal static string WholeLinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget ?? "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
