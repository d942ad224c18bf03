using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing.Files;
using Xunit;

namespace SafeStore.Testing.Tests;

public sealed class ConcurrentRunTests
{
    [Fact]
    public void The_same_seed_gives_the_same_order_of_calls_and_others_give_others()
    {
        Assert.Equal(Trace(1), Trace(1));
        Assert.True(Enumerable.Range(0, 20).Select(static seed => string.Join('\n', Trace((ulong)seed))).Distinct(StringComparer.Ordinal)
            .Count() > 10);
    }

    [Fact]
    public void A_lost_update_without_a_lock_is_found_by_some_seed_and_with_one_by_none()
    {
        Assert.Contains(Enumerable.Range(0, 50), static seed => CountedBy(2, (ulong)seed, locks: false) < 6);
        Assert.All(Enumerable.Range(0, 50), static seed => Assert.Equal(6, CountedBy(2, (ulong)seed, locks: true)));
    }

    [Fact]
    public void Sleepers_wake_in_the_order_of_their_times_whatever_the_seed()
    {
        for (ulong seed = 0; seed < 10; seed++)
        {
            var machine = new SimulatedMachine();
            List<string> woken = [];
            ConcurrentWork Sleeper(int seconds)
            {
                SimulatedProcess process = machine.Start();
                return new ConcurrentWork(process, () =>
                {
                    process.Clock.Sleep(TimeSpan.FromSeconds(seconds));
                    woken.Add($"{seconds}");
                    return default;
                });
            }

            machine.RunConcurrently(seed, Sleeper(3), Sleeper(1), Sleeper(2));
            Assert.Equal(["1", "2", "3"], woken);
        }
    }

    [Fact]
    public void A_process_that_another_kills_ends_where_it_is_and_no_time_passes_for_it()
    {
        var machine = new SimulatedMachine();
        SimulatedProcess victim = machine.Start();
        SimulatedProcess killer = machine.Start();
        DateTimeOffset start = machine.Clock.GetUtcNow();
        bool isOver = false;

        machine.RunConcurrently(
            1,
            new ConcurrentWork(victim, () =>
            {
                victim.Clock.Sleep(TimeSpan.FromHours(1));
                isOver = true;
                return default;
            }),
            new ConcurrentWork(killer, () =>
            {
                killer.Clock.Sleep(TimeSpan.FromSeconds(1));
                victim.Kill();
                return default;
            }));

        Assert.False(isOver);
        Assert.Equal(TimeSpan.FromSeconds(1), machine.Clock.GetUtcNow() - start);
    }

    [Fact]
    public void A_power_loss_ends_all_and_is_no_failure()
    {
        var machine = new SimulatedMachine { Faults = FaultPlan.At(5, new PowerLost(1)) };
        SimulatedProcess[] processes = [machine.Start(), machine.Start()];

        machine.RunConcurrently(3, [.. processes.Select(process => new ConcurrentWork(process, () =>
        {
            while (true)
            {
                _ = ((IPathCalls)process.FileSystem).Stat("/", follow: true, out NodeStatus _);
            }
        }))]);

        Assert.Equal(5, machine.Calls);
        Assert.Empty(machine.Processes);
    }

    [Fact]
    public void What_a_process_throws_is_reported_once_all_have_ended()
    {
        var machine = new SimulatedMachine();
        SimulatedProcess one = machine.Start();
        SimulatedProcess two = machine.Start();
        bool isOver = false;

        AggregateException failures = Assert.Throws<AggregateException>(() => machine.RunConcurrently(
            1,
            new ConcurrentWork(one, () => throw new InvalidOperationException("mine")),
            new ConcurrentWork(two, () =>
            {
                two.Clock.Sleep(TimeSpan.FromSeconds(1));
                isOver = true;
                return default;
            })));

        Assert.Equal("mine", Assert.Single(failures.InnerExceptions).Message);
        Assert.True(isOver);
        machine.RunConcurrently(1);
    }

    [Fact]
    public void Work_that_waits_for_something_outside_is_a_failure_and_does_not_hang()
    {
        var machine = new SimulatedMachine();
        var never = new TaskCompletionSource();

        AggregateException failures = Assert.Throws<AggregateException>(() =>
            machine.RunConcurrently(1, new ConcurrentWork(machine.Start(), () => new ValueTask(never.Task))));
        Assert.IsType<InvalidOperationException>(Assert.Single(failures.InnerExceptions));
    }

    [Fact]
    public void Others_go_on_during_a_slow_call_and_timers_may_make_calls()
    {
        var rig = new Rig();
        SimulatedProcess slow = rig.Process;
        SimulatedProcess quick = rig.Machine.Start("quick");
        rig.Machine.Faults = new FaultPlan().Add(new FaultRule { Process = slow.Name, Fault = new SlowCall(TimeSpan.FromSeconds(10)) });
        using System.Threading.ITimer timer =
            quick.Clock.CreateTimer(_ => Stat(quick), null, TimeSpan.FromSeconds(5), System.Threading.Timeout.InfiniteTimeSpan);
        List<string> ended = [];

        rig.Machine.RunConcurrently(
            2,
            new ConcurrentWork(slow, () =>
            {
                Stat(slow);
                ended.Add("slow");
                return default;
            }),
            new ConcurrentWork(quick, () =>
            {
                quick.Clock.Sleep(TimeSpan.FromSeconds(1));
                Stat(quick);
                ended.Add("quick");
                return default;
            }));

        Assert.Equal(["quick", "slow"], ended);
    }

    private static void Stat(SimulatedProcess process) =>
        Assert.Equal(Errno.None, ((IPathCalls)process.FileSystem).Stat("/", follow: true, out NodeStatus _));

    private static string[] Trace(ulong seed)
    {
        var machine = new SimulatedMachine(new SimulatedMachineOptions { KeepsTrace = true });
        machine.RunConcurrently(
            seed, [.. Enumerable.Range(0, 3).Select(_ => machine.Start()).Select(static process => new ConcurrentWork(process, () =>
        {
            for (int i = 0; i < 4; i++)
            {
                Assert.Equal(Errno.None, ((IPathCalls)process.FileSystem).MakeDirectory($"/{process.Name}-{i}", Rig.Mode750));
            }

            return default;
        }))]);
        return [.. machine.Trace.Select(static call => call.ToString())];
    }

    /// <summary>Each process adds one to a number in a file three times.</summary>
    private static int CountedBy(int processes, ulong seed, bool locks)
    {
        Rig rig = new Rig().Write("/n", "A");
        rig.Machine.RunConcurrently(
            seed, [.. Enumerable.Range(0, processes).Select(_ => rig.Machine.Start()).Select(process => new ConcurrentWork(process, () =>
        {
            for (int i = 0; i < 3; i++)
            {
                Assert.Equal(Errno.None, ((IPathCalls)process.FileSystem).Open("/n", OpenFlags.Write, default, out FileHandle? file));
                using FileHandle opened = file!;
                while (locks && process.FileSystem.TryLock(opened, LockRange.Whole, LockMode.Exclusive) == Errno.WouldBlock)
                {
                    process.Clock.Sleep(TimeSpan.FromMilliseconds(1));
                }

                byte[] number = new byte[1];
                Assert.Equal(Errno.None, process.FileSystem.Read(opened, number, 0, out int _));
                number[0]++;
                Assert.Equal(Errno.None, process.FileSystem.Write(opened, number, 0, out int _));
            }

            return default;
        }))]);
        return rig.Read("/n")[0] - 'A';
    }
}
