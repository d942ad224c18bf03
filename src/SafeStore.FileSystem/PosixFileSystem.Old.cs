using System;
using System.IO;

namespace SafeStore.FileSystem;

/// <content>Verbs that the engine still calls; each goes when its last caller has gone.</content>
public sealed unsafe partial class PosixFileSystem
{
    /// <inheritdoc/>
    public int CallsSideBySide => Environment.ProcessorCount;

    /// <inheritdoc/>
    public Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode)
    {
        Errno errno = MakeDirectory(parent, name, mode, out DirectoryHandle? directory);
        directory?.Dispose();
        return errno;
    }

    /// <inheritdoc/>
    public Errno IsNameOf(DirectoryHandle directory, string path, FileHandle file, out bool same)
    {
        same = false;
        Descriptor start = PosixDirectory.Of(directory).Descriptor;
        Errno errno = PosixFile.Of(file).Identify(out (ulong Device, ulong Inode) identity);
        if (errno != Errno.None)
        {
            return errno;
        }

        byte* text = stackalloc byte[NativeText.Capacity];
        errno = NativeText.Path(path, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = PosixStatus.OfPath(start, text, out FileStatus status);
        same = errno == Errno.None && (status.Device, status.Inode) == identity;
        return errno is Errno.NotFound or Errno.NotDirectory ? Errno.None : errno;
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
    public Errno MapWords(FileHandle file, out SharedWords? words) => PosixSharedWords.Map(PosixFile.Of(file).Descriptor, out words);
}
