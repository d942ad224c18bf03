using System;
using System.IO;
using System.Runtime.InteropServices;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>The exceptions that .NET 10 throws on Linux for an errno.</summary>
internal static class IoError
{
    internal static void ThrowIfFailed(Errno errno, string? path, bool isDirectory = false)
    {
        if (errno != Errno.None)
        {
            throw Of(errno, path, isDirectory);
        }
    }

    /// <summary>The exception for an errno. "Not found" is about a directory if the caller says so.</summary>
    internal static Exception Of(Errno errno, string? path, bool isDirectory = false) => errno switch
    {
        Errno.NotFound when isDirectory => DirectoryNotFound(path),
        Errno.NotFound when path is null => new FileNotFoundException(),
        Errno.NotFound => FileNotFound(path),
        Errno.NotDirectory => DirectoryNotFound(path),
        Errno.AccessDenied or Errno.NotPermitted or Errno.BadHandle => Denied(errno, path),
        Errno.NameTooLong => new PathTooLongException(
            $"The path '{path}' is too long, or a component of the specified path is too long."),
        Errno.WouldBlock => new IOException(
            $"The process cannot access the file '{path}' because it is being used by another process.", (int)errno),
        Errno.Exists when path is not null => new IOException($"The file '{path}' already exists.", (int)errno),
#pragma warning disable CA2208 // The name that .NET gives, whatever the caller's parameter is called.
        Errno.FileTooLarge => new ArgumentOutOfRangeException("value", "Specified file length was too large for the file system."),
#pragma warning restore CA2208
        _ => Plain(errno, path),
    };

    internal static FileNotFoundException FileNotFound(string path) => new($"Could not find file '{path}'.", path);

    internal static DirectoryNotFoundException DirectoryNotFound(string? path) => new(
        path is null ? "Could not find a part of the path." : $"Could not find a part of the path '{path}'.");

    /// <summary>Without an errno in its HResult, for what .NET decides by itself.</summary>
    internal static IOException AlreadyExists(string path) =>
        new($"Cannot create '{path}' because a file or directory with the same name already exists.");

    internal static UnauthorizedAccessException NotAFile(string path) => new($"The specified path '{path}' is not a file.");

    private static UnauthorizedAccessException Denied(Errno errno, string? path) =>
        new(path is null ? "Access to the path is denied." : $"Access to the path '{path}' is denied.", Plain(errno, path: null));

    private static IOException Plain(Errno errno, string? path)
    {
        string message = Marshal.GetPInvokeErrorMessage((int)errno);
        return new IOException(path is null ? message : $"{message} : '{path}'", (int)errno);
    }
}
