using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Kernel;

/// <summary>Several processes at one sandbox.</summary>
public sealed class ContentionTests
{
    private const int Times = 150;

    [Theory]
    [InlineData("locked")]
    [InlineData("optimistic")]
    public void No_increment_of_two_processes_is_lost(string how)
    {
        using var directory = new TempDirectory();
        var layout = StoreLayout.At(directory.Path);
        using ChildProcess first = ChildProcess.Open(layout);
        using ChildProcess second = ChildProcess.Open(layout);
        _ = first.Expect("workload create-sandbox");
        string command = string.Create(CultureInfo.InvariantCulture, $"increment sb-3 {Times} {how}");
        first.Send(command);
        second.Send(command);
        Assert.StartsWith("ok ", first.ReadLine());
        Assert.StartsWith("ok ", second.ReadLine());
        Assert.Equal(2 * Times, first.ExpectNumber("read sb-3 counter.json"));
    }

    [Fact]
    public void The_flock_program_and_the_store_exclude_each_other()
    {
        using var directory = new TempDirectory();
        var layout = StoreLayout.At(directory.Path);
        string file = Path.Combine(layout.Run, "sb-3", "lock");
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect("workload create-sandbox");

        _ = child.Expect("lock sb-3 exclusive");
        Assert.Equal(1, Tool.TryRun("flock", "--nonblock", file, "true").Code);
        Assert.Equal(1, Tool.TryRun("flock", "--nonblock", "--shared", file, "true").Code);
        _ = child.Expect("unlock");
        _ = child.Expect("lock sb-3 shared");
        Assert.Equal(1, Tool.TryRun("flock", "--nonblock", file, "true").Code);
        Assert.Equal(0, Tool.TryRun("flock", "--nonblock", "--shared", file, "true").Code);
        _ = child.Expect("unlock");
        Assert.Equal(0, Tool.TryRun("flock", "--nonblock", file, "true").Code);

        using (Process script = Tool.Start("flock", file, "sh", "-c", "echo held; cat"))
        {
            Assert.Equal("held", script.StandardOutput.ReadLine());
            string refused = child.Ask("lock sb-3 exclusive at-once");
            Assert.StartsWith("error LockTimeoutException", refused);
            Assert.Contains(script.Id.ToString(CultureInfo.InvariantCulture), refused); // it names the holder
            Assert.StartsWith("error LockTimeoutException", child.Ask("lock sb-3 shared at-once"));
            child.Send("lock sb-3 exclusive"); // waits
            script.StandardInput.Close();
            script.WaitForExit();
        }

        Assert.StartsWith("ok ", child.ReadLine());
        _ = child.Expect("unlock");
    }

    [Fact]
    public async Task A_hundred_waiters_leave_a_pool_of_two_threads_free()
    {
        using var directory = new TempDirectory();
        var layout = StoreLayout.At(directory.Path);
        await using StateStore store = await StateStore.OpenAsync(layout, Workloads.Options);
        foreach (string sandbox in Workloads.Sandboxes)
        {
            _ = await Workloads.CreateAsync(store, sandbox);
        }

        using var child = new ChildProcess(layout, "env", "DOTNET_PROCESSOR_COUNT=2");
        _ = child.Expect("limit-threads 2");
        _ = child.Expect("open");
        await using (await store.LockManyAsync(Workloads.Sandboxes.Select(SandboxTarget.Existing)))
        {
            // Three sandboxes: of each, one waiter waits for another process and the others for that one.
            Assert.Equal(33, child.ExpectNumber("start-waiters sb-1 33"));
            Assert.Equal(66, child.ExpectNumber("start-waiters sb-2 33"));
            Assert.Equal(100, child.ExpectNumber("start-waiters sb-3 34"));
            for (int i = 0; i < 10; i++)
            {
                Assert.Contains("old", child.Expect("read sb-3 state.json")); // a thread answers
            }
        }

        Assert.Equal(100, child.ExpectNumber("await-waiters"));
        Assert.Equal(33, child.ExpectNumber("read sb-1 counter.json"));
        Assert.Equal(34, child.ExpectNumber("read sb-3 counter.json"));
    }

    [Fact]
    public void A_killed_holder_frees_its_lock()
    {
        using var directory = new TempDirectory();
        var layout = StoreLayout.At(directory.Path);
        using ChildProcess waiting = ChildProcess.Open(layout);
        using ChildProcess holder = ChildProcess.Open(layout);
        _ = holder.Expect("workload create-sandbox");
        _ = holder.Expect("lock sb-3 exclusive");
        Assert.StartsWith("error LockTimeoutException", waiting.Ask("lock sb-3 exclusive at-once"));
        waiting.Send("put sb-3 1 value 1");
        _ = holder.Kill();
        Assert.StartsWith("ok ", waiting.ReadLine());
    }
}
