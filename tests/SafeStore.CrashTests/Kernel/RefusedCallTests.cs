using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Kernel;

/// <summary>
/// Calls that the kernel refuses: by a limit of the process, by the permissions of a directory, by strace for what cannot be had otherwise.
/// </summary>
public sealed class RefusedCallTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private StoreLayout Layout => StoreLayout.At(_directory.Path);

    private string Config => Path.Combine(Layout.Config, Workloads.Three);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("pread64")]
    [InlineData("openat2")]
    public async Task A_document_that_the_device_cannot_read_is_an_error_and_not_missing(string call)
    {
        using ChildProcess child = await OpenWithDocumentsAsync();
        using (var tracer = new Tracer(
            child, [Layout.Run, Path.Combine(Layout.Run, Workloads.Three, "state.json")], $"trace={call}", $"inject={call}:error=EIO"))
        {
            Assert.StartsWith("error StorageException storage", child.Ask("read sb-3 state.json"));
            AssertInjected(tracer.Detach(), call);
        }

        Assert.Contains("old", child.Expect("read sb-3 state.json"));
    }

    [Theory]
    [InlineData("openat", "EDQUOT", "no-space")]
    [InlineData("openat", "ENOSPC", "no-space")]
    [InlineData("openat", "EROFS", "storage")]
    [InlineData("pwrite64", "EDQUOT", "no-space")]
    [InlineData("mkdirat", "EDQUOT", "no-space")]
    public async Task A_commit_that_the_kernel_refuses_while_staging_leaves_no_trace(string call, string error, string code)
    {
        using ChildProcess child = await OpenWithDocumentsAsync();
        string before = Trees.WithLockWords(Layout);
        string[] paths = call switch
        {
            "openat" or "mkdirat" => Scratches(),
            _ => [Path.Combine(Layout.Run, Workloads.Three, "lock")],
        };
        using (var tracer = new Tracer(child, paths, $"trace={call}", $"inject={call}:error={error}"))
        {
            string answer = child.Ask(call == "mkdirat" ? "workload create-container" : "put sb-3 6 after 1");
            Assert.StartsWith($"error StorageException {code}", answer);
            AssertInjected(tracer.Detach(), call);
        }

        Assert.Equal(before, Trees.WithLockWords(Layout));
        Trees.AssertNoStrays(Layout, alsoTrash: true);
        _ = child.Expect("put sb-3 6 again 1");
    }

    /// <summary>By strace: the runtime needs descriptors too when it throws an exception, and ends the process if it gets none.</summary>
    [Theory]
    [InlineData("EMFILE")]
    [InlineData("ENFILE")]
    public async Task A_process_without_file_descriptors_is_refused_without_a_trace_leaks_none_and_goes_on_when_it_has_some(string error)
    {
        using ChildProcess child = await OpenWithDocumentsAsync();
        string before = Trees.WithLockWords(Layout);
        HashSet<int> open = DescriptorsOf(child);
        using (var tracer = new Tracer(
            child, [Config, Layout.Config, Layout.Run, .. Scratches()], "trace=openat,openat2", $"inject=openat,openat2:error={error}"))
        {
            for (int i = 0; i < 20; i++)
            {
                Assert.Contains("too many open files", child.Ask("put sb-3 6 after 1"));
                Assert.Contains("too many open files", child.Ask("read sb-3 state.json"));
            }

            IReadOnlyList<string> calls = tracer.Detach();
            AssertInjected(calls, "openat");
            AssertInjected(calls, "openat2");
            Assert.InRange(calls.Count, 40, 200); // nothing is tried again and again
        }

        Assert.Subset(open, DescriptorsOf(child));
        Assert.Equal(before, Trees.WithLockWords(Layout));
        Trees.AssertNoStrays(Layout, alsoTrash: true);
        _ = child.Expect("put sb-3 6 after 1");
        Assert.Contains("old", child.Expect("read sb-3 state.json"));
    }

    [Fact]
    public async Task Files_of_idle_sandboxes_are_closed_when_a_lock_needs_a_file_descriptor()
    {
        using ChildProcess child = await OpenWithDocumentsAsync();
        _ = child.Expect("lock sb-3 exclusive");
        _ = child.Expect("unlock");
        foreach (string sandbox in new[] { Workloads.One, Workloads.Two })
        {
            _ = child.Expect($"lock {sandbox} exclusive");
            _ = child.Expect("unlock");
        }

        string other = Path.Combine(Layout.Run, "sb-9");
        Directory.CreateDirectory(other);
        File.WriteAllBytes(Path.Combine(other, "lock"), []);
        HashSet<int> open = DescriptorsOf(child);
        Limit(child, Enumerable.Range(0, open.Count + 1).First(number => !open.Contains(number)));
        _ = child.Expect("lock sb-9 exclusive");
        Assert.DoesNotContain(Path.Combine(Layout.Run, Workloads.One, "lock"), TargetsOf(child));
    }

    [Fact]
    public async Task A_process_that_has_lost_its_permission_is_refused_without_a_trace_and_does_not_call_a_document_missing()
    {
        // root, but for the right to pass over permissions
        await SeedAsync();
        using var child =
            new ChildProcess(
            Layout, "setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search");
        _ = child.Expect("open");
        _ = child.Expect("workload create-sandbox");
        string config = Path.Combine(Layout.Config, Workloads.One);
        UnixFileMode mode = File.GetUnixFileMode(config);
        File.SetUnixFileMode(config, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        // staged elsewhere: it is durable, and waits
        Assert.Matches("^error CommitNotPublishedException.*EACCES", child.Ask("workload update"));
        File.SetUnixFileMode(config, mode);
        _ = child.Expect("lock sb-1 exclusive");
        _ = child.Expect("unlock");

        string document = Path.Combine(Layout.Run, Workloads.Three, "state.json");
        mode = File.GetUnixFileMode(document);
        File.SetUnixFileMode(document, UnixFileMode.None);
        Assert.StartsWith("error StorageException", child.Ask("read sb-3 state.json"));
        File.SetUnixFileMode(document, mode);
        _ = child.Expect("workload update");
        child.End();
    }

    [Theory]
    [InlineData("flock", "ENOLCK", "ENOLCK")] // NFS without its lock daemon
    [InlineData("flock", "EOPNOTSUPP", "EOPNOTSUPP")]
    [InlineData("fsync", "EINVAL", "EINVAL")] // a filesystem whose directories cannot be synced
    public void A_filesystem_without_usable_locks_or_syncs_is_refused_when_the_store_is_opened(string call, string error, string named)
    {
        using var child = new ChildProcess(Layout);
        _ = child.Expect("disarm");
        using (var tracer = new Tracer(child, $"trace={call}", $"inject={call}:error={error}"))
        {
            string answer = child.Ask("open");
            Assert.StartsWith("error ", answer);
            Assert.Contains(named, answer);
            AssertInjected(tracer.Detach(), call);
        }

        // A new store's metadata may have been begun before the first lock was taken; a later opening goes on with them.
        Assert.Equal(
            [],
            Directory.Exists(Layout.Run)
                ? Directory.GetFiles(Layout.Run, "*", SearchOption.AllDirectories)
                    .Select(file => Path.GetRelativePath(Layout.RunMetadata, file))
                    .Where(static file => file is not ("words" or "root.json")) : []);
        _ = child.Expect("open");
    }

    private string[] Scratches() =>
        [.. Directory.GetDirectories(Path.Combine(Layout.ConfigMetadata, "scratch")),
            .. Directory.GetDirectories(Path.Combine(Layout.RunMetadata, "scratch"))];

    private async Task<ChildProcess> OpenWithDocumentsAsync()
    {
        await SeedAsync();
        ChildProcess child = ChildProcess.Open(Layout);
        _ = child.Expect("workload create-sandbox");
        _ = child.Expect("put sb-3 6 before 5");
        return child;
    }

    private async Task SeedAsync()
    {
        await using StateStore store = await StateStore.OpenAsync(Layout, Workloads.Options);
        await Workloads.SeedAsync(store);
    }

    private static HashSet<int> DescriptorsOf(ChildProcess child) =>
        [.. Directory.GetFileSystemEntries($"/proc/{child.Id}/fd")
            .Select(static path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))];

    private static List<string?> TargetsOf(ChildProcess child) =>
        [.. Directory.GetFileSystemEntries($"/proc/{child.Id}/fd").Select(static path => new FileInfo(path).LinkTarget)];

    private static void Limit(ChildProcess child, int files) =>
        Tool.Run("prlimit", string.Create(CultureInfo.InvariantCulture, $"--pid={child.Id}"),
            string.Create(CultureInfo.InvariantCulture, $"--nofile={files}:"));

    private static void AssertInjected(IReadOnlyList<string> calls, string name) =>
        Assert.Contains(calls, call => Tracer.NameOf(call) == name && call.Contains("(INJECTED)", StringComparison.Ordinal));
}
