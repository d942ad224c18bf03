using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Kernel;

/// <summary>Which system calls a commit makes, and in which order: seen from outside, by strace.</summary>
public sealed class SystemCallTests(ITestOutputHelper output)
{
    private const int Commits = 200;
    private const int CallsPerCommitMax = 40;

    /// <summary>
    /// The runtime's own: memory, scheduling, signals, the compiler's and the collector's threads. None of them touches a file.
    /// </summary>
    private static readonly HashSet<string> OfTheRuntime = new(StringComparer.Ordinal)
    {
        "futex", "madvise", "mmap", "munmap", "mprotect", "brk", "sched_yield", "getpid", "gettid", "membarrier", "rt_sigprocmask",
        "rt_sigreturn", "rt_sigaction", "rt_tgsigqueueinfo", "tgkill", "restart_syscall", "clock_nanosleep", "prctl", "sched_getaffinity",
        "clone", "clone3", "set_robust_list", "rseq", "sigaltstack", "exit", "getrusage", "getcpu", "sysinfo", "sched_setaffinity",
        "sched_get_priority_max", "sched_get_priority_min", "sched_setscheduler", "set_mempolicy", "get_mempolicy", "pipe2", "poll",
        "ppoll",
    };

    [Fact]
    public void A_commit_writes_its_documents_then_its_record_which_it_syncs_and_only_then_renames()
    {
        using var directory = new TempDirectory();
        List<string> calls = Trace(directory, "put sb-3 1 value 1");
        int created =
            calls.FindIndex(
            static call =>
            call.StartsWith("openat(", StringComparison.Ordinal) && call.Contains("/scratch/", StringComparison.Ordinal)
            && call.Contains("O_EXCL", StringComparison.Ordinal));
        int written =
            calls.FindIndex(
            static call => call.StartsWith("pwrite64(", StringComparison.Ordinal) && call.Contains("/scratch/", StringComparison.Ordinal));
        int appended =
            calls.FindIndex(
            static call => call.StartsWith("pwrite64(", StringComparison.Ordinal) && call.Contains(".log>", StringComparison.Ordinal));
        int synced =
            calls.FindIndex(
            static call => call.StartsWith("fdatasync(", StringComparison.Ordinal) && call.Contains(".log>", StringComparison.Ordinal));
        int renamed = calls.FindIndex(static call => call.StartsWith("rename", StringComparison.Ordinal));
        int[][] orders = [[created, written, appended, synced, renamed]];
        string shown = string.Join('\n', calls.Where(static call => !OfTheRuntime.Contains(Tracer.NameOf(call))));
        output.WriteLine(shown);
        Assert.True(created >= 0, "No temp file was created:\n" + shown);
        Assert.All(orders,
            order => Assert.True(
            order.SequenceEqual(order.Order())
            && order.Distinct().Count() == order.Length, $"The order is {string.Join(", ", order)}:\n{shown}"));
    }

    [Fact]
    public void A_commit_of_one_document_takes_at_most_forty_system_calls_and_one_sync()
    {
        using var directory = new TempDirectory();
        List<string> calls = Trace(directory, string.Create(CultureInfo.InvariantCulture, $"put sb-3 1 value {Commits}"));
        // The child's own: its standard input and output, and what the runtime reads in /proc and /sys meanwhile.
        Dictionary<string, int> counts =
            Count(calls.Where(
            call => call.Contains(directory.Path, StringComparison.Ordinal)
            || Tracer.NameOf(call) is not ("openat" or "close" or "read" or "write")));
        double average = counts.Values.Sum() / (double)Commits;
        string shown =
            $"{average:F2} per commit: " + string.Join(
            ", ", counts.OrderByDescending(static pair => pair.Value).Select(static pair => $"{pair.Key} {pair.Value}"));
        output.WriteLine(shown);
        Assert.True(average <= CallsPerCommitMax, shown);
        Assert.Equal(Commits, counts["fdatasync"]);
        Assert.DoesNotContain("fsync", counts.Keys);
    }

    [Fact]
    public void A_transaction_of_six_documents_syncs_once()
    {
        using var directory = new TempDirectory();
        Dictionary<string, int> counts = Count(Trace(directory, "put sb-3 6 value 1"));
        Assert.Equal(1, counts["fdatasync"]);
        Assert.DoesNotContain("fsync", counts.Keys);
        Assert.Equal(6, counts["renameat2"]);
    }

    [Fact]
    public void A_read_syncs_nothing_and_takes_no_lock()
    {
        using var directory = new TempDirectory();
        Dictionary<string, int> counts = Count(Trace(directory, "reads sb-3 100"));
        output.WriteLine(string.Join(", ", counts));
        Assert.Empty(counts.Keys.Intersect(["fsync", "fdatasync", "flock", "fcntl", "pwrite64", "write"]));
        Assert.Equal(100, counts.GetValueOrDefault("openat2") + counts.GetValueOrDefault("openat"));
    }

    [Fact]
    public void A_checkpoint_reads_what_another_process_has_appended_in_pieces()
    {
        using var directory = new TempDirectory();
        using ChildProcess writer = Warm(directory);
        using var child = new ChildProcess(StoreLayout.At(directory.Path));
        _ = child.Expect("open default");
        using var tracer = new Tracer(child, "trace=all");
        _ = child.Expect("checkpoint");
        List<string> calls = [.. tracer.Detach()];
        int told = calls.FindIndex(
            static call =>
            call.StartsWith("fadvise64(", StringComparison.Ordinal) && call.Contains(".log>", StringComparison.Ordinal)
            && call.Contains("POSIX_FADV_RANDOM", StringComparison.Ordinal));
        string file = told < 0 ? "" : calls[told]["fadvise64(".Length..(calls[told].IndexOf('>', StringComparison.Ordinal) + 1)];
        int read = calls.FindIndex(
            call => call.StartsWith($"pread64({file}", StringComparison.Ordinal) && call.EndsWith("= 65536", StringComparison.Ordinal));
        Assert.True(told >= 0 && told < read, $"It was told in call {told}, read in {read}:\n{string.Join('\n', calls)}");
    }

    [Fact]
    public void A_checkpoint_does_not_read_what_its_process_has_appended_alone()
    {
        using var directory = new TempDirectory();
        using ChildProcess child = Warm(directory);
        using var tracer = new Tracer(child, "trace=all");
        _ = child.Expect("checkpoint");
        string[] calls = [.. tracer.Detach()];
        Assert.Contains(
            calls, static call =>
            call.StartsWith("syncfs(", StringComparison.Ordinal) || call.StartsWith("fsync(", StringComparison.Ordinal));
        Assert.DoesNotContain(
            calls, static call =>
            call.StartsWith("pread64(", StringComparison.Ordinal) && call.Contains(".log>", StringComparison.Ordinal));
    }

    /// <summary>
    /// The calls of a command at steady state: it has run before, often enough for the compiler and for all handles to be open.
    /// </summary>
    private static List<string> Trace(TempDirectory directory, string command)
    {
        using ChildProcess child = Warm(directory);
        using var tracer = new Tracer(child, "trace=all");
        _ = child.Expect(command);
        return Tracer.BetweenMarks(tracer.Detach());
    }

    private static ChildProcess Warm(TempDirectory directory)
    {
        var child = new ChildProcess(StoreLayout.At(directory.Path));
        try
        {
            _ = child.Expect("open default");
            _ = child.Expect("workload create-sandbox");
            _ = child.Expect("put sb-3 6 warm 50");
            _ = child.Expect("reads sb-3 50");
            return child;
        }
        catch
        {
            child.Dispose();
            throw;
        }
    }

    private static Dictionary<string, int> Count(IEnumerable<string> calls) => calls
        .Select(Tracer.NameOf)
        .Where(static name => !OfTheRuntime.Contains(name))
        .CountBy(static name => name)
        .ToDictionary(StringComparer.Ordinal);
}
