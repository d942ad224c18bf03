using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests.Scripts;

/// <summary>How scripts run: their processes, what befalls them, and that each run is the same each time.</summary>
public sealed class ScriptTests
{
    [Fact]
    public async Task Steps_run_in_order_and_a_process_keeps_what_it_has_until_it_is_killed()
    {
        var script = new MachineScript();
        ScriptProcess first = script.Process("first");
        ScriptProcess second = script.Process("second");
        first.Run("keeps", static step => Keep(step, "kept"));
        second.Run("has nothing of it", static step => Nothing(() => Assert.Throws<InvalidOperationException>(() => step.Kept<string>())));
        first.Run("has it", static step => Nothing(() => Assert.Equal("kept", step.Kept<string>())));
        first.Run("keeps another and is killed", static step =>
        {
            step.Files.File.WriteAllText("/written", "x");
            return Keep(step, "another");
        }).KillAt(1000);
        first.Run("is another process now", static step => Nothing(() =>
        {
            Assert.Throws<InvalidOperationException>(() => step.Kept<string>());
            Assert.Equal("x", step.Files.File.ReadAllText("/written"));
        }));

        (await ExploreAsync(script)).ThrowIfViolated();
    }

    [Fact]
    public async Task A_process_is_killed_before_the_call_of_the_number_and_its_locks_are_free()
    {
        var script = new MachineScript();
        script.Process("a").Run("locks and writes", static step =>
        {
            Lock(step);
            step.Files.File.WriteAllText("/a", "x");
            return default;
        }).KillAt(4); // opens the root, the lock file, locks: then the file is not created any more
        script.Process("b").Run("locks", static step => Nothing(() =>
        {
            Lock(step);
            Assert.False(step.Files.File.Exists("/a"));
        }));

        (await ExploreAsync(script)).ThrowIfViolated();
    }

    [Fact]
    public async Task At_any_call_is_at_each_that_changes_something_and_at_the_end_and_not_at_all()
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var script = new MachineScript();
        script.Process("a").Run("writes", static step =>
        {
            step.Files.File.WriteAllText("/a", "x");
            step.Files.File.WriteAllText("/b", "y");
            step.Keep("done");
            return default;
        }).KillAtAnyCall();
        script.Process("b").Run("looks", step =>
        {
            found.Add(string.Join(
                ' ', step.Files.Directory.GetFiles("/").Where(static path => path != "/lock").Order(StringComparer.Ordinal)
                .Select(path => $"{path}={step.Files.File.ReadAllText(path)}")));
            return default;
        });

        CrashReport report = await ExploreAsync(script);
        report.ThrowIfViolated();
        Assert.Equal(["", "/a=", "/a=x", "/a=x /b=", "/a=x /b=y"], found.Order(StringComparer.Ordinal));
        Assert.True(report.Runs > found.Count);
    }

    [Fact]
    public async Task During_a_pause_at_any_call_others_see_each_state_on_the_way()
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var script = new MachineScript();
        script.Process("a").Run("writes", static step =>
        {
            step.Files.File.WriteAllText("/a", "x");
            step.Files.File.WriteAllText("/a", "yy");
            return default;
        }).PauseAtAnyCall(others => others.Process("b").Run("looks", step =>
        {
            found.Add(step.Files.File.Exists("/a") ? step.Files.File.ReadAllText("/a") : "nothing");
            return default;
        }));
        script.Process("a").Run("has gone on", static step => Nothing(() => Assert.Equal("yy", step.Files.File.ReadAllText("/a"))));

        (await ExploreAsync(script)).ThrowIfViolated();
        Assert.Equal(["", "nothing", "x", "yy"], found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_step_that_throws_is_a_violation_with_the_steps_up_to_it_and_its_calls()
    {
        var script = new MachineScript();
        script.Process("a").Run("does something else", static step => Nothing(() => step.Files.File.WriteAllText("/other", "")));
        script.Process("a").Run("writes in place", static step =>
        {
            step.Files.File.WriteAllText("/a", "x");
            step.Files.File.WriteAllText("/a", "y");
            return default;
        }).PauseAtAnyCall(static others => others.Process("b").Run("reads", static step =>
            step.Files.File.Exists("/a") && step.Files.File.ReadAllText("/a").Length == 0 ? throw new InvalidDataException("empty")
                : default));

        CrashViolation violation = Assert.Single((await ExploreAsync(script)).Violations);
        Assert.IsType<InvalidDataException>(violation.Failure);
        Assert.Equal(["a: writes in place, paused before its call 2", "b: reads"], violation.Steps);
        Assert.Equal("no crash", violation.Crashes[0].Kind);
        Assert.Contains(violation.Crashes[0].Trace, static line => line.Contains("b: OpenFile /a", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_violation_by_a_crash_is_reported_with_no_more_steps_than_it_needs()
    {
        var script = new MachineScript();
        script.Process("a").Run("writes", static step => Nothing(() => step.Files.File.WriteAllText("/a", "x")));
        script.Foreign(ForeignAction.WriteFile("/unrelated", "y"));
        script.Process("b").Run("acknowledges", static step => Nothing(() => step.Acknowledge("a")));
        script.Foreign(ForeignAction.Sync());

        CrashReport report = await ExploreAsync(script, static state =>
            state.Acknowledged.Count == 0 || state.Files.File.Exists("/a") ? default : throw new InvalidDataException("lost"));
        CrashViolation violation = Assert.Single(report.Violations);
        Assert.Equal(["a: writes", "b: acknowledges"], violation.Steps);
        Assert.Equal("power loss", violation.Crashes[0].Kind);
        Assert.Equal(4, script.Count);
    }

    [Fact]
    public async Task The_same_script_gives_the_same_report_each_time_and_runs_no_more_often_than_it_may()
    {
        MachineScript script = Random(out List<string> seen);
        var options = new CrashExplorerOptions { ScriptRunsMax = 20, Profiles = [PersistenceProfile.Strict] };
        CrashReport first =
            await new CrashExplorer(options).ExploreScriptAsync(script, static _ => default, TestContext.Current.CancellationToken);
        string[] before = [.. seen];
        seen.Clear();
        CrashReport second =
            await new CrashExplorer(options).ExploreScriptAsync(script, static _ => default, TestContext.Current.CancellationToken);

        Assert.Equal(first.ToString(), second.ToString());
        Assert.Equal(before, seen);
        Assert.InRange(first.Runs, 15, 20);
        CrashReport all = await new CrashExplorer(options with { ScriptRunsMax = 10_000 })
            .ExploreScriptAsync(script, static _ => default, TestContext.Current.CancellationToken);
        Assert.InRange(all.Runs, 40, 500);
    }

    [Fact]
    public async Task Timers_of_a_process_that_pauses_wait_until_it_goes_on()
    {
        var ticks = new List<string>();
        var script = new MachineScript();
        script.Process("a").Run("has a timer", step =>
        {
            step.Keep(step.Clock.CreateTimer(
                _ => ticks.Add("tick"), null, TimeSpan.FromSeconds(1), System.Threading.Timeout.InfiniteTimeSpan));
            _ = step.Files.File.Exists("/a");
            ticks.Add("goes on");
            step.Clock.Advance(TimeSpan.Zero);
            return default;
        }).PauseAt(1, static others =>
            others.Process("b").Run("waits", static step => Nothing(() => step.Clock.Sleep(TimeSpan.FromSeconds(5)))));

        (await ExploreAsync(script)).ThrowIfViolated();
        Assert.Equal(["goes on", "tick"], ticks);
    }

    [Fact]
    public async Task A_step_of_a_process_that_pauses_is_refused()
    {
        var script = new MachineScript();
        script.Process("a").Run("looks", static step => Nothing(() => step.Files.File.Exists("/a")))
            .PauseAt(1, static others => others.Process("a").Run("looks again", static _ => default));

        Assert.Contains(
            "pauses meanwhile", Assert.Single((await ExploreAsync(script)).Violations).Failure.Message, StringComparison.Ordinal);
        ScriptedRun run = script.Process("b").Run("x", static _ => default);
        run.KillAtAnyCall();
        Assert.Throws<InvalidOperationException>(() => run.KillAt(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => script.Process("b").Run("x", static _ => default).KillAt(0));
    }

    [Fact]
    public async Task A_mount_outlives_a_kill_of_all_processes_and_not_a_power_loss()
    {
        var script = new MachineScript();
        script.Foreign(ForeignAction.Custom("make directories", static files =>
        {
            files.Files.Directory.CreateDirectory("/d");
            files.Files.Directory.CreateDirectory("/at");
            files.Files.File.WriteAllText("/d/a", "x");
        }));
        script.Foreign(ForeignAction.Sync());
        script.Foreign(ForeignAction.BindMount("/d", "/at"));
        script.Process("a").Run("writes through the mount", static step => Nothing(() => step.Files.File.WriteAllText("/at/b", "y")));

        CrashReport report = await ExploreAsync(script, static state =>
        {
            bool isMounted = state.Files.File.Exists("/at/a");
            bool isWritten = state.Files.Directory.Exists("/d") && state.Files.File.Exists("/d/b");
            return !isWritten || isMounted != state.HasLostPower ? default : throw new InvalidDataException($"mounted: {isMounted}");
        });
        report.ThrowIfViolated();
    }

    private static MachineScript Random(out List<string> seen)
    {
        var found = new List<string>();
        seen = found;
        var script = new MachineScript();
        script.Process("a").Run("writes", static step => Nothing(() => step.Files.File.WriteAllText("/a", "x"))).KillAtAnyCall();
        script.Process("b").Run("copies", static step => Nothing(() =>
        {
            if (step.Files.File.Exists("/a"))
            {
                step.Files.File.Copy("/a", "/b");
            }
        })).PauseAtAnyCall(others => others.Process("c").Run("looks", step => Nothing(() =>
            found.Add(string.Join(' ', step.Files.Directory.GetFiles("/").Order(StringComparer.Ordinal))))));
        script.Process("b").Run("writes", static step => Nothing(() => step.Files.File.WriteAllText("/c", "z"))).KillAtAnyCall();
        return script;
    }

    private static void Lock(StepContext step)
    {
        Assert.Equal(Errno.None, step.FileSystem.OpenRoot("/", out DirectoryHandle? root));
        Assert.Equal(Errno.None, step.FileSystem.OpenFile(root!, "lock", FileUse.ReadWrite, out FileHandle? file));
        Assert.Equal(Errno.None, step.FileSystem.TryLock(file!, LockRange.Whole, LockMode.Exclusive));
    }

    private static ValueTask Keep(StepContext step, string what)
    {
        step.Keep(what);
        return default;
    }

    private static ValueTask Nothing(Action action)
    {
        action();
        return default;
    }

    private static ValueTask Nothing<T>(Func<T> action)
    {
        _ = action();
        return default;
    }

    private static ValueTask<CrashReport> ExploreAsync(MachineScript script, Func<CrashState, ValueTask>? check = null) =>
        new CrashExplorer(new CrashExplorerOptions
        {
            Prepare = static run =>
            {
                run.Files.File.WriteAllText("/lock", "");
                return default;
            },
        }).ExploreScriptAsync(script, check ?? (static _ => default), TestContext.Current.CancellationToken);
}
