using System;
using System.Collections.Generic;
using System.IO;

namespace SafeStore.FileSystem;

/// <summary>
/// Paths by Linux's rules, whatever system the program runs on, so that a store on a simulated machine works the same on every one. Its
/// members are those of <see cref="Path"/> as they are on Linux.
/// </summary>
internal static class LinuxPath
{
    public const char Separator = '/';

    /// <summary>The absolute form of a path; one that is relative starts at the process's directory, on Linux only.</summary>
    /// <exception cref="ArgumentException">The path is empty or has a NUL, or is relative on another system.</exception>
    public static string GetFullPath(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (IsPathRooted(path))
        {
            return GetFullPath(path, "/");
        }

        return OperatingSystem.IsLinux() ? Path.GetFullPath(path)
            : throw new ArgumentException(
                $"The path '{path}' is none of Linux: give an absolute one with forward slashes, such as '/store'.", nameof(path));
    }

    /// <summary>The absolute form of a path that may be relative to a directory.</summary>
    /// <exception cref="ArgumentException">The path has a NUL, or the directory is not absolute.</exception>
    public static string GetFullPath(string path, string directory)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(directory);
        if (path.Contains('\0', StringComparison.Ordinal) || directory.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("Null character in path.", nameof(path));
        }

        if (!IsPathRooted(directory))
        {
            throw new ArgumentException("Basepath argument is not fully qualified.", nameof(directory));
        }

        string whole = Combine(directory, path);
        var parts = new List<string>();
        foreach (string part in whole.Split(Separator, StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join(Separator, parts) + (parts.Count > 0 && EndsInDirectorySeparator(whole) ? "/" : "");
    }

    /// <summary>What a path is below; null of the root and of nothing, empty of a name alone.</summary>
    public static string? GetDirectoryName(string? path)
    {
        if (string.IsNullOrEmpty(path) || path == "/")
        {
            return null;
        }

        int end = path.LastIndexOf(Separator);
        if (end < 0)
        {
            return "";
        }

        while (end > 0 && path[end - 1] == Separator)
        {
            end--;
        }

        return end == 0 ? "/" : WithoutEmptyNames(path[..end]);
    }

    public static string GetFileName(string path) => path[(path.LastIndexOf(Separator) + 1)..];

    /// <summary>From the last dot of the name on; empty without one, or if nothing follows it.</summary>
    public static string GetExtension(string path)
    {
        string name = GetFileName(path);
        int dot = name.LastIndexOf('.');
        return dot < 0 || dot == name.Length - 1 ? "" : name[dot..];
    }

    public static bool IsPathRooted(string? path) => path is { Length: > 0 } && path[0] == Separator;

    public static bool EndsInDirectorySeparator(string? path) => path is { Length: > 0 } && path[^1] == Separator;

    public static string TrimEndingDirectorySeparator(string path) =>
        path.Length > 1 && path[^1] == Separator ? path[..^1] : path;

    /// <summary>Puts a path behind another, whatever it starts with.</summary>
    public static string Join(string? start, string? path) =>
        string.IsNullOrEmpty(start) ? path ?? "" : string.IsNullOrEmpty(path) ? start
            : EndsInDirectorySeparator(start) || IsPathRooted(path) ? start + path : $"{start}/{path}";

    /// <summary>Puts a path behind another, unless it is absolute.</summary>
    public static string Combine(string start, string path) => IsPathRooted(path) ? path : Join(start, path);

    /// <summary>How one absolute path is told from another.</summary>
    public static string GetRelativePath(string from, string to)
    {
        string[] start = from.Split(Separator, StringSplitOptions.RemoveEmptyEntries);
        string[] end = to.Split(Separator, StringSplitOptions.RemoveEmptyEntries);
        int common = start.AsSpan().CommonPrefixLength(end);
        string[] steps = [.. Repeated("..", start.Length - common), .. end[common..]];
        return steps.Length == 0 ? "." : string.Join(Separator, steps) + (end.Length > common && EndsInDirectorySeparator(to) ? "/" : "");
    }

    private static string[] Repeated(string text, int count)
    {
        string[] all = new string[count];
        Array.Fill(all, text);
        return all;
    }

    private static string WithoutEmptyNames(string path) => !path.Contains("//", StringComparison.Ordinal) ? path
        : (IsPathRooted(path) ? "/" : "") + string.Join(Separator, path.Split(Separator, StringSplitOptions.RemoveEmptyEntries));
}
