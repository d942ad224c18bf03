using System;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>
/// A document's next version in a scratch directory. It has the mode, the owner and the attributes of the version that it replaces.
/// </summary>
internal static class ScratchFile
{
    /// <summary>Writes it.</summary>
    /// <param name="fs">The filesystem.</param>
    /// <param name="root">The root whose scratch directory is used.</param>
    /// <param name="target">The document's place.</param>
    /// <param name="old">What is in that place; null if nothing is.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="name">Its name in the scratch directory; null if it was not made.</param>
    /// <returns>What went wrong; if there is a name, the caller removes the file.</returns>
    public static Errno Write(
        IDurableFileSystem fs, RootDirectory root, (DirectoryHandle Directory, string Name) target, FileStatus? old,
        ReadOnlySpan<byte> content, out string? name)
    {
        ScratchDirectory scratch = root.Scratch;
        FilePermissions permissions = old is { } kept ? FilePermissions.OfSuccessor(kept) : root.FilePermissions;
        name = scratch.Take();
        Errno errno = fs.CreateFile(scratch.Directory, name, permissions, content, out bool isCreated);
        if (errno == Errno.Exists && !isCreated)
        {
            name = scratch.NewName(); // a call that failed had made the file all the same
            errno = fs.CreateFile(scratch.Directory, name, permissions, content, out isCreated);
        }

        if (!isCreated)
        {
            name = null;
        }

        return errno == Errno.None && old is not null ? fs.CopyAttributes(target.Directory, target.Name, scratch.Directory, name!) : errno;
    }
}
