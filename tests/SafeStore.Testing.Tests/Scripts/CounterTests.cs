using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests.Scripts;

/// <summary>
/// The second worked example of docs/simulation.md: what other programs do to one that counts in a file. The explorer catches each way of
/// the careless one, and finds nothing wrong with the careful one.
/// </summary>
public sealed class CounterTests
{
    private const UnixFileMode Mode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_lock_file_that_is_deleted_lets_two_processes_count_to_the_same_number(bool isCareful)
    {
        var script = new MachineScript();
        script.Process("first").Run("counts", step => Count(step, isCareful)).PauseAtAnyCall(others =>
        {
            others.Foreign(ForeignAction.Custom("rm -f lock", static other => other.Files.File.Delete(Counter.Path + "/lock")));
            others.Process("second").Run("counts", step => Count(step, isCareful));
        });
        return AssertAsync(script, isCareful, CheckNumbers, "counted twice");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_process_that_is_killed_in_the_middle_leaves_the_next_one_an_empty_file(bool isCareful)
    {
        var script = new MachineScript();
        script.Process("first").Run("counts", step => Count(step, isCareful));
        script.Process("first").Run("counts", step => Count(step, isCareful)).KillAtAnyCall();
        script.Process("second").Run("counts", step => Count(step, isCareful));
        return AssertAsync(script, isCareful, CheckAll, "went back");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_backup_that_shares_the_files_changes_with_them(bool isCareful)
    {
        var script = new MachineScript();
        script.Foreign(ForeignAction.LinkTree(Counter.Path, "/backup"));
        script.Process("first").Run("counts", step => Count(step, isCareful));
        script.Foreign(ForeignAction.Custom("look at the backup", static other =>
            Require(other.Files.File.ReadAllText("/backup/value") == "0.", "the backup has changed")));
        return AssertAsync(script, isCareful, CheckNumbers, "the backup has changed");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task What_is_mounted_among_the_temporary_files_is_emptied(bool isCareful)
    {
        var script = new MachineScript();
        script.Foreign(ForeignAction.BindMount("/precious", Counter.Path + "/tmp/at"));
        script.Process("first").Run("cleans", step =>
        {
            new Counter(step.FileSystem, isCareful).Clean();
            return default;
        });
        script.Foreign(ForeignAction.Unmount(Counter.Path + "/tmp/at"));
        script.Foreign(ForeignAction.Custom("look", static other => Require(other.Files.File.Exists("/precious/file"), "emptied")));
        return AssertAsync(script, isCareful, CheckNumbers, "emptied");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_full_disk_takes_the_number_away(bool isCareful)
    {
        var script = new MachineScript();
        script.Process("first").Run("counts", step => Count(step, isCareful));
        script.Foreign(ForeignAction.FillDisk("/", bytesLeft: -4096)); // what is freed is taken at once
        script.Process("first").Run("counts", step =>
        {
            try
            {
                return Count(step, isCareful);
            }
            catch (IOException refused) when (refused.HResult == (int)Errno.NoSpace)
            {
                return default; // as it should be
            }
        });
        script.Foreign(ForeignAction.FreeDisk("/"));
        script.Process("second").Run("counts", step => Count(step, isCareful));
        return AssertAsync(script, isCareful, CheckNumbers, "counted twice");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_file_that_is_cut_off_counts_from_the_start_again(bool isCareful)
    {
        var script = new MachineScript();
        script.Process("first").Run("counts", step => Count(step, isCareful));
        script.Foreign(ForeignAction.Truncate(Counter.Path + "/value", 0));
        script.Foreign(ForeignAction.Sync());
        script.Process("second").Run("counts", step =>
        {
            try
            {
                return Count(step, isCareful);
            }
            catch (InvalidDataException)
            {
                return default; // it says so
            }
        });
        return AssertAsync(script, isCareful, CheckNumbers, "counted twice");
    }

    [Fact]
    public async Task A_careful_process_keeps_mode_owner_and_attributes_that_others_have_set()
    {
        var owner = new FileOwner(12, 34);
        var script = new MachineScript();
        script.Foreign(ForeignAction.SetMode(Counter.Path + "/value", Mode600));
        script.Foreign(ForeignAction.SetOwner(Counter.Path + "/value", owner));
        script.Foreign(ForeignAction.Sync());
        script.Process("first").Run("counts", static step => Count(step, isCareful: true)).KillAtAnyCall();
        script.Foreign(ForeignAction.Custom("look", other =>
        {
            using DirectoryHandle directory = new Counter(other, isCareful: true).Open(Counter.Path);
            Assert.Equal(Errno.None, other.Stat(directory, "value", out FileStatus status));
            Require(status.Owner == owner && status.Mode == Mode600, "another owner or mode");
        }));
        (await ExploreAsync(script, CheckAll)).ThrowIfViolated();
    }

    [Fact]
    public async Task A_directory_that_is_put_back_from_a_copy_goes_back_to_what_was_promised_before()
    {
        var script = new MachineScript();
        script.Foreign(ForeignAction.CopyTree(Counter.Path, "/backup"));
        script.Foreign(ForeignAction.Sync());
        script.Process("first").Run("counts", static step => Count(step, isCareful: true));
        script.Foreign(ForeignAction.RestoreTree("/backup", Counter.Path));
        script.Process("second").Run("counts", static step => Count(step, isCareful: true));

        CrashViolation violation = Assert.Single((await ExploreAsync(script, CheckAll)).Violations);
        Assert.Contains(violation.Steps, static step => step.StartsWith("another program: rm -rf /counter/*", StringComparison.Ordinal));
    }

    /// <summary>Counts, and promises the number.</summary>
    private static ValueTask Count(StepContext step, bool isCareful)
    {
        if (new Counter(step.FileSystem, isCareful).Add() is { } number)
        {
            step.Acknowledge(number);
        }

        return default;
    }

    private static async Task AssertAsync(MachineScript script, bool isCareful, Action<CrashState> check, string message)
    {
        CrashReport report = await ExploreAsync(script, check);
        if (isCareful)
        {
            report.ThrowIfViolated();
            Assert.True(report.States > 5, report.ToString());
            return;
        }

        CrashViolation violation = Assert.Single(report.Violations);
        Assert.True(violation.Failure.Message.Contains(message, StringComparison.Ordinal), violation.ToString());
    }

    private static ValueTask<CrashReport> ExploreAsync(MachineScript script, Action<CrashState> check) =>
        new CrashExplorer(new CrashExplorerOptions
        {
            Profiles = [PersistenceProfile.Strict, PersistenceProfile.Btrfs],
            Prepare = static run =>
            {
                run.Files.Directory.CreateDirectory(Counter.Path + "/tmp/at");
                run.Files.Directory.CreateDirectory("/precious");
                run.Files.File.WriteAllText("/precious/file", "");
                run.Files.File.WriteAllText(Counter.Path + "/value", "0.");
                return default;
            },
        }).ExploreScriptAsync(
        script,
        state =>
        {
            check(state);
            return default;
        },
        TestContext.Current.CancellationToken);

    /// <summary>No number was given twice.</summary>
    private static void CheckNumbers(CrashState state) =>
        Require(state.Acknowledged.Distinct().Count() == state.Acknowledged.Count, "counted twice");

    /// <summary>And the file has gone on from the last that was given.</summary>
    private static void CheckAll(CrashState state)
    {
        CheckNumbers(state);
        using DirectoryHandle directory = new Counter(state.FileSystem, isCareful: false).Open(Counter.Path);
        int found = 0;
        try
        {
            found = new Counter(state.FileSystem, isCareful: false).Read(directory);
        }
        catch (InvalidDataException)
        {
            // A torn number is worse than none, and here the same.
        }

        int last = state.Acknowledged.Cast<int>().DefaultIfEmpty().Max();
        Require(found >= last, string.Create(CultureInfo.InvariantCulture, $"went back from {last} to {found}"));
    }

    private static void Require(bool isTrue, string otherwise)
    {
        if (!isTrue)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
