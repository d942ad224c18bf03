using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace SafeStore.Tests.House;

/// <summary>The files of the repository that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>The C# sources below some folders, without what a build writes.</summary>
    public static IEnumerable<SourceFile> Sources(params string[] folders) =>
        folders.SelectMany(static folder => Files(folder, "*.cs")).Select(static path => new SourceFile(path));

    /// <summary>The paths of files below a folder, relative to the root, sorted.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(static path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    public static string ReadText(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Find()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "SafeStore.sln")))
        {
            root = root.Parent;
        }

        return root?.FullName ?? throw new DirectoryNotFoundException(
            $"There is no SafeStore.sln above {AppContext.BaseDirectory}: run the tests from where they were built.");
    }
}
