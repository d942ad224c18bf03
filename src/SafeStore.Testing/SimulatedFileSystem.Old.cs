using System;
using System.IO;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <content>Verbs that the engine still calls; each goes when its last caller has gone.</content>
public sealed partial class SimulatedFileSystem
{
    /// <inheritdoc/>
    public Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode)
    {
        SimulatedDirectory start = Of(parent);
        using Turn turn = Begin(Operation.MakeDirectory, Join(start, name), disk: start.Place.Disk);
        return turn.Fails(out Errno errno) ? errno : turn.End(MakeDirectory(start.Place, name, mode, out _));
    }

    /// <inheritdoc/>
    public Errno IsNameOf(DirectoryHandle directory, string path, FileHandle file, out bool same)
    {
        ArgumentNullException.ThrowIfNull(path);
        SimulatedDirectory start = Of(directory);
        Place expected = Of(file).Place;
        same = false;
        using Turn turn = Begin(Operation.IsNameOf, Join(start, path), disk: start.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.WalkFrom(start.Place, path, out Place place);
        bool isSame = errno == Errno.None && place.IsSame(expected);
        errno = turn.End(errno is Errno.NotFound or Errno.NotDirectory ? Errno.None : errno);
        same = isSame && errno == Errno.None;
        return errno;
    }

    /// <inheritdoc/>
    public Errno Rename(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target) =>
        Rename(sourceDirectory, source, targetDirectory, target, RenameKind.Replace);

    /// <inheritdoc/>
    public Errno RenameNoReplace(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target) =>
        Rename(sourceDirectory, source, targetDirectory, target, RenameKind.NoReplace);

    /// <inheritdoc/>
    public Errno Exchange(DirectoryHandle directory, string first, string second) =>
        Rename(directory, first, directory, second, RenameKind.Exchange);

    /// <inheritdoc/>
    public Errno MapWords(FileHandle file, out SharedWords? words)
    {
        SimulatedFile opened = Of(file);
        words = null;
        using Turn turn = Begin(Operation.MapWords, opened.Path, disk: opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (StatusOf(opened.Place).Size < SimulatedWords.Bytes)
        {
            return turn.End(Errno.Invalid);
        }

        if (opened.Place.Inode is not FileInode inode)
        {
            return turn.End(Errno.NoDevice);
        }

        words = new SimulatedWords(inode, _machine, opened.Process);
        return turn.End(Errno.None, ref words);
    }
}
