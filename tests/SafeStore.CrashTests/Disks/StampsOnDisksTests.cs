using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Disks;

/// <summary>Stamps of documents on filesystems that keep attributes, and on one that has none.</summary>
public sealed class StampsOnDisksTests : IDisposable
{
    private readonly TempDirectory _images = new();

    public void Dispose() => _images.Dispose();

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task A_stamp_is_durable_when_its_document_is(string kind)
    {
        using Mount mount = Mount.Of(kind, _images);
        Lsn version;
        string image;
        await using (StateStore store = await StateStore.OpenAsync(mount.Layout))
        {
            await PutAsync(store, "1");
            version = await PutAsync(store, "2");
            await store.CheckpointAsync();
            image = mount.CutPower();
        }

        mount.Unmount();
        using Mount after = Mount.OfImage(image, isXfsCopy: kind == "xfs");
        await using StateStore looking = await StateStore.OpenAsync(after.Layout, new StoreOptions { Opening = StoreOpening.ReadOnly });
        foreach (DocumentId document in looking.ListDocuments("sb"))
        {
            Assert.Equal(version, looking.ReadVersioned(document)!.Version);
        }

        Assert.Equal(2, looking.ListDocuments("sb").Count);
    }

    [Fact]
    public async Task Where_files_have_no_attributes_a_store_works_without_stamps_and_says_so_once()
    {
        string path = _images.Make("ramfs");
        Tool.Run("mount", "-t", "ramfs", "ramfs", path);
        try
        {
            var warnings = new Warnings();
            StoreLayout layout = StoreLayout.At(Path.Combine(path, "store"));
            await using (StateStore store = await StateStore.OpenAsync(layout, new StoreOptions { Logger = warnings, CheckStamps = true }))
            {
                await PutAsync(store, "1");
                Lsn version = await PutAsync(store, "2");
                DocumentResult<byte[]> read = store.ReadVersioned(new DocumentId("sb", null, StoreRoot.Config, "a.json"))!;
                Assert.Equal(("2", null), (Encoding.UTF8.GetString(read.Value!), read.Version));
                Assert.Equal(4, store.Statistics.Unstamped);
                Assert.Contains("errno 95", Assert.Single(warnings.Texts), StringComparison.Ordinal);
                await using SandboxLock held = await store.LockAsync("sb");
                VersionConflictException conflict = await Assert.ThrowsAsync<VersionConflictException>(
                    async () => await held.Change().RequireVersion(read.Document, version).CommitAsync());
                Assert.Contains("no stamp", conflict.Message, StringComparison.Ordinal);
            }

            await using StateStore again = await StateStore.OpenAsync(layout);
            Assert.Equal("2"u8, again.ReadJson(new DocumentId("sb", null, StoreRoot.Run, "b.json"))!);
        }
        finally
        {
            Tool.Run("umount", path);
        }
    }

    private static async Task<Lsn> PutAsync(StateStore store, string value)
    {
        await using SandboxLock held = store.ListSandboxes().Count == 0 ? await store.LockNewAsync("sb") : await store.LockAsync("sb");
        SandboxChange change = held.Change();
        byte[] json = Encoding.UTF8.GetBytes(value);
        change.PutJson(StoreRoot.Config, null, "a.json", json).PutJson(StoreRoot.Run, null, "b.json", json);
        return await change.CommitAsync();
    }

    private sealed class Warnings : ILogger
    {
        public List<string> Texts { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
            {
                Texts.Add(formatter(state, exception));
            }
        }
    }
}
