using System;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>What .NET knows of a path at one moment: the entry itself, and of a link whether it leads to a directory.</summary>
/// <param name="Failure">Why nothing is known, unless nothing is there.</param>
/// <param name="Exists">Whether there is an entry, be it a link to nowhere.</param>
/// <param name="IsDirectory">Whether it is a directory or a link to one.</param>
/// <param name="LeadsNowhere">Whether it is a link without a target.</param>
/// <param name="Mode">The permission bits, of a link's target if it has one.</param>
/// <param name="Node">The entry itself.</param>
internal readonly record struct PathState(
    Errno Failure, bool Exists, bool IsDirectory, bool LeadsNowhere, UnixFileMode Mode, NodeStatus Node)
{
    private const UnixFileMode WriteBits = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const FileAttributes KnownAttributes = (FileAttributes)0x2FFF7;
    private const UnixFileMode KnownModes = (UnixFileMode)0xFFF;

    internal static PathState Of(IPathCalls calls, string path)
    {
        Errno errno = calls.Stat(LinuxPath.TrimEndingDirectorySeparator(path), follow: false, out NodeStatus node);
        if (errno != Errno.None)
        {
            return new PathState { Failure = errno is Errno.NotFound or Errno.NotDirectory ? Errno.None : errno };
        }

        FileStatus status = node.Status;
        if (status.Kind != FileKind.SymbolicLink)
        {
            return new PathState(Errno.None, Exists: true, status.Kind == FileKind.Directory, LeadsNowhere: false, status.Mode, node);
        }

        return calls.Stat(path, follow: true, out NodeStatus target) == Errno.None
            ? new PathState(
                Errno.None, Exists: true, target.Status.Kind == FileKind.Directory, LeadsNowhere: false, target.Status.Mode, node)
            : new PathState(Errno.None, Exists: true, IsDirectory: false, LeadsNowhere: true, status.Mode, node);
    }

    /// <summary>The state, or the exception that told why there is none.</summary>
    internal static PathState Checked(IPathCalls calls, string path)
    {
        PathState state = Of(calls, path);
        state.ThrowIfFailed(path);
        return state;
    }

    internal void ThrowIfFailed(string path) => IoError.ThrowIfFailed(Failure, path);

    internal UnixFileMode ModeOrMissing => Exists && !LeadsNowhere ? Mode & KnownModes : (UnixFileMode)(-1);

    internal DateTimeOffset Accessed => Exists ? Node.Accessed : Missing;

    internal DateTimeOffset Written => Exists ? Node.Written : Missing;

    /// <summary>On Linux .NET takes the earlier of the last write and the last change of status.</summary>
    internal DateTimeOffset Created(DateTimeOffset now) => !Exists ? Missing : Node.Written <= now ? Node.Written : Node.Created;

    internal FileAttributes Attributes(ReadOnlySpan<char> name)
    {
        if (!Exists)
        {
            return (FileAttributes)(-1);
        }

        FileAttributes attributes = 0;
        if (!LeadsNowhere && (Mode & (UnixFileMode.UserRead | UnixFileMode.UserWrite)) == UnixFileMode.UserRead)
        {
            attributes |= FileAttributes.ReadOnly;
        }

        if (Node.Status.Kind == FileKind.SymbolicLink)
        {
            attributes |= FileAttributes.ReparsePoint;
        }

        if (IsDirectory)
        {
            attributes |= FileAttributes.Directory;
        }

        if (name is ['.', ..])
        {
            attributes |= FileAttributes.Hidden;
        }

        return attributes == 0 ? FileAttributes.Normal : attributes;
    }

    /// <summary>All that attributes can change on Linux is whether any user may write.</summary>
    internal static void SetAttributes(SimulatedFiles files, string path, FileAttributes attributes)
    {
        if ((attributes & ~KnownAttributes) != 0)
        {
            throw new ArgumentException("Invalid File or Directory attributes value.", nameof(attributes));
        }

        PathState state = Checked(files.Calls, path);
        if (!state.Exists)
        {
            throw files.Error(Errno.NotFound, path);
        }

        UnixFileMode mode = state.Mode & KnownModes;
        if ((attributes & FileAttributes.ReadOnly) != 0)
        {
            mode &= ~WriteBits;
        }
        else if ((mode & UnixFileMode.UserRead) != 0)
        {
            mode |= UnixFileMode.UserWrite;
        }

        if (mode != (state.Mode & KnownModes))
        {
            files.ThrowIfFailed(files.Calls.SetMode(path, mode), path);
        }
    }

    internal static void SetMode(SimulatedFiles files, string path, UnixFileMode mode)
    {
        if ((mode & ~KnownModes) != 0)
        {
            throw new ArgumentException("Invalid UnixFileMode value.", nameof(mode));
        }

        if (!Checked(files.Calls, path).Exists)
        {
            throw files.Error(Errno.NotFound, path);
        }

        files.ThrowIfFailed(files.Calls.SetMode(path, mode), path);
    }

    /// <summary>Sets times; null leaves one as it is.</summary>
    internal static void SetTimes(SimulatedFiles files, string path, DateTimeOffset? accessed, DateTimeOffset? written)
    {
        PathState state = Checked(files.Calls, path);
        if (!state.Exists)
        {
            throw files.Error(Errno.NotFound, path);
        }

        files.ThrowIfFailed(files.Calls.SetTimes(path, accessed, written), path);
    }

    /// <summary>A time without a kind is UTC here.</summary>
    internal static DateTimeOffset Utc(DateTime time) =>
        time.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(time, DateTimeKind.Utc) : time.ToUniversalTime();

    private static DateTimeOffset Missing => DateTime.FromFileTimeUtc(0);
}
