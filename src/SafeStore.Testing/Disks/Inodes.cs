using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Disks;

/// <summary>What an inode says of itself. A sync of the inode makes it durable.</summary>
internal sealed record Metadata(UnixFileMode Mode, FileOwner Owner, ImmutableSortedDictionary<string, ImmutableArray<byte>> Attributes)
{
    private const UnixFileMode ModeBits = (UnixFileMode)0xFFF;

    public Metadata(FilePermissions permissions)
        : this(permissions.Mode & ModeBits, permissions.Owner ?? default, NoAttributes)
    {
    }

    public static ImmutableSortedDictionary<string, ImmutableArray<byte>> NoAttributes { get; } =
        ImmutableSortedDictionary.Create<string, ImmutableArray<byte>>(StringComparer.Ordinal);
}

/// <summary>A file, directory or link: what programs see of it, what is durable of it, and what lies between.</summary>
internal abstract class Inode(long number, Metadata metadata)
{
    public long Number { get; } = number;

    public Metadata Metadata { get; private set; } = metadata;

    public Metadata DurableMetadata { get; private set; } = metadata;

    /// <summary>What it has said of itself since that was made durable, oldest first.</summary>
    public List<Metadata> PendingMetadata { get; } = [];

    /// <summary>How many names it has, as programs see it.</summary>
    public int Links { get; set; }

    /// <summary>How many handles lead to it.</summary>
    public int Handles { get; set; }

    /// <summary>Whether a name or a handle leads to it: what is not in use takes no space.</summary>
    public bool IsInUse => Links > 0 || Handles > 0;

    public DateTimeOffset Created { get; init; }

    public DateTimeOffset Accessed { get; set; }

    public DateTimeOffset Written { get; set; }

    /// <summary>When it was last changed in any way; no program can set it.</summary>
    public DateTimeOffset Changed { get; set; }

    /// <summary>The number of the last change of names or sizes that it had a part in.</summary>
    public long LastChange { get; set; }

    /// <summary>How often writing it out has failed.</summary>
    public ErrorSequence Errors { get; } = new();

    public abstract Inode Clone();

    public void Change(Metadata metadata)
    {
        Metadata = metadata;
        PendingMetadata.Add(metadata);
    }

    public void SyncMetadata()
    {
        DurableMetadata = Metadata;
        PendingMetadata.Clear();
    }

    protected T CopyTo<T>(T clone)
        where T : Inode
    {
        clone.DurableMetadata = DurableMetadata;
        clone.PendingMetadata.AddRange(PendingMetadata);
        clone.Links = Links;
        clone.Accessed = Accessed;
        clone.Written = Written;
        clone.Changed = Changed;
        clone.LastChange = LastChange;
        return clone;
    }
}

internal sealed class LinkInode(long number, string target) : Inode(number, new Metadata(AllBits))
{
    private const UnixFileMode AllBits = (UnixFileMode)0x1FF;

    public string Target { get; } = target;

    public override Inode Clone() => CopyTo(new LinkInode(Number, Target) { Created = Created });
}

/// <summary>
/// A change of one or two names, that no sync has made durable. Of a rename, the first part is the target, the second the source.
/// </summary>
internal sealed record NameChange(long At, NameChangeKind Kind, ImmutableArray<NamePart> Parts);

/// <summary>What one name stands for after a change; no inode means that it is gone.</summary>
internal readonly record struct NamePart(long Directory, string Name, long? Before, long? After);

/// <summary>A part of a change, in the list of its directory.</summary>
internal readonly record struct PendingName(NameChange Change, int Index)
{
    public NamePart Part => Change.Parts[Index];

    /// <summary>A sync that was to write it has failed, so no later one will; whether it was written is unknown.</summary>
    public bool IsLost { get; init; }
}

internal enum NameChangeKind
{
    Add,
    Remove,
    Rename,
    Exchange,
}

internal sealed class DirectoryInode(long number, Metadata metadata) : Inode(number, metadata)
{
    public Dictionary<string, long> Names { get; private init; } = new(StringComparer.Ordinal);

    public Dictionary<string, long> Durable { get; private init; } = new(StringComparer.Ordinal);

    /// <summary>
    /// The names that only a sync of a directory has made durable, where that is not reliable, with what they stood for at the last sync of
    /// the whole filesystem; null for nothing.
    /// </summary>
    public SortedDictionary<string, long?> Logged { get; private init; } = new(StringComparer.Ordinal);

    /// <summary>The parts of changes that lie here, oldest first.</summary>
    public List<PendingName> Pending { get; private init; } = [];

    /// <summary>The directory that it lies in; itself for a root.</summary>
    public long Parent { get; set; } = number;

    public override Inode Clone() => CopyTo(new DirectoryInode(Number, Metadata)
    {
        Names = new(Names, StringComparer.Ordinal),
        Durable = new(Durable, StringComparer.Ordinal),
        Logged = new(Logged, StringComparer.Ordinal),
        Pending = [.. Pending],
        Parent = Parent,
        Created = Created,
    });
}
