using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Kills;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Kernel;

/// <summary>Errors of the kernel, injected by strace below everything that .NET does.</summary>
public sealed class InjectedErrorTests
{
    [Theory]
    [InlineData("EIO")]
    [InlineData("ENOSPC")]
    [InlineData("EDQUOT")]
    public async Task A_failed_sync_of_the_log_faults_the_store_for_all_processes_until_it_is_recovered(string error)
    {
        using var directory = new TempDirectory();
        var layout = StoreLayout.At(directory.Path);
        using ChildProcess failing = ChildProcess.Open(layout);
        using ChildProcess other = ChildProcess.Open(layout);
        _ = failing.Expect("workload create-sandbox");
        _ = failing.Expect("put sb-3 6 before 5");
        _ = other.Expect("put sb-3 6 before 5");
        using (var tracer = new Tracer(
            failing, "trace=fdatasync", $"inject=fdatasync:error={error}:when=1")) // once: a second try would succeed, and prove nothing
        {
            Assert.StartsWith("error StoreFaultedException", failing.Ask("put sb-3 6 after 1"));
            AssertInjected(tracer.Detach(), "fdatasync");
        }

        // The kernel would now say that all is well.
        Assert.StartsWith("error StoreFaultedException", failing.Ask("put sb-3 6 later 1"));
        Assert.StartsWith("error StoreFaultedException", other.Ask("put sb-3 6 later 1"));
        Assert.Contains("old", failing.Expect("read sb-3 state.json"));
        Assert.Contains("old", other.Expect("read sb-3 state.json"));
        _ = await Assert.ThrowsAsync<StoreFaultedException>(async () => await StateStore.OpenAsync(layout, Workloads.Options));
        failing.End();
        other.End();
        await AssertWholeAsync(layout, "before", "after");
    }

    [Fact]
    public async Task A_failed_sync_of_a_new_segment_refuses_the_checkpoint_and_nothing_else()
    {
        using var directory = new TempDirectory();
        var layout = StoreLayout.At(directory.Path);
        using ChildProcess child = OpenWithDocuments(layout);
        using (var tracer = new Tracer(child, "trace=fdatasync", "inject=fdatasync:error=EIO"))
        {
            Assert.StartsWith("error StorageException", child.Ask("checkpoint"));
            AssertInjected(tracer.Detach(), "fdatasync");
        }

        _ = child.Expect("put sb-3 6 later 1"); // the segment was thrown away before anything was in it
        _ = child.Expect("checkpoint");
        child.End();
        await AssertWholeAsync(layout, "later");
    }

    [Fact]
    public async Task A_document_whose_sync_fails_in_a_checkpoint_is_written_anew()
    {
        using var directory = new TempDirectory();
        var layout = StoreLayout.At(directory.Path);
        using ChildProcess child = OpenWithDocuments(layout);
        string document = Path.Combine(layout.Config, "sb-3", "doc-2.json");
        string before = InodeOf(document);
        using (var tracer = new Tracer(child, [document], "trace=fsync", "inject=fsync:error=EIO"))
        {
            _ = child.Expect("checkpoint");
            AssertInjected(tracer.Detach(), "fsync");
        }

        Assert.NotEqual(before, InodeOf(document));
        _ = child.Expect("put sb-3 6 later 1");
        child.End();
        await AssertWholeAsync(layout, "later");
    }

    [Fact]
    public async Task A_directory_whose_sync_fails_in_a_checkpoint_faults_the_store_and_loses_nothing()
    {
        using var directory = new TempDirectory();
        var layout = StoreLayout.At(directory.Path);
        using ChildProcess child = OpenWithDocuments(layout);
        using (var tracer = new Tracer(child, [Path.Combine(layout.Config, "sb-3")], "trace=fsync", "inject=fsync:error=EIO"))
        {
            Assert.StartsWith("error StoreFaultedException", child.Ask("checkpoint"));
            AssertInjected(tracer.Detach(), "fsync");
        }

        Assert.StartsWith("error StoreFaultedException", child.Ask("put sb-3 6 later 1"));
        child.End();
        await AssertWholeAsync(layout, "acknowledged");
    }

    [Fact]
    public async Task A_failed_rename_leaves_a_durable_transaction_that_another_process_finishes()
    {
        using var directory = new TempDirectory();
        var layout = StoreLayout.At(directory.Path);
        using ChildProcess failing = ChildProcess.Open(layout);
        using ChildProcess other = ChildProcess.Open(layout);
        _ = failing.Expect("workload create-sandbox");
        _ = failing.Expect("put sb-3 6 before 1");
        using (var tracer = new Tracer(failing, "trace=renameat2", "inject=renameat2:error=EIO"))
        {
            Assert.StartsWith("error CommitNotPublishedException", failing.Ask("put sb-3 6 after 1"));
            AssertInjected(tracer.Detach(), "renameat2");
        }

        _ = other.Expect("lock sb-3 exclusive");
        await using (StateStore store = await StateStore.OpenAsync(layout, Workloads.Options))
        {
            Assert.All(ValuesOf(store), static value => Assert.Contains("after", value));
            Trees.AssertIdle(layout);
        }

        _ = other.Expect("unlock");
        _ = failing.Expect("put sb-3 6 again 1");
        Assert.DoesNotContain(".ss-", Trees.Of(layout));
        failing.End();
        other.End();
        await AssertWholeAsync(layout, "again");
    }

    [Fact]
    public void Calls_that_a_signal_interrupts_are_repeated()
    {
        using var directory = new TempDirectory();
        using ChildProcess child = ChildProcess.Open(StoreLayout.At(directory.Path));
        _ = child.Expect("workload create-sandbox");
        _ = child.Expect("put sb-3 6 warm 50");
        using var tracer = new Tracer(child, "trace=openat,flock,pwrite64", "inject=openat,flock,pwrite64:error=EINTR:when=1+2");
        _ = child.Expect("put sb-3 6 value 20");
        Assert.Contains("old", child.Expect("read sb-3 state.json"));
        IReadOnlyList<string> calls = tracer.Detach();
        AssertInjected(calls, "openat");
        AssertInjected(calls, "flock");
        AssertInjected(calls, "pwrite64");
    }

    [Theory]
    [InlineData("EIO")]
    [InlineData("ENOSPC")]
    [InlineData("EDQUOT")]
    public async Task A_failed_sync_in_recovery_fails_the_opening_and_the_next_one_succeeds(string error)
    {
        using SeededStore seeded = await SeededStore.MakeAsync();
        string expected = await seeded.AfterAsync("update");
        StoreLayout layout = seeded.Copy();
        KillPoint durable = KillPoint.Of(Victim.StepsOf(seeded.Copy(), "update")).First(static point => point.Verb == "exchange");
        _ = Victim.Of(layout, "update", durable);
        using var child = new ChildProcess(layout);
        _ = child.Expect("disarm");
        using (var tracer = new Tracer(child, "trace=fsync", $"inject=fsync:error={error}"))
        {
            string answer = child.Ask("open");
            Assert.StartsWith("error ", answer);
            Assert.Contains("sync", answer);
            AssertInjected(tracer.Detach(), "fsync");
        }

        _ = child.Expect("open");
        Assert.Equal(expected, Trees.Of(layout));
        child.End();
    }

    private static ChildProcess OpenWithDocuments(StoreLayout layout)
    {
        ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect("workload create-sandbox");
        _ = child.Expect("put sb-3 6 acknowledged 1");
        return child;
    }

    private static string InodeOf(string path) => Tool.TryRun("stat", "--format=%i", path).Output;

    private static void AssertInjected(IReadOnlyList<string> calls, string name) =>
        Assert.Contains(calls, call => Tracer.NameOf(call) == name && call.Contains("(INJECTED)", StringComparison.Ordinal));

    private static async Task AssertWholeAsync(StoreLayout layout, params string[] allowed)
    {
        await using StateStore store = await StateStore.OpenAsync(layout, Workloads.Options);
        string value = Assert.Single(ValuesOf(store).Distinct());
        Assert.Contains(allowed, name => value.Contains($"\"{name}\"", StringComparison.Ordinal));
        Trees.AssertNoStrays(layout, alsoTrash: true);
        Trees.AssertIdle(layout);
        Assert.DoesNotContain(".ss-", Trees.Of(layout));
        _ = await Workloads.ChangeAsync(store, "sb-3", change => change.PutJson(StoreRoot.Config, null, "usable.json", "1"u8));
    }

    private static List<string> ValuesOf(StateStore store) =>
        [.. Enumerable.Range(0, 6)
            .Select(number => System.Text.Encoding.UTF8.GetString(
            store.ReadJson(new DocumentId("sb-3", null, StoreRoot.Config, $"doc-{number}.json"))!))];
}
