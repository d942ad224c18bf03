using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 41: what another program has written between a crash and the next opening is not lost without a word.</summary>
public sealed class ForeignWriterFaultTests : IDisposable
{
    private readonly Scene _scene = new();
    private readonly Reports _reports = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("in place")]
    [InlineData("by rename")]
    public async Task A_document_that_another_program_changed_after_a_kill_is_kept_aside_and_reported(string how)
    {
        StoreLayout layout = await KilledAsync("put sb-1 1 two-hundred 1");
        string document = Path.Combine(layout.Config, Workloads.One, "doc-0.json");
        string written = how == "in place" ? document : document + ".other";
        Files.Write(written, "\"two-hundred-and-five\"");
        File.Move(written, document, overwrite: true);
        await using StateStore store = await OpenAsync(layout);
        if (!Files.Read(document).Contains("two-hundred-and-five", StringComparison.Ordinal))
        {
            AssertKept(layout, "two-hundred-and-five");
        }
    }

    [Fact]
    public async Task A_document_that_another_program_added_to_a_sandbox_which_the_log_makes_anew_is_kept_aside_and_reported()
    {
        StoreLayout layout = await KilledAsync("create sb-3");
        string document = Path.Combine(layout.Run, Workloads.Three, "state.json");
        Files.Write(document, "\"two-hundred-and-five\"");
        await using StateStore store = await OpenAsync(layout);
        AssertKept(layout, "two-hundred-and-five", Workloads.Three);
    }

    [Fact]
    public async Task A_sandbox_that_another_program_made_anew_after_its_removal_is_not_deleted_without_a_word()
    {
        StoreLayout layout = await KilledAsync("remove sb-1");
        foreach (string root in new[] { layout.Config, layout.Run })
        {
            string directory = Directory.CreateDirectory(Path.Combine(root, Workloads.One)).FullName;
            Files.Write(Path.Combine(directory, "config.json"), "\"made-anew\"");
        }

        Files.Write(Metadata.SandboxLock(layout, Workloads.One), ""); // its own flock
        await using StateStore store = await OpenAsync(layout);
        if (!File.Exists(Path.Combine(layout.Config, Workloads.One, "config.json")))
        {
            AssertKept(layout, "made-anew");
        }
    }

    [Fact]
    public async Task A_container_that_another_program_made_anew_after_its_removal_is_not_deleted_without_a_word()
    {
        StoreLayout layout = await KilledAsync("workload remove-container");
        string directory = Directory.CreateDirectory(Path.Combine(layout.Config, Workloads.One, "db")).FullName;
        Files.Write(Path.Combine(directory, "config.json"), "\"made-anew\"");
        await using StateStore store = await OpenAsync(layout);
        if (!File.Exists(Path.Combine(directory, "config.json")))
        {
            AssertKept(layout, "made-anew");
        }
    }

    [Fact]
    public async Task A_sandbox_that_another_program_deleted_after_a_kill_does_not_come_back_without_a_word()
    {
        StoreLayout layout = await KilledAsync("create sb-3");
        Directory.Delete(Path.Combine(layout.Config, Workloads.Three), recursive: true);
        Directory.Delete(Path.Combine(layout.Run, Workloads.Three), recursive: true);
        await using StateStore store = await OpenAsync(layout);
        Assert.Contains(_reports.Warnings, static warning => warning.Contains(Workloads.Three, StringComparison.Ordinal));
    }

    /// <summary>What no other program has changed is not set aside.</summary>
    [Fact]
    public async Task A_recovery_after_a_kill_sets_nothing_aside_when_no_other_program_has_written()
    {
        StoreLayout layout = await KilledAsync("workload update");
        await using StateStore store = await OpenAsync(layout);
        Assert.Empty(Metadata.Overruled(layout, Workloads.One));
    }

    private async Task<StoreLayout> KilledAsync(string command)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect(command);
        _ = child.Kill();
        return layout;
    }

    private ValueTask<StateStore> OpenAsync(StoreLayout layout) => Sample.OpenAsync(layout, Workloads.Options with { Logger = _reports });

    private void AssertKept(StoreLayout layout, string content, string sandbox = Workloads.One)
    {
        Assert.Contains(Metadata.Overruled(layout, sandbox), path => Files.Read(path).Contains(content, StringComparison.Ordinal));
        Assert.Contains(_reports.Warnings, warning => warning.Contains(sandbox, StringComparison.Ordinal));
    }
}
