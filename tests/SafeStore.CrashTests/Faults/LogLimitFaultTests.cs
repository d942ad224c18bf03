using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 5: a log that something keeps from being released does not grow without bound.</summary>
public sealed class LogLimitFaultTests : IDisposable
{
    private const int Limit = 64 * 1024;
    private const int Segment = 16 * 1024;

    /// <summary>A commit takes a block of 4 KiB: five times the limit.</summary>
    private const int Commits = 5 * Limit / 4096;

    private readonly Scene _scene = new();

    private static StoreOptions Small => Workloads.Options with { LogBytesMax = Limit, SegmentBytes = Segment };

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_holder_that_is_stopped_between_append_and_publish_lets_the_log_grow_to_twice_its_limit_and_is_named()
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess stopped = await Deaths.StoppedHolderAsync(_scene, layout);
        await using StateStore store = await Sample.OpenAsync(layout, Small);
        SafeStoreException refused = await Assert.ThrowsAnyAsync<SafeStoreException>(() => WriteAsync(store));
        Assert.IsNotType<StoreFaultedException>(refused);
        Assert.Contains(stopped.Id.ToString(CultureInfo.InvariantCulture), refused.Message);
        AssertBounded(layout);

        _ = stopped.Kill();
        await WriteAsync(store);
        AssertBounded(layout);
        await using SandboxLock held = await store.LockAsync(Workloads.One);
        Sample.AssertSays("new", store, Workloads.One);
    }

    [Theory]
    [InlineData("directory in a document's place")]
    [InlineData("mounted document")]
    [InlineData("immutable document")]
    public async Task A_dead_process_s_transaction_that_cannot_be_published_does_not_let_the_log_grow(string kind)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout, Small);
        Deaths.BeforePublishing(layout, "workload update");
        Obstacle obstacle = Obstacle.Of(kind, _scene, layout);
        await WriteAsync(store);
        AssertBounded(layout);

        obstacle.Remove();
        await using SandboxLock held = await store.LockAsync(Workloads.One);
        Sample.AssertSays("new", store, Workloads.One);
    }

    /// <summary>The transaction is acknowledged, and another program replaces its document before it is checkpointed.</summary>
    [Theory]
    [InlineData("directory")]
    [InlineData("fifo")]
    [InlineData("dangling link")]
    public async Task A_document_that_another_program_has_replaced_by_something_odd_does_not_let_the_log_grow(string kind)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess first = ChildProcess.Open(layout); // a process that has joined another one syncs file by file
        await using StateStore store = await Sample.OpenAsync(layout, Small);
        await Sample.PutAsync(store, Workloads.One, "acknowledged");
        string document = Path.Combine(layout.Config, Workloads.One, "config.json");
        File.Delete(document);
        string[] make = kind switch { "directory" => ["mkdir"], "fifo" => ["mkfifo"], _ => ["ln", "-s", "/nowhere"] };
        Tool.Run(make[0], [.. make.Skip(1), document]);
        await WriteAsync(store);
        AssertBounded(layout);
        Assert.False(store.IsFaulted);
    }

    private static async Task WriteAsync(StateStore store)
    {
        for (int i = 0; i < Commits; i++)
        {
            await Sample.PutAsync(store, Workloads.Two, i.ToString(CultureInfo.InvariantCulture));
            if (i % 8 == 7)
            {
                _ = await store.CheckpointAsync();
            }
        }
    }

    private static void AssertBounded(StoreLayout layout) =>
        Assert.InRange(Metadata.Segments(layout).Sum(static path => new FileInfo(path).Length), 0, (2 * Limit) + (4 * Segment));
}
