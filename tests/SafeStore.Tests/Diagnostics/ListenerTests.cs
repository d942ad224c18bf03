using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Diagnostics;

/// <summary>What listeners cost, what they can do to a store, and what they are not told.</summary>
[Collection(nameof(TelemetryGroup))]
public sealed class ListenerTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public void Without_a_listener_no_clock_is_read_and_nothing_is_allocated()
    {
        var clock = new CountingClock();
        var telemetry = new StoreTelemetry("/store", new StoreOptions { TimeProvider = clock });
        Use(telemetry); // compiled, and its static parts made
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 100; i++)
        {
            Use(telemetry);
        }

        Assert.Equal((0, 0), (GC.GetAllocatedBytesForCurrentThread() - before, clock.Reads));
        Assert.False(StoreTelemetry.ObservesCommits);
        Assert.Null(telemetry.Commit("a", 1, "update"));
    }

    [Fact]
    public async Task A_listener_that_throws_is_told_once_and_changes_nothing()
    {
        var messages = new LeveledMessages();
        _test.Options = _test.Options with { Logger = messages };
        using var meters = new MeterListener();
        int measurements = 0;
        meters.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == StateStore.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meters.SetMeasurementEventCallback<double>((_, _, _, _) => throw new InvalidOperationException($"{++measurements}"));
        meters.SetMeasurementEventCallback<long>((_, _, _, _) => throw new InvalidOperationException($"{++measurements}"));
        meters.Start();
        int stopped = 0;
        using var activities = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == StateStore.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = _ => throw new InvalidOperationException($"{++stopped}"),
        };
        ActivitySource.AddActivityListener(activities);

        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", "1"));
        await store.CheckpointAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["a"], store.ListSandboxes());
        Assert.False(store.IsFaulted);
        Assert.True(measurements > 5 && stopped > 2, $"{measurements}, {stopped}");
        Assert.Equal(LogLevel.Warning, Assert.Single(messages.All, static message => message.Event == 26).Level);
    }

    /// <summary>Measurements, spans and messages, of calls that succeed, fail and are recovered from.</summary>
    [Fact]
    public async Task No_content_of_a_document_is_told()
    {
        const string Secret = "hunter2";
        var messages = new LeveledMessages();
        var scripted = new ScriptedFileSystem();
        _test.Options = _test.Options with { Logger = messages };
        using var telemetry = new Telemetry(_test.Layout);
        await using (StateStore store = await _test.OpenAsync(scripted))
        {
            await store.CreateAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", $"\"{Secret}\""));
            scripted.Before = static call => call.Verb == FileSystemCall.Exchange ? Errno.InputOutput : Errno.None;
            await Assert.ThrowsAsync<CommitNotPublishedException>(
                () => store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", $"\"{Secret} 2\"")));
            scripted.Before = null;
            await System.IO.File.WriteAllTextAsync(
                _test.PathOf(StoreRoot.Config, "a/x.json"), $"{Secret} is no JSON", TestContext.Current.CancellationToken);
            await using (SandboxLock held = await store.LockApartAsync("a"))
            {
                held.Change().PutText(StoreRoot.Config, null, "x.json", $"\"{Secret} 3\""); // dropped
            }

            scripted.Before = static call => call.IsSync ? Errno.InputOutput : Errno.None;
            await Assert.ThrowsAsync<StoreFaultedException>(
                () => store.ChangeAsync("a", static change => change.PutText(StoreRoot.Config, null, "x.json", $"\"{Secret} 4\"")));
            scripted.Before = null;
        }

        await using (StateStore store = await _test.OpenAsync())
        {
            await store.RemoveSandboxAsync("a");
        }

        IEnumerable<KeyValuePair<string, object?>> tags = telemetry.Spans.SelectMany(static span => span.TagObjects)
            .Concat(new[] { "safestore.commit.duration", "safestore.lock.wait.duration", "safestore.faults" }
                .SelectMany(telemetry.Of).SelectMany(static each => each.Tags));
        Assert.Contains(tags, static tag => tag.Key == "error.type");
        Assert.True(messages.All.Count > 3);
        Assert.All(tags, static tag => Assert.DoesNotContain(Secret, $"{tag.Value}", StringComparison.Ordinal));
        Assert.All(messages.All, static message => Assert.DoesNotContain(Secret, message.Text, StringComparison.Ordinal));
    }

    private static void Use(StoreTelemetry telemetry)
    {
        using Observation? taking = telemetry.Lock("a", 1, LockMode.Exclusive);
        using Observation? listing = telemetry.List();
        using (telemetry.Stage())
        using (telemetry.SyncLog())
        using (telemetry.Publish())
        {
            telemetry.Appended(1, 4096);
            telemetry.CheckpointDone(TimeSpan.Zero, 4096);
            telemetry.RecoveredAtOpen(1);
            telemetry.RecoveredAtLock(1);
            telemetry.Faulted();
        }
    }

    private sealed class CountingClock : TimeProvider
    {
        private int _reads;

        public int Reads => _reads;

        public override long GetTimestamp()
        {
            Interlocked.Increment(ref _reads);
            return base.GetTimestamp();
        }
    }
}
