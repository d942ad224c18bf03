using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Enumeration;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>What is looked for.</summary>
internal enum ListingTarget
{
    /// <summary>All but directories.</summary>
    Files,

    /// <summary>Directories and links to them.</summary>
    Directories,

    /// <summary>Everything.</summary>
    Both,
}

/// <summary>Something that was found.</summary>
/// <param name="Path">Its path as the caller's begins.</param>
/// <param name="FullPath">Its absolute path.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsDirectory">Whether it is a directory or a link to one.</param>
internal readonly record struct Found(string Path, string FullPath, string Name, bool IsDirectory);

/// <summary>
/// A search in a directory: breadth first, a directory being read when the search comes to it. That the first one can be read is
/// checked at once, as .NET does.
/// </summary>
internal sealed class DirectoryListing
{
    private readonly SimulatedFiles _files;
    private readonly string _path;
    private readonly string _pattern;
    private readonly ListingTarget _target;
    private readonly EnumerationOptions _options;

    private DirectoryListing(SimulatedFiles files, string path, string pattern, ListingTarget target, EnumerationOptions options)
    {
        _files = files;
        _path = path;
        _pattern = pattern;
        _target = target;
        _options = options;
    }

    internal static EnumerationOptions Options(SearchOption search) => new()
    {
        RecurseSubdirectories = search switch
        {
            SearchOption.TopDirectoryOnly => false,
            SearchOption.AllDirectories => true,
            _ => throw new ArgumentOutOfRangeException(nameof(search), "Enum value was out of legal range."),
        },
        MatchType = MatchType.Win32,
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
    };

    internal static IEnumerable<Found> Of(
        SimulatedFiles files, string path, string pattern, ListingTarget target, EnumerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(options);
        if (LinuxPath.IsPathRooted(pattern))
        {
            throw new ArgumentException("Second path fragment must not be a drive or UNC name.", nameof(pattern));
        }

        if (pattern.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("Null character in path.", nameof(pattern));
        }

        // A pattern may start with directories: they belong to the path.
        int name = pattern.LastIndexOf('/') + 1;
        if (name > 0)
        {
            path = LinuxPath.Join(path, pattern[..(name - 1)]);
            pattern = pattern[name..];
        }

        DirectoryListing listing = new(files, path, Expression(pattern, options.MatchType), target, options);
        _ = listing.Read(LinuxPath.TrimEndingDirectorySeparator(files.Absolute(path)), isFirst: true);
        return listing.Walk();
    }

    private IEnumerable<Found> Walk()
    {
        Queue<(string Path, string FullPath, int Depth)> pending = new();
        pending.Enqueue((_path, LinuxPath.TrimEndingDirectorySeparator(_files.Absolute(_path)), 0));
        for (bool isFirst = true; pending.TryDequeue(out (string Path, string FullPath, int Depth) directory); isFirst = false)
        {
            foreach (DirectoryEntry entry in Read(directory.FullPath, isFirst))
            {
                Found found = Describe(directory.Path, directory.FullPath, entry);
                bool isSpecial = entry.Name is "." or "..";
                if (!isSpecial && IsSkipped(found, entry.Kind))
                {
                    continue;
                }

                if (found.IsDirectory && !isSpecial && _options.RecurseSubdirectories && directory.Depth < _options.MaxRecursionDepth)
                {
                    pending.Enqueue((found.Path, found.FullPath, directory.Depth + 1));
                }

                if (IsWanted(found))
                {
                    yield return found;
                }
            }
        }
    }

    /// <summary>A directory below the first one may be gone by now.</summary>
    private List<DirectoryEntry> Read(string directory, bool isFirst)
    {
        List<DirectoryEntry> entries = [];
        if (_options.ReturnSpecialDirectories)
        {
            entries.Add(new DirectoryEntry(".", FileKind.Directory));
            entries.Add(new DirectoryEntry("..", FileKind.Directory));
        }

        Errno errno = _files.Calls.List(directory, entries);
        bool isTolerated = errno switch
        {
            Errno.None => true,
            Errno.NotFound or Errno.NotDirectory => !isFirst,
            Errno.AccessDenied or Errno.NotPermitted or Errno.BadHandle => _options.IgnoreInaccessible,
            _ => false,
        };
        return isTolerated ? entries : throw _files.Error(errno, directory, isDirectory: true);
    }

    private Found Describe(string path, string fullPath, DirectoryEntry entry)
    {
        string full = LinuxPath.Join(fullPath, entry.Name);
        bool isDirectory = entry.Kind switch
        {
            FileKind.Directory => true,
            FileKind.SymbolicLink => _files.IsDirectory(full),
            _ => false,
        };
        return new Found(LinuxPath.Join(path, entry.Name), full, entry.Name, isDirectory);
    }

    private bool IsSkipped(Found found, FileKind kind)
    {
        FileAttributes skipped = _options.AttributesToSkip;
        return ((skipped & FileAttributes.Directory) != 0 && found.IsDirectory)
            || ((skipped & FileAttributes.ReparsePoint) != 0 && kind == FileKind.SymbolicLink)
            || ((skipped & FileAttributes.Hidden) != 0 && found.Name.StartsWith('.'))
            || ((skipped & FileAttributes.ReadOnly) != 0 && IsReadOnly(found));
    }

    private bool IsReadOnly(Found found)
    {
        PathState state = PathState.Of(_files.Calls, found.FullPath);
        return state.Exists && (state.Attributes(found.Name) & FileAttributes.ReadOnly) != 0;
    }

    private bool IsWanted(Found found)
    {
        bool isKind = _target switch
        {
            ListingTarget.Files => !found.IsDirectory,
            ListingTarget.Directories => found.IsDirectory,
            _ => true,
        };
        bool ignoreCase = _options.MatchCasing == MatchCasing.CaseInsensitive;
        return isKind && (_options.MatchType == MatchType.Simple
            ? FileSystemName.MatchesSimpleExpression(_pattern, found.Name, ignoreCase)
            : FileSystemName.MatchesWin32Expression(_pattern, found.Name, ignoreCase));
    }

    /// <summary>The rules of Windows treat no pattern, "." and "*.*" as "*", and know special characters that are ordinary here.</summary>
    private static string Expression(string pattern, MatchType type) => type switch
    {
        MatchType.Simple => pattern,
        MatchType.Win32 when pattern is "" or "." or "*" or "*.*" => "*",
        MatchType.Win32 => FileSystemName.TranslateWin32Expression(pattern
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace(">", "\\>", StringComparison.Ordinal)
            .Replace("<", "\\<", StringComparison.Ordinal)),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
