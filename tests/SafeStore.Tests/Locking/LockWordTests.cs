using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Locking;

/// <summary>A lock word that knows a transaction which the log has lost, and one that only looks so.</summary>
public sealed class LockWordTests : IDisposable
{
    private readonly TestStore _test = new(runParent: "/dev/shm");
    private readonly TestStore _one = new();

    public void Dispose()
    {
        _test.Dispose();
        _one.Dispose();
    }

    /// <summary>Nothing that recovery reads tells of the record; the sandbox has no other in the log.</summary>
    [Theory]
    [InlineData(LockMode.Exclusive)]
    [InlineData(LockMode.Shared)]
    public async Task A_lock_whose_word_knows_a_record_that_is_not_in_the_log_any_more_says_so_and_changes_nothing(LockMode mode)
    {
        StoreLayout layout = await LoseLastRecordAsync();
        await using StateStore store = await StateStore.OpenAsync(layout, _one.Options);
        SortedDictionary<string, string> before = TreeSnapshot.Of(layout.Run);

        LogCorruptException lost = await Assert.ThrowsAsync<LogCorruptException>(() => store.LockApartAsync("sb", mode));

        Assert.Contains("the lock word of sandbox 'sb' knows LSN 3", lost.Message);
        Assert.Equal(new Lsn(3), lost.ExpectedLsn);
        _ = await Assert.ThrowsAsync<LogCorruptException>(() => store.LockApartAsync("sb", mode)); // and again
        Assert.Equal(before, TreeSnapshot.Of(layout.Run));
        _ = await store.ChangeAsync("other", static change => change.PutText(StoreRoot.Config, null, "a.json", "2"));
    }

    [Fact]
    public async Task A_sandbox_whose_lock_word_knows_a_record_that_was_lost_can_be_removed()
    {
        StoreLayout layout = await LoseLastRecordAsync();
        await using StateStore store = await StateStore.OpenAsync(layout, _one.Options);
        _ = await store.RemoveSandboxAsync("sb");
        Assert.Equal(["other"], store.ListSandboxes());
        _ = await store.CreateAsync("sb");
    }

    [Fact]
    public async Task A_sandbox_whose_lock_word_knew_a_record_that_was_lost_goes_on_when_its_lock_file_is_emptied()
    {
        StoreLayout layout = await LoseLastRecordAsync();
        await using StateStore store = await StateStore.OpenAsync(layout, _one.Options);
        await File.WriteAllBytesAsync(Path.Combine(layout.Run, "sb", "lock"), [], TestContext.Current.CancellationToken);
        await using SandboxLock held = await store.LockApartAsync("sb");
        Assert.Equal(new Lsn(2), held.Version);
    }

    /// <summary>
    /// What touches the volatile root alone is not synced, and its writer, which is alone, does not say that it was appended.
    /// </summary>
    [Theory]
    [InlineData(StoreRoot.Run)]
    [InlineData(StoreRoot.Config)]
    public async Task A_word_above_what_a_process_knows_of_the_log_is_no_loss_if_another_has_appended_since(StoreRoot root)
    {
        await using StateStore writer = await _test.OpenAsync();
        _ = await writer.CreateAsync("sb");
        await using StateStore reader = await _test.OpenAsync();
        for (int i = 0; i < 300; i++) // through several segments
        {
            Lsn last = await writer.ChangeAsync("sb", change => change.PutText(root, null, "a.json", "1"));
            if (i % 50 == 0)
            {
                await using SandboxLock held = await reader.LockApartAsync("sb", LockMode.Shared);
                Assert.Equal(last, held.Version);
            }
        }
    }

    /// <summary>
    /// The numbers of what a lost root has taken with it are skipped; a sandbox of the other root starts at the log's end.
    /// </summary>
    [Fact]
    public async Task A_sandbox_that_was_touched_only_in_a_volatile_root_is_locked_after_that_was_lost()
    {
        StateStore store = await _test.OpenAsync();
        _ = await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "a.json", "1"));
        _ = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        await store.DisposeAsync();
        foreach (string directory in Directory.GetDirectories(_test.Layout.Run))
        {
            Directory.Delete(directory, recursive: true);
        }

        Directory.Delete(_test.Layout.Run, recursive: true);
        for (int opening = 0; opening < 2; opening++)
        {
            await using StateStore again = await _test.OpenAsync();
            Lsn changed = await again.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
            await using SandboxLock held = await again.LockApartAsync("sb");
            Assert.Equal(changed, held.Version);
        }
    }

    [Fact]
    public async Task A_lock_whose_word_a_process_has_written_itself_or_read_before_looks_at_nothing_of_the_log()
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _one.OpenAsync(fs);
        _ = await store.CreateAsync("sb");
        await using StateStore other = await _one.OpenAsync();
        _ = await other.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        _ = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
        var paths = new List<string>();
        fs.Before = call =>
        {
            paths.Add(call.Path);
            return Errno.None;
        };
        await (await store.LockApartAsync("sb")).DisposeAsync();
        fs.Before = null;
        Assert.NotEmpty(paths);
        Assert.All(paths, static path => Assert.EndsWith("/sb/lock", path, StringComparison.Ordinal));
    }

    /// <summary>
    /// A store whose process was killed, and whose last record, LSN 3 of the sandbox <c>sb</c>, a disk has damaged; the shared words were
    /// lost with the power.
    /// </summary>
    private async Task<StoreLayout> LoseLastRecordAsync()
    {
        StoreLayout layout;
        await using (StateStore store = await _one.OpenAsync())
        {
            _ = await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "a.json", "1"));
            _ = await store.CreateAsync("other", static change => change.PutText(StoreRoot.Config, null, "a.json", "1"));
            _ = await store.CheckpointAsync(TestContext.Current.CancellationToken);
            _ = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Config, null, "a.json", "2"));
            layout = _one.CopyAsAfterAKill();
        }

        File.Delete(Path.Combine(layout.RunMetadata, "words"));
        string segment = Directory.GetFiles(Path.Combine(layout.ConfigMetadata, "log"), "0*.log").Order(StringComparer.Ordinal).Last();
        using var file = new FileStream(segment, FileMode.Open, FileAccess.ReadWrite);
        file.Position = RecordFormat.BlockBytes + RecordFormat.HeaderBytes + 4;
        int old = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(old ^ 0x55));
        return layout;
    }
}
