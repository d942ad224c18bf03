using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Diagnostics;

/// <summary>What the engine measures, as OpenTelemetry collects it.</summary>
[Collection(nameof(TelemetryGroup))]
public sealed class MeterTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();
    private readonly Telemetry _telemetry;

    public MeterTests() => _telemetry = new Telemetry(_test.Layout);

    public void Dispose()
    {
        _telemetry.Dispose();
        _test.Dispose();
    }

    [Fact]
    public async Task Each_commit_is_counted_by_what_becomes_of_its_sandboxes()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("a");
        await store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "1"));
        await store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "2"));
        await store.ChangeAsync("a", static _ => { }); // commits nothing
        await using (SandboxLocks both = await store.LockManyAsync([SandboxTarget.Existing("a"), SandboxTarget.New("b")]))
        {
            await both.Change().CommitAsync();
            Transaction transaction = both.Change();
            transaction.For("a").RemoveSandbox();
            transaction.For("b").PutText(StoreRoot.Config, null, "x.json", "1");
            await transaction.CommitAsync();
        }

        await store.RemoveSandboxAsync("b");

        Assert.Equal(
            [("create", 2), ("mixed", 1), ("remove", 1), ("update", 2)],
            _telemetry.Of("safestore.commit.duration").Select(static each => ((string)each.Tags["safestore.commit.kind"]!, each.Count))
                .Order());
        Assert.All(_telemetry.Of("safestore.commit.duration"), static each => Assert.DoesNotContain("error.type", each.Tags.Keys));
        Assert.Equal(6, store.Statistics.Commits);
        Assert.Equal(6, Assert.Single(_telemetry.Of("safestore.publish.duration")).Count);
        Assert.Equal(7, Assert.Single(_telemetry.Of("safestore.stage.duration")).Count); // one for each sandbox
        Assert.Equal(6, Assert.Single(_telemetry.Of("safestore.commit.batch.size")).Sum);
        Assert.InRange(Assert.Single(_telemetry.Of("safestore.log.size")).Sum, 64 * 1024, 256 * 1024);
    }

    [Fact]
    public async Task The_syncs_of_the_log_are_measured_where_there_are_any()
    {
        await using StateStore store = await _test.OpenAsync(_scripted);
        int syncs = 0;
        _scripted.Before = call =>
        {
            syncs += call.IsSync ? 1 : 0;
            _test.Clock.Advance(call.IsSync ? TimeSpan.FromMilliseconds(7) : TimeSpan.Zero);
            return Errno.None;
        };

        await store.CreateAsync("a");
        await store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "1"));

        Measured measured = Assert.Single(_telemetry.Of("safestore.log.sync.duration"));
        Assert.Equal((2, 2), (syncs, measured.Count));
        Assert.Equal(0.014, measured.Sum, 6);
        Assert.Equal(0.014, _telemetry.Of("safestore.commit.duration").Sum(static each => each.Sum), 6);
    }

    [Fact]
    public async Task A_commit_that_fails_is_measured_with_the_code_of_its_error()
    {
        await using StateStore store = await _test.OpenAsync();
        Lsn before = await store.CreateAsync("a");
        await store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "1"));

        await Assert.ThrowsAsync<VersionConflictException>(() => store.ChangeAsync(
            "a", change => change.PutText(StoreRoot.Config, null, "x.json", "2").RequireVersion(before)));

        Measured failed = Assert.Single(_telemetry.Of("safestore.commit.duration"), static each => each.Tags.ContainsKey("error.type"));
        Assert.Equal((1, "version-conflict"), (failed.Count, failed.Tags["error.type"]));
    }

    [Fact]
    public async Task The_wait_for_a_lock_is_measured_by_the_store_s_clock()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("a");
        SandboxLock held = await store.LockApartAsync("a");
        Task<SandboxLock> waiting = store.LockApartAsync("a");
        _test.Clock.Advance(TimeSpan.FromSeconds(2));
        await held.DisposeAsync();
        await (await waiting).DisposeAsync();
        await (await store.LockApartAsync("a", LockMode.Shared)).DisposeAsync();
        await Assert.ThrowsAsync<NotFoundException>(() => store.LockApartAsync("b"));

        Measured[] measured = _telemetry.Of("safestore.lock.wait.duration");
        Assert.Equal(
            [("exclusive", null, 3), ("exclusive", "not-found", 1), ("shared", null, 1)],
            measured.Select(static each =>
                ((string)each.Tags["safestore.lock.mode"]!, (string?)each.Tags.GetValueOrDefault("error.type"), each.Count)).Order());
        Assert.Equal(2, measured.Sum(static each => each.Sum), 6);
    }

    [Fact]
    public async Task A_checkpoint_is_measured_and_the_log_is_shorter_after_it()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("a");
        for (int i = 0; i < 40; i++)
        {
            await store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "1"));
        }

        double before = Assert.Single(_telemetry.Of("safestore.log.size")).Sum;
        await store.CheckpointAsync(TestContext.Current.CancellationToken);

        Assert.True(Assert.Single(_telemetry.Of("safestore.log.size")).Sum < before);
        Assert.Equal(1, Assert.Single(_telemetry.Of("safestore.checkpoint.duration")).Count);
    }

    [Fact]
    public async Task What_recovery_has_applied_is_counted()
    {
        await using (StateStore store = await _test.OpenAsync())
        {
            await store.CreateAsync("a");
            await store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "1"));
        }

        Assert.Empty(_telemetry.Of("safestore.recovered.transactions"));
        StoreLayout copy;
        await using (StateStore store = await _test.OpenAsync())
        {
            await store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "2"));
            await store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "3"));
            copy = _test.CopyAsAfterAKill();
        }

        using var telemetry = new Telemetry(copy);
        await using StateStore recovered = await StateStore.OpenAsync(copy, _test.Options, TestContext.Current.CancellationToken);

        Measured measured = Assert.Single(telemetry.Of("safestore.recovered.transactions"));
        Assert.Equal((2, "open"), (measured.Sum, measured.Tags["safestore.recovery.at"]));
    }

    [Fact]
    public async Task What_a_lock_has_finished_is_counted()
    {
        await using StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "1"));
        _scripted.Before = static call => call.Verb == FileSystemCall.Exchange ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<CommitNotPublishedException>(
            () => store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "2")));
        _scripted.Before = null;

        await (await store.LockApartAsync("a")).DisposeAsync();

        Measured measured = Assert.Single(_telemetry.Of("safestore.recovered.transactions"));
        Assert.Equal((1, "lock"), (measured.Sum, measured.Tags["safestore.recovery.at"]));
    }

    [Fact]
    public async Task A_fault_is_counted_and_logged_as_critical_once()
    {
        var messages = new LeveledMessages();
        _test.Options = _test.Options with { Logger = messages };
        await using StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("a");
        _scripted.Before = static call => call.IsSync ? Errno.InputOutput : Errno.None;

        for (int i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<StoreFaultedException>(
                () => store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "2")));
        }

        Assert.Equal(1, Assert.Single(_telemetry.Of("safestore.faults")).Sum);
        Assert.Equal(LogLevel.Critical, Assert.Single(messages.All, static message => message.Event == 25).Level);
    }

    [Fact]
    public async Task A_sync_that_fails_during_recovery_counts_as_a_fault()
    {
        await using (StateStore store = await _test.OpenAsync())
        {
            await store.CreateAsync("a");
        }

        _scripted.Before = static call =>
            call.Verb == nameof(IDurableFileSystem.SyncDirectory) && call.Path.EndsWith("/log", StringComparison.Ordinal)
                ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await _test.OpenAsync(_scripted));

        Assert.Equal(1, Assert.Single(_telemetry.Of("safestore.faults")).Sum);
    }
}

/// <summary>What a store says, and how loudly.</summary>
internal sealed class LeveledMessages : ILogger
{
    public List<(LogLevel Level, int Event, string Text)> All { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (All)
        {
            All.Add((logLevel, eventId.Id, $"{formatter(state, exception)} {exception}"));
        }
    }
}
