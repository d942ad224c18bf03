using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;

namespace SafeStore.Testing.Disks;

/// <summary>What an inode says of itself. A sync of the inode makes it durable.</summary>
internal sealed record Metadata(UnixFileMode Mode, ImmutableSortedDictionary<string, ImmutableArray<byte>> Attributes)
{
    public static ImmutableSortedDictionary<string, ImmutableArray<byte>> NoAttributes { get; } =
        ImmutableSortedDictionary.Create<string, ImmutableArray<byte>>(StringComparer.Ordinal);
}

/// <summary>A file, directory or link: what programs see of it, what is durable of it, and what lies between.</summary>
internal abstract class Inode(long number, Metadata metadata)
{
    public long Number { get; } = number;

    public Metadata Metadata { get; set; } = metadata;

    public Metadata DurableMetadata { get; set; } = metadata;

    /// <summary>How many names it has, as programs see it.</summary>
    public int Links { get; set; }

    public DateTimeOffset Created { get; init; }

    public DateTimeOffset Accessed { get; set; }

    public DateTimeOffset Written { get; set; }

    /// <summary>The number of the last change of names or sizes that it had a part in.</summary>
    public long ChangedAt { get; set; }

    /// <summary>How often writing it out has failed; each open handle is told of it once (errseq_t, Linux 4.13).</summary>
    public int WriteErrors { get; set; }

    public abstract Inode Clone();

    protected T CopyTo<T>(T clone)
        where T : Inode
    {
        clone.DurableMetadata = DurableMetadata;
        clone.Links = Links;
        clone.Accessed = Accessed;
        clone.Written = Written;
        clone.ChangedAt = ChangedAt;
        return clone;
    }
}

/// <summary>One change of a file's data or size that no sync has made durable: a write, or a new size if there are no bytes.</summary>
internal sealed record DataChange(long At, long Offset, byte[]? Bytes)
{
    public FileContent ApplyTo(FileContent content) => Bytes is null ? content.Resize(Offset) : content.Write(Bytes, Offset);
}

internal sealed class FileInode(long number, Metadata metadata) : Inode(number, metadata)
{
    public FileContent Content { get; set; } = FileContent.Empty;

    public FileContent Durable { get; set; } = FileContent.Empty;

    public List<DataChange> Pending { get; private init; } = [];

    /// <summary>Whether the cache has what a failed sync has lost: no later sync writes that.</summary>
    public bool HasLost { get; private set; }

    public override Inode Clone() =>
        CopyTo(new FileInode(Number, Metadata) { Content = Content, Durable = Durable, Pending = [.. Pending], HasLost = HasLost, Created = Created });

    public void Change(DataChange change)
    {
        Content = change.ApplyTo(Content);
        Pending.Add(change);
    }

    public void MakeDurable()
    {
        Durable = HasLost ? WithPending() : Content;
        DurableMetadata = Metadata;
        Pending.Clear();
    }

    /// <summary>A sync has failed: what it was to write counts as written although it was not.</summary>
    public void LosePending()
    {
        HasLost |= Pending.Count > 0;
        Pending.Clear();
    }

    /// <summary>Programs see again what is on the device, and what is still on its way there.</summary>
    public void DropLost()
    {
        Content = WithPending();
        HasLost = false;
    }

    private FileContent WithPending() => Pending.Aggregate(Durable, static (content, change) => change.ApplyTo(content));
}

internal sealed class LinkInode(long number, string target) : Inode(number, new Metadata(AllBits, Metadata.NoAttributes))
{
    private const UnixFileMode AllBits = (UnixFileMode)0x1FF;

    public string Target { get; } = target;

    public override Inode Clone() => CopyTo(new LinkInode(Number, Target) { Created = Created });
}

/// <summary>A change of one or two names, that no sync has made durable. Of a rename, the first part is the target, the second the source.</summary>
internal sealed record NameChange(long At, NameChangeKind Kind, ImmutableArray<NamePart> Parts);

/// <summary>What one name stands for after a change; no inode means that it is gone.</summary>
internal readonly record struct NamePart(long Directory, string Name, long? Before, long? After);

/// <summary>A part of a change, in the list of its directory.</summary>
internal readonly record struct PendingName(NameChange Change, int Index)
{
    public NamePart Part => Change.Parts[Index];
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

    /// <summary>The parts of changes that lie here, oldest first.</summary>
    public List<PendingName> Pending { get; private init; } = [];

    /// <summary>The directory that it lies in; itself for a root.</summary>
    public long Parent { get; set; } = number;

    public override Inode Clone() => CopyTo(new DirectoryInode(Number, Metadata)
    {
        Names = new(Names, StringComparer.Ordinal),
        Durable = new(Durable, StringComparer.Ordinal),
        Pending = [.. Pending],
        Parent = Parent,
        Created = Created,
    });
}
