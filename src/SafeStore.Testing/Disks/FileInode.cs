using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Testing.Disks;

/// <summary>
/// One change of a file's data or size that is not durable: a write within one page of the cache, or a new size if there are no bytes.
/// </summary>
internal sealed record DataChange(long At, long Offset, byte[]? Bytes)
{
    /// <summary>A sync that was to write it has failed: no later one will, and which of its sectors were written is unknown.</summary>
    public bool IsLost { get; init; }

    /// <summary>A size that was set as such, by ftruncate or fallocate: metadata, independent of the data.</summary>
    public bool IsResize => Bytes is null;

    public long End => Offset + (Bytes?.Length ?? 0);

    public long Page => Offset / FileContent.PageBytes;

    public FileContent ApplyTo(FileContent content) => Bytes is null ? content.Resize(Offset) : content.Write(Bytes, Offset);

    /// <summary>What it does to the size alone.</summary>
    public FileContent ApplySizeTo(FileContent content) => content.Resize(Bytes is null ? Offset : Math.Max(content.Size, End));
}

internal sealed class FileInode(long number, Metadata metadata) : Inode(number, metadata)
{
    /// <summary>What programs see: the durable content with all pending changes.</summary>
    public FileContent Content { get; private set; } = FileContent.Empty;

    /// <summary>What is on the device for certain.</summary>
    public FileContent Durable { get; private set; } = FileContent.Empty;

    public List<DataChange> Pending { get; private init; } = [];

    /// <summary>A file of which all is durable.</summary>
    public static FileInode Of(FileInode file, FileContent content, Metadata metadata) => new(file.Number, metadata)
    {
        Content = content,
        Durable = content,
        Created = file.Created,
        Accessed = file.Accessed,
        Written = file.Written,
        Changed = file.Changed,
    };

    public override Inode Clone() =>
        CopyTo(new FileInode(Number, Metadata) { Content = Content, Durable = Durable, Pending = [.. Pending], Created = Created });

    public void Change(DataChange change)
    {
        Content = change.ApplyTo(Content);
        Pending.Add(change);
    }

    /// <summary>
    /// Makes data and size durable, as they were after a change. What an earlier sync has lost stays lost, but for pages that were written
    /// since: those are written whole.
    /// </summary>
    public void Persist(long upTo = long.MaxValue)
    {
        int count = Pending.FindLastIndex(change => change.At <= upTo) + 1;
        DataChange[] persisted = [.. Pending.Take(count)];
        FileContent seen = count == Pending.Count ? Content
            : persisted.Aggregate(Durable, static (content, change) => change.ApplyTo(content));
        List<DataChange> lost = [];
        if (Array.Exists(persisted, static change => change.IsLost))
        {
            lost = PersistAround(persisted, seen);
        }
        else
        {
            Durable = seen;
        }

        Pending.RemoveRange(0, count);
        Pending.InsertRange(0, lost);
    }

    /// <summary>Makes the sizes that were set as such durable, without the data: a size that a write gives comes with its data.</summary>
    public void PersistSizes()
    {
        var data = new List<DataChange>();
        foreach (DataChange change in Pending)
        {
            if (change.IsResize)
            {
                Durable = change.ApplyTo(Durable);
                CutOff(data, change.Offset);
            }
            else
            {
                data.Add(change);
            }
        }

        Pending.Clear();
        Pending.AddRange(data);
    }

    /// <summary>
    /// A sync has failed: its pages count as clean although they may not have been written. Sizes set as such are the journal's affair.
    /// </summary>
    public void Lose()
    {
        for (int i = 0; i < Pending.Count; i++)
        {
            Pending[i] = Pending[i] with { IsLost = !Pending[i].IsResize };
        }
    }

    /// <summary>A sync has failed and the cache goes back to what is durable.</summary>
    public void Revert()
    {
        Pending.Clear();
        Content = Durable;
    }

    /// <summary>
    /// Clean pages are no longer cached: what is lost is lost for programs too. The size is not a page's affair and stays.
    /// </summary>
    public void DropCache()
    {
        FileContent content = Durable;
        var kept = new List<DataChange>();
        foreach (DataChange change in Pending)
        {
            FileContent next = change.IsLost ? change.ApplySizeTo(content) : change.ApplyTo(content);
            if (!change.IsLost)
            {
                kept.Add(change);
            }
            else if (next.Size > content.Size)
            {
                kept.Add(new DataChange(change.At, next.Size, null));
            }

            content = next;
        }

        Pending.Clear();
        Pending.AddRange(kept);
        Content = content;
    }

    private List<DataChange> PersistAround(DataChange[] changes, FileContent seen)
    {
        var lost = new List<DataChange>();
        byte[] page = new byte[FileContent.PageBytes];
        foreach (DataChange change in changes)
        {
            if (change.IsResize)
            {
                Durable = change.ApplyTo(Durable);
                CutOff(lost, change.Offset);
            }
            else if (change.IsLost)
            {
                lost.Add(change);
            }
            else
            {
                lost.RemoveAll(other => other.Page == change.Page);
                long start = change.Page * FileContent.PageBytes;
                Durable = Durable.Write(page.AsSpan(0, seen.Read(page, start)), start);
            }
        }

        return lost;
    }

    private static void CutOff(List<DataChange> changes, long size)
    {
        changes.RemoveAll(change => change.Offset >= size);
        for (int i = 0; i < changes.Count; i++)
        {
            if (changes[i].End > size)
            {
                changes[i] = changes[i] with { Bytes = changes[i].Bytes![..(int)(size - changes[i].Offset)] };
            }
        }
    }
}
