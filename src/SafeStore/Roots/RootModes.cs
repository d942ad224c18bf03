using System;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Roots;

/// <summary>
/// Whether other users may write to a store's directories: they could then put in place what the store believes. What lies above the roots
/// is their owner's decision ('safestore doctor' looks at it), and so is their owner: a process that is neither the owner nor privileged
/// can write to a root only if group or others can.
/// </summary>
internal static class RootModes
{
    /// <summary>The end of the message; the tool has another.</summary>
    public const string Choices =
        "set StoreOptions.DirectoryMode (0770 for a group), or StoreOptions.AllowRootsWritableByOthers";

    private const UnixFileMode Writable = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <exception cref="StoreMetadataException">Others may write to it, and the options do not say that this is meant.</exception>
    public static void Check(DirectoryHandle directory, in FileStatus status, StoreOptions options)
    {
        if (FindFault(status, options) is { } fault)
        {
            string path = directory.Path;
            throw new StoreMetadataException(
                path, $"{fault}, and so replace what the store keeps there. Take that right away (chmod go-w '{path}'). Where the mode "
                + "cannot be changed, as of a volume in a container, name a directory below it as the root: the store makes it with a "
                + $"safe mode. If it is meant, {Choices}");
        }
    }

    /// <summary>The same, for a directory that has not been looked at.</summary>
    public static void Check(IDurableFileSystem fs, DirectoryHandle directory, StoreOptions options) =>
        Check(directory, StatusOf(fs, directory), options);

    /// <summary>The same before anything is made, for a root that may not exist yet.</summary>
    public static void Check(IDurableFileSystem fs, string root, StoreOptions options)
    {
        Errno errno = fs.OpenRoot(root, out DirectoryHandle? directory);
        if (errno != Errno.NotFound)
        {
            StorageException.ThrowIfFailed(errno, "open the directory", root);
            using (directory)
            {
                Check(fs, directory!, options);
            }
        }
    }

    /// <summary>Who may write to it although the options do not say so; null if no other user may.</summary>
    public static string? FindFault(IDurableFileSystem fs, DirectoryHandle directory, StoreOptions options) =>
        FindFault(StatusOf(fs, directory), options);

    private static string? FindFault(in FileStatus status, StoreOptions options)
    {
        UnixFileMode found = options.AllowRootsWritableByOthers ? UnixFileMode.None : status.Mode & Writable & ~options.DirectoryMode;
        string mode = Convert.ToString((int)status.Mode, 8).PadLeft(4, '0');
        return (found & UnixFileMode.OtherWrite) != 0 ? $"every user may write to it (mode {mode})"
            : found != UnixFileMode.None ? $"the members of group {status.Owner.Group} may write to it (mode {mode})"
            : null;
    }

    private static FileStatus StatusOf(IDurableFileSystem fs, DirectoryHandle directory)
    {
        StorageException.ThrowIfFailed(fs.Stat(directory, out FileStatus status), "look at the directory", directory);
        return status;
    }
}
