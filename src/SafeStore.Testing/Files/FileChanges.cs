using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>Copies, moves, replaces and removes files by absolute paths, by the system calls of .NET on Linux in their order.</summary>
internal sealed class FileChanges(SimulatedFiles files)
{
    private const int ChunkSize = 80 * 1024;

    private const UnixFileMode CopiedBits = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private IPathCalls Calls => files.Calls;

    internal void Copy(string source, string target, bool overwrite)
    {
        using SimulatedStream input = files.Opening.OpenAt(
            source, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.None, FileOpening.DefaultMode);
        files.ThrowIfFailed(Calls.Stat(input.File, out NodeStatus node), source);
        UnixFileMode mode = node.Status.Mode & CopiedBits;
        using SimulatedStream output = OpenTarget(target, overwrite, mode);
        input.CopyTo(output, ChunkSize);
        files.ThrowIfFailed(Calls.SetTimes(target, node.Accessed, node.Written), target);
        files.ThrowIfFailed(Calls.SetMode(target, mode), target);
    }

    internal void Move(string source, string target, bool overwrite)
    {
        if (!files.IsFile(source))
        {
            throw IoError.FileNotFound(source);
        }

        if (overwrite)
        {
            MoveOver(source, target);
        }
        else if (!TryRename(source, target))
        {
            // A link does not replace what is there, as a rename would.
            LinkOrCopy(source, target);
            Delete(source);
        }
    }

    internal void Replace(string source, string target, string? backup)
    {
        files.ThrowIfFailed(Calls.Stat(source, follow: false, out NodeStatus from), source);
        if (from.Status.Kind == FileKind.Directory)
        {
            throw IoError.NotAFile(source);
        }

        if (Calls.Stat(target, follow: false, out NodeStatus to) == Errno.None)
        {
            if (to.Status.Kind == FileKind.Directory)
            {
                throw IoError.NotAFile(target);
            }

            if (from.Status.IsSameFile(to.Status))
            {
                throw new IOException($"The source '{source}' and destination '{target}' are the same file.");
            }
        }

        if (backup is not null)
        {
            Errno errno = Calls.Unlink(backup);
            files.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, backup);
            LinkOrCopy(target, backup);
        }
        else if (Calls.Stat(target, follow: true, out _) == Errno.NotFound)
        {
            throw new FileNotFoundException();
        }

        files.ThrowIfFailed(Calls.Rename(source, target), path: null);
    }

    internal void Delete(string path)
    {
        Errno errno = Calls.Unlink(path);
        switch (errno)
        {
            case Errno.None:
                return;
            case Errno.NotFound:
                if (LinuxPath.GetDirectoryName(path) is { Length: > 0 } parent && !files.IsDirectory(parent))
                {
                    throw IoError.DirectoryNotFound(path);
                }

                return;
            case Errno.ReadOnly when files.Probe(LinuxPath.TrimEndingDirectorySeparator(path), out _) == Errno.NotFound:
                return;
            case Errno.IsDirectory:
                throw files.Error(Errno.AccessDenied, path);
            default:
                throw files.Error(errno, path);
        }
    }

    private SimulatedStream OpenTarget(string target, bool overwrite, UnixFileMode mode)
    {
        FileMode creation = overwrite ? FileMode.Create : FileMode.CreateNew;
        try
        {
            return files.Opening.OpenAt(target, creation, FileAccess.ReadWrite, FileShare.None, FileOptions.None, mode);
        }
        catch (IOException exception) when (exception.HResult == (int)Errno.Exists && files.IsDirectory(target))
        {
            throw new IOException($"The target file '{target}' is a directory, not a file.");
        }
    }

    private void MoveOver(string source, string target)
    {
        Errno errno = Calls.Rename(source, target);
        if (errno == Errno.CrossDevice)
        {
            Copy(source, target, overwrite: true);
            Delete(source);
        }
        else if (errno != Errno.None)
        {
            bool isDirectory = errno == Errno.NotFound && !files.IsDirectory(LinuxPath.GetDirectoryName(target));
            throw files.Error(errno, target, isDirectory);
        }
    }

    /// <summary>Renames if nothing has the target's name, or the source itself has it.</summary>
    private bool TryRename(string source, string target) =>
        Calls.Stat(source, follow: false, out NodeStatus from) == Errno.None
        && (Calls.Stat(target, follow: false, out NodeStatus to) != Errno.None || from.Status.IsSameFile(to.Status))
        && Calls.Rename(source, target) == Errno.None;

    private void LinkOrCopy(string existing, string created)
    {
        Errno errno = Calls.Link(existing, created);
        switch (errno)
        {
            case Errno.None:
                return;
            case Errno.CrossDevice or Errno.AccessDenied or Errno.NotPermitted:
            case Errno.NotSupported or Errno.NotImplemented or Errno.TooManyLinks:
                Copy(existing, created, overwrite: false);
                return;
            case Errno.NotFound when !files.IsDirectory(LinuxPath.GetDirectoryName(created)):
                throw IoError.DirectoryNotFound(created);
            case Errno.NotFound:
                throw files.Error(errno, existing);
            default:
                throw files.Error(errno, errno == Errno.Exists ? created : null);
        }
    }
}
