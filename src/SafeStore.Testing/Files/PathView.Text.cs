using System;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <content>What System.IO.Path does otherwise on other systems than Linux, for paths with forward slashes.</content>
internal sealed partial class PathView
{
    public override char DirectorySeparatorChar => LinuxPath.Separator;

    public override char AltDirectorySeparatorChar => LinuxPath.Separator;

    public override char VolumeSeparatorChar => LinuxPath.Separator;

    public override char PathSeparator => ':';

    public override char[] GetInvalidFileNameChars() => ['\0', LinuxPath.Separator];

    public override char[] GetInvalidPathChars() => ['\0'];

    public override string GetFullPath(string path, string basePath) => LinuxPath.GetFullPath(path, basePath);

    public override string? GetDirectoryName(string? path) => LinuxPath.GetDirectoryName(path);

    public override string? GetPathRoot(string? path) =>
        string.IsNullOrEmpty(path) ? null : LinuxPath.IsPathRooted(path) ? "/" : "";

    public override bool IsPathFullyQualified(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return LinuxPath.IsPathRooted(path);
    }

    public override bool IsPathFullyQualified(ReadOnlySpan<char> path) => path.StartsWith(LinuxPath.Separator);

    public override string Combine(string path1, string path2) => Combined(path1, path2);

    public override string Combine(string path1, string path2, string path3) => Combined(path1, path2, path3);

    public override string Combine(string path1, string path2, string path3, string path4) => Combined(path1, path2, path3, path4);

    public override string Combine(params string[] paths) => Combined(paths);

    public override string Combine(params ReadOnlySpan<string> paths) => Combined(paths);

    public override string Join(string? path1, string? path2) => Joined(path1, path2);

    public override string Join(string? path1, string? path2, string? path3) => Joined(path1, path2, path3);

    public override string Join(string? path1, string? path2, string? path3, string? path4) => Joined(path1, path2, path3, path4);

    public override string Join(params string?[] paths) => Joined(paths);

    public override string Join(params ReadOnlySpan<string?> paths) => Joined(paths);

    public override string Join(ReadOnlySpan<char> path1, ReadOnlySpan<char> path2) => Joined(path1.ToString(), path2.ToString());

    public override string Join(ReadOnlySpan<char> path1, ReadOnlySpan<char> path2, ReadOnlySpan<char> path3) =>
        Joined(path1.ToString(), path2.ToString(), path3.ToString());

    public override string Join(
        ReadOnlySpan<char> path1, ReadOnlySpan<char> path2, ReadOnlySpan<char> path3, ReadOnlySpan<char> path4) =>
        Joined(path1.ToString(), path2.ToString(), path3.ToString(), path4.ToString());

    public override bool TryJoin(ReadOnlySpan<char> path1, ReadOnlySpan<char> path2, Span<char> destination, out int charsWritten) =>
        TryCopy(Join(path1, path2), destination, out charsWritten);

    public override bool TryJoin(
        ReadOnlySpan<char> path1, ReadOnlySpan<char> path2, ReadOnlySpan<char> path3, Span<char> destination, out int charsWritten) =>
        TryCopy(Join(path1, path2, path3), destination, out charsWritten);

    private static string Combined(params ReadOnlySpan<string> paths)
    {
        string whole = "";
        foreach (string path in paths)
        {
            ArgumentNullException.ThrowIfNull(path);
            whole = LinuxPath.Combine(whole, path);
        }

        return whole;
    }

    private static string Joined(params ReadOnlySpan<string?> paths)
    {
        string whole = "";
        foreach (string? path in paths)
        {
            whole = LinuxPath.Join(whole, path);
        }

        return whole;
    }

    private static bool TryCopy(string path, Span<char> destination, out int written)
    {
        bool fits = path.TryCopyTo(destination);
        written = fits ? path.Length : 0;
        return fits;
    }
}
