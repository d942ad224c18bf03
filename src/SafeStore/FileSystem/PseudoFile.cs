using System;
using System.IO;

namespace SafeStore.FileSystem;

/// <summary>Reads what the kernel tells in /proc.</summary>
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
}
