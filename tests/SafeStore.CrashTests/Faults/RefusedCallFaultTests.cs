using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 20 and 40: calls that a kernel, a filter or a limit refuses are done without, or named.</summary>
public sealed class RefusedCallFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("renameat2", "EINVAL")] // a filesystem that knows no flags, as older ZFS
    [InlineData("renameat2", "ENOSYS")]
    [InlineData("renameat2", "EPERM")] // seccomp
    [InlineData("statx", "ENOSYS")]
    [InlineData("statx", "EPERM")]
    [InlineData("fallocate", "EOPNOTSUPP")]
    [InlineData("fallocate", "EPERM")]
    [InlineData("fallocate", "ENOSYS")]
    [InlineData("fallocate", "EINVAL")]
    public void A_call_that_is_not_to_be_had_is_done_without_or_the_error_names_it(string call, string error)
    {
        using var child = new ChildProcess(_scene.Layout);
        _ = child.Expect("disarm");
        using var tracer = new Tracer(child, $"trace={call}", $"inject={call}:error={error}");
        foreach (string command in new[] { "open", "create sb-1", "put sb-1 3 value 1", "workload create-container", "remove sb-1" })
        {
            string answer = child.Ask(command);
            if (!answer.StartsWith("ok", StringComparison.Ordinal))
            {
                Assert.DoesNotContain("CommitNotPublishedException", answer);
                Assert.Contains(call, answer);
                Assert.DoesNotMatch(": errno [0-9]+", answer);
                return;
            }
        }
    }

    [Theory]
    [InlineData("EBUSY")]
    [InlineData("EMLINK")]
    [InlineData("ETXTBSY")]
    [InlineData("EUCLEAN")]
    public async Task An_error_of_a_rename_has_a_name(string error)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess child = ChildProcess.Open(layout);
        using var tracer = new Tracer(child, "trace=renameat2,renameat,rename", $"inject=renameat2,renameat,rename:error={error}");
        string answer = child.Ask("put sb-1 1 value 1");
        _ = tracer.Detach();
        AssertNamed(answer);
    }

    [Theory]
    [InlineData("EBADMSG")]
    [InlineData("EREMOTEIO")]
    [InlineData("ETIMEDOUT")]
    [InlineData("ENODATA")]
    public async Task An_error_of_a_read_has_a_name(string error)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess child = ChildProcess.Open(layout);
        string[] paths = [Path.Combine(layout.Run, Workloads.One, "state.json")];
        using var tracer = new Tracer(child, paths, "trace=pread64,read", $"inject=pread64,read:error={error}");
        string answer = child.Ask("read sb-1 state.json");
        _ = tracer.Detach();
        AssertNamed(answer);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65_536)]
    [InlineData(1_048_576)]
    public void A_limit_of_file_sizes_below_a_segment_s_is_an_error_and_not_the_end_of_the_process(int bytes)
    {
        using ChildProcess child = Limited(_scene.Layout);
        _ = child.Expect("disarm");
        Tool.Run("prlimit", FormattableString.Invariant($"--pid={child.Id}"), FormattableString.Invariant($"--fsize={bytes}:"));
        string answer = child.Ask("open default");
        Assert.StartsWith("error ", answer);
        Assert.Matches("RLIMIT_FSIZE|ulimit|limit", answer);
        _ = child.Ask("disarm"); // it lives
    }

    /// <summary>The limit comes while the store is open, and is met when the next segment is made.</summary>
    [Fact]
    public async Task A_limit_of_file_sizes_that_comes_later_refuses_commits_at_most()
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess child = Limited(layout);
        _ = child.Expect("open");
        _ = child.Expect("put sb-1 1 before 1");
        Tool.Run("prlimit", FormattableString.Invariant($"--pid={child.Id}"), "--fsize=16384:");
        for (int i = 0; i < 60; i++)
        {
            string answer = child.Ask("put sb-1 1 value 1");
            Assert.True(answer.StartsWith("ok", StringComparison.Ordinal) || answer.StartsWith("error", StringComparison.Ordinal), answer);
        }

        Assert.Contains("old", child.Expect("read sb-1 state.json"));
        _ = child.Kill();
        await Sample.AssertOpensAndWorksAsync(layout);
    }

    /// <summary>.NET itself makes a large file for its machine code, unless it is told not to.</summary>
    private static ChildProcess Limited(StoreLayout layout) => new(layout, "env", "DOTNET_EnableWriteXorExecute=0");

    private static void AssertNamed(string answer)
    {
        Assert.StartsWith("error ", answer);
        Assert.DoesNotMatch(": errno [0-9]+", answer);
    }
}
