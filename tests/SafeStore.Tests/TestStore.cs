using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Time.Testing;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;

namespace SafeStore.Tests;

/// <summary>A directory for a store, and store objects on it: several of them act as several processes.</summary>
internal sealed class TestStore : IDisposable
{
    private readonly TempDirectory _temp;
    private readonly TempDirectory? _runTemp;
    private readonly List<TempDirectory> _copies = [];

    /// <summary>A store in the system's temp directory, or another; the run root may lie apart.</summary>
    public TestStore(string? parent = null, string? runParent = null)
    {
        _temp = new TempDirectory(parent);
        _runTemp = runParent is null ? null : new TempDirectory(runParent);
        Layout = _runTemp is null
            ? StoreLayout.At(_temp.Path)
            : StoreLayout.Of(Path.Combine(_temp.Path, "config"), Path.Combine(_runTemp.Path, "run"));
        Options = new StoreOptions { TimeProvider = Clock, SegmentBytes = 64 * 1024, CheckpointInterval = Timeout.InfiniteTimeSpan };
    }

    public string Directory => _temp.Path;

    public StoreLayout Layout { get; }

    public FakeTimeProvider Clock { get; } = new();

    public StoreOptions Options { get; set; }

    public string Metadata => Layout.ConfigMetadata;

    public ValueTask<StateStore> OpenAsync(IDurableFileSystem? fileSystem = null) =>
        StateStore.OpenAsync(Layout, fileSystem is null ? Options : Options with { FileSystem = fileSystem });

    public string PathOf(StoreRoot root, string relative) => Path.Combine(root == StoreRoot.Config ? Layout.Config : Layout.Run, relative);

    /// <summary>What a new process finds when all have died now: page cache and disk agree, nobody has cleaned up.</summary>
    public StoreLayout CopyAsAfterAKill()
    {
        var copy = new TempDirectory();
        _copies.Add(copy);
        CrashImage.Copy(Directory, copy.Path);
        return StoreLayout.At(copy.Path);
    }

    public void Dispose()
    {
        _temp.Dispose();
        _runTemp?.Dispose();
        _copies.ForEach(static copy => copy.Dispose());
    }
}

/// <summary>Shorthands: what a test says is what it is about.</summary>
internal static class StoreCalls
{
    public static readonly TimeSpan Once = TimeSpan.Zero;

    /// <summary>Takes a lock in a flow of its own, so that the caller may take it again elsewhere.</summary>
    public static async Task<SandboxLock> LockApartAsync(
        this StateStore store, string sandbox, LockMode mode = LockMode.Exclusive, TimeSpan? timeout = null,
        CancellationToken cancellation = default) =>
        await store.LockAsync(sandbox, mode, timeout, cancellation);

    public static async Task<Lsn> CreateAsync(this StateStore store, string sandbox, Action<SandboxChange>? fill = null)
    {
        await using SandboxLock held = await store.LockNewAsync(sandbox);
        SandboxChange change = held.Change();
        fill?.Invoke(change);
        return await change.CommitAsync();
    }

    public static async Task<Lsn> ChangeAsync(this StateStore store, string sandbox, Action<SandboxChange> fill)
    {
        await using SandboxLock held = await store.LockAsync(sandbox);
        SandboxChange change = held.Change();
        fill(change);
        return await change.CommitAsync();
    }

    public static SandboxChange PutText(this SandboxChange change, StoreRoot root, string? container, string file, string json) =>
        change.PutJson(root, container, file, Encoding.UTF8.GetBytes(json));

    public static string? ReadText(this StateStore store, string sandbox, StoreRoot root, string? container, string file) =>
        store.ReadJson(new DocumentId(sandbox, container, root, file)) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Every document of the store with its bytes, as "run:sb/web/state.json" and text.</summary>
    public static SortedDictionary<string, string> ReadEverything(this StateStore store)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string sandbox in store.ListSandboxes())
        {
            foreach (DocumentResult<byte[]> result in store.ReadAllJson(sandbox))
            {
                all.Add(result.Document.ToString(), result.Error?.Code ?? Encoding.UTF8.GetString(result.Value!));
            }
        }

        return all;
    }
}
