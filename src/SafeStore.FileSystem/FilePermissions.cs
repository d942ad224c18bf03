using System.IO;

namespace SafeStore.FileSystem;

/// <summary>The user and the group that a file belongs to, by their numbers.</summary>
/// <param name="User">The user's number (uid).</param>
/// <param name="Group">The group's number (gid).</param>
public readonly record struct FileOwner(uint User, uint Group);

/// <summary>What a new file or directory is given.</summary>
/// <param name="Mode">Its permission bits, set exactly, whatever the umask.</param>
/// <param name="Owner">
/// Its user and group; null for those that the system gives, which are the process's own. Another owner needs a privileged process:
/// otherwise the call gives <see cref="Errno.NotPermitted"/>.
/// </param>
public readonly record struct FilePermissions(UnixFileMode Mode, FileOwner? Owner = null)
{
    /// <summary>A mode that lets a program run with the owner's rights is not handed on to other bytes.</summary>
    private const UnixFileMode SpecialBits = UnixFileMode.SetUser | UnixFileMode.SetGroup | UnixFileMode.StickyBit;

    /// <summary>
    /// Whether a file that may not be given its owner is made all the same: with the owner's group if the process is a member of that, else
    /// with the process's own.
    /// </summary>
    public bool IsOwnerOptional { get; init; }

    /// <summary>Permission bits without a change of owner.</summary>
    /// <param name="mode">The permission bits.</param>
    public static implicit operator FilePermissions(UnixFileMode mode) => new(mode);

    /// <summary>Permission bits without a change of owner.</summary>
    /// <param name="mode">The permission bits.</param>
    public static FilePermissions FromUnixFileMode(UnixFileMode mode) => new(mode);

    /// <summary>Those of a file that replaces another one: its mode, and where permitted its owner and group.</summary>
    internal static FilePermissions OfSuccessor(in FileStatus old) => new(old.Mode & ~SpecialBits, old.Owner) { IsOwnerOptional = true };
}
