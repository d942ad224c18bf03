using System.Collections.Generic;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Verify;

/// <summary>What a file of the store is, as far as its rights are concerned.</summary>
internal enum FileRole
{
    /// <summary>A document, a lock file, or a directory of either.</summary>
    Content,

    /// <summary>Metadata that the members of a group may read.</summary>
    Metadata,

    /// <summary>Where the processes of the store meet: other users could keep them waiting.</summary>
    Anchor,
}

/// <summary>
/// Modes and owners as the engine gives them, or better: files belong to whom the root belongs to; other users change nothing, and of the
/// metadata the group neither, unless the root is the group's too.
/// </summary>
internal static class Permissions
{
    private const UnixFileMode Group = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute;
    private const UnixFileMode Other = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
    private const UnixFileMode Special = UnixFileMode.SetUser | UnixFileMode.SetGroup;

    public static IEnumerable<Finding> Check(FileStatus file, FileStatus root, FileRole role, string path)
    {
        bool isOfGroup = (root.Mode & UnixFileMode.GroupWrite) != 0;
        if (file.Kind == FileKind.Regular && file.Links > 1)
        {
            yield return FindingKind.HardLink.At(path, $"it has {file.Links} names, so that a copy may share it");
        }

        if (FindFault(file, role, isOfGroup) is { } fault)
        {
            yield return FindingKind.Mode.At(path, fault);
        }

        if (IsForeign(file, root, isOfGroup))
        {
            yield return FindingKind.Owner.At(path, $"it belongs to user {file.Owner.User}, and the root to user {root.Owner.User}");
        }
    }

    /// <summary>What a file should be given, so that nothing of the kind is found of it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="root">Its root.</param>
    /// <param name="role">What it is.</param>
    /// <param name="owner">To whom it should belong; null: to the root's owner, if it is another user's.</param>
    public static FilePermissions Wanted(in FileStatus file, in FileStatus root, FileRole role, FileOwner? owner)
    {
        bool isOfGroup = (root.Mode & UnixFileMode.GroupWrite) != 0;
        return new FilePermissions(
            (file.Mode | Needed(file)) & ~Refused(file, role, isOfGroup),
            owner ?? (IsForeign(file, root, isOfGroup) ? root.Owner : file.Owner));
    }

    private static bool IsForeign(in FileStatus file, in FileStatus root, bool isOfGroup) =>
        file.Owner.User != root.Owner.User && !(isOfGroup && file.Owner.Group == root.Owner.Group);

    private static string? FindFault(in FileStatus file, FileRole role, bool isOfGroup)
    {
        UnixFileMode needed = Needed(file);
        return (file.Mode & needed) != needed ? $"its owner lacks a right (mode {Shown(file.Mode)})"
            : (file.Mode & Refused(file, role, isOfGroup)) != 0 ? $"its mode {Shown(file.Mode)} gives rights that it should not"
            : null;
    }

    private static UnixFileMode Needed(in FileStatus file) => file.Kind == FileKind.Directory
        ? UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute : UnixFileMode.UserRead;

    private static UnixFileMode Refused(in FileStatus file, FileRole role, bool isOfGroup) =>
        (role == FileRole.Anchor ? Other : UnixFileMode.OtherWrite)
        | (isOfGroup || role == FileRole.Content ? UnixFileMode.None : role == FileRole.Anchor ? Group : UnixFileMode.GroupWrite)
        | (file.Kind == FileKind.Regular ? Special : UnixFileMode.None);

    private static string Shown(UnixFileMode mode) => System.Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
