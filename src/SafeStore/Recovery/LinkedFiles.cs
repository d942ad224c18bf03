using System;
using System.Buffers;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;

namespace SafeStore.Recovery;

/// <summary>
/// A copy of a store by hard links (cp -al, rsync --link-dest) shares its files with the original. What is written in place, and what
/// processes meet at, must be each store's own: a shared anchor would let one take the other's processes for its own. Segments need nothing
/// here: an opening begins a new one instead, and a spare that is shared is not used.
/// </summary>
internal static class LinkedFiles
{
    private const int BytesMax = 64 * 1024;

    /// <summary>
    /// Gives the store's document, its words and its watermarks files of their own, if they have more than one name and no process has the
    /// store open.
    /// </summary>
    /// <returns>Whether the document and the words must be opened anew.</returns>
    public static bool TrySeparate(RootSet roots, FileHandle anchor, FileHandle words)
    {
        IDurableFileSystem fs = roots.FileSystem;
        StorageException.ThrowIfFailed(fs.Stat(anchor, out FileStatus document), "look at", anchor);
        StorageException.ThrowIfFailed(fs.Stat(words, out FileStatus shared), "look at", words);
        if (document.Links == 1 && shared.Links == 1 && !Array.Exists(roots.InOrderOfAppearance, root => HasSharedWatermark(fs, root)))
        {
            return false;
        }

        LockRange open = LockRange.Byte((long)StoreLock.Open);
        Errno errno = fs.TryLock(anchor, open, LockMode.Exclusive);
        if (errno == Errno.WouldBlock)
        {
            return false; // the store is open, and the copy is younger; or it is the copy that is open, which the words tell
        }

        StorageException.ThrowIfFailed(errno, "lock", anchor);
        try
        {
            foreach (RootDirectory root in roots.InOrderOfAppearance)
            {
                Array.ForEach(Watermark.FileNames, name => Separate(fs, root.Metadata, name));
            }

            Separate(fs, roots.Run.Metadata, SharedState.FileName);
            Separate(fs, roots.Config.Metadata, StoreDocument.FileName); // the last, since its lock guards them all
            return true;
        }
        finally
        {
            _ = fs.Unlock(anchor, open);
        }
    }

    private static bool HasSharedWatermark(IDurableFileSystem fs, RootDirectory root) => Array.Exists(
        Watermark.FileNames, name => fs.Stat(root.Metadata, name, out FileStatus status) == Errno.None && status.Links > 1);

    private static void Separate(IDurableFileSystem fs, DirectoryHandle directory, string name)
    {
        Errno errno = fs.Stat(directory, name, out FileStatus status);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "look at", directory, name);
        if (errno == Errno.None && status.Links > 1)
        {
            errno = WholeFile.Read(fs, directory, name, BytesMax, out byte[] content, out int length);
            StorageException.ThrowIfFailed(errno, "read", directory, name);
            Replace(fs, directory, name, FilePermissions.OfSuccessor(status), content.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(content);
        }
    }

    /// <summary>With space reserved, as the file that is replaced had it.</summary>
    private static void Replace(
        IDurableFileSystem fs, DirectoryHandle directory, string name, in FilePermissions permissions, ReadOnlySpan<byte> content)
    {
        string temp = TempName.NewFile(new NameSource(fs));
        StorageException.ThrowIfFailed(fs.CreateFile(directory, temp, permissions, out FileHandle? file), "create a file", directory, temp);
        Errno errno;
        using (file)
        {
            errno = fs.Allocate(file!, content.Length);
            int count = 0;
            errno = errno == Errno.None ? fs.Write(file!, content, 0, out count) : errno;
            errno = errno == Errno.None && count != content.Length ? Errno.NoSpace : errno;
            errno = errno == Errno.None ? fs.SyncFile(file!) : errno;
        }

        errno = errno == Errno.None ? fs.Rename(directory, temp, directory, name, RenameKind.Replace) : errno;
        if (errno != Errno.None)
        {
            _ = fs.Unlink(directory, temp);
            throw new StorageException("give the store a file of its own", $"{directory.Path}/{name}", errno);
        }

        StorageException.ThrowIfFailed(fs.SyncDirectory(directory), "sync the metadata directory", directory);
    }
}
