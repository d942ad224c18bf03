using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Time.Testing;
using SafeStore.Locking;
using Xunit;

namespace SafeStore.PropertyTests;

public sealed class FairLockLaws
{
    private enum Act
    {
        EnterShared,
        EnterExclusive,
        EnterSharedForATime,
        EnterExclusiveForATime,
        TryExclusive,
        Exit,
        Cancel,
        LetTimeRunOut,
    }

    private static Gen<(Act Act, int Who)[]> Scripts { get; } = Gens.ArrayOf(
        Gen.Elements(Enum.GetValues<Act>()).Zip(Gen.Choose(0, 7), static (act, who) => (act, who)), 1, 40);

    [Fact]
    public void Whatever_flows_do_writers_are_alone_grants_come_in_order_and_everybody_is_served() =>
        Laws.Check(Scripts, 500, static script => RunAsync(script).GetAwaiter().GetResult(), Laws.DropChunks);

    private static async Task RunAsync((Act Act, int Who)[] script)
    {
        using var world = new World();
        foreach ((Act act, int who) in script)
        {
            world.Do(act, who);
            await world.SettleAsync();
        }

        while (world.IsBusy)
        {
            world.Do(Act.Exit, 0);
            await world.SettleAsync();
        }
    }

    private sealed class Flow(LockMode mode, DateTimeOffset? deadline, CancellationTokenSource cancellation)
    {
        public LockMode Mode => mode;

        public DateTimeOffset? Deadline => deadline;

        public CancellationTokenSource Cancellation => cancellation;

        public Task<FairLock.Hold?> Entry { get; set; } = null!;

        public FairLock.Hold? Hold { get; set; }
    }

    /// <summary>The lock, and a queue and a set of holders that say what it should do.</summary>
    private sealed class World : IDisposable
    {
        private readonly FairLock _lock = new();
        private readonly FakeTimeProvider _time = new();
        private readonly LockWaiting _byClock;
        private readonly List<Flow> _waiting = [];
        private readonly List<Flow> _holding = [];
        private readonly List<(Flow Flow, string End)> _ended = [];
        private int _timeouts;

        public World() => _byClock = new LockWaiting(_time, Timeout.InfiniteTimeSpan);

        public void Dispose() => _byClock.Dispose();

        public bool IsBusy => _waiting.Count + _holding.Count > 0;

        public void Do(Act act, int who)
        {
            switch (act)
            {
                case Act.EnterShared or Act.EnterExclusive:
                    Enter(act == Act.EnterShared ? LockMode.Shared : LockMode.Exclusive, Timeout.InfiniteTimeSpan);
                    break;
                case Act.EnterSharedForATime or Act.EnterExclusiveForATime:
                    // No two run out at once: their order would be the timer's.
                    Enter(act == Act.EnterSharedForATime ? LockMode.Shared
                        : LockMode.Exclusive, TimeSpan.FromSeconds(100 + (who * 10)) + TimeSpan.FromMilliseconds(++_timeouts));
                    break;
                case Act.TryExclusive:
                    Enter(LockMode.Exclusive, TimeSpan.Zero);
                    break;
                case Act.Exit when _holding.Count > 0:
                    Flow leaving = _holding[who % _holding.Count];
                    _holding.Remove(leaving);
                    leaving.Hold!.Dispose();
                    leaving.Hold.Dispose(); // the second time does nothing
                    break;
                case Act.Cancel when _waiting.Count > 0:
                    Flow cancelled = _waiting[who % _waiting.Count];
                    _waiting.Remove(cancelled);
                    _ended.Add((cancelled, "cancelled"));
                    cancelled.Cancellation.Cancel();
                    break;
                case Act.LetTimeRunOut
                    when _waiting.Where(static flow => flow.Deadline is not null).MinBy(static flow => flow.Deadline) is { } late:
                    _waiting.Remove(late);
                    _ended.Add((late, "timed out"));
                    _time.Advance(late.Deadline!.Value - _time.GetUtcNow());
                    break;
                default:
                    break;
            }
        }

        /// <summary>Moves who should be served, and waits until exactly these are.</summary>
        public async Task SettleAsync()
        {
            foreach ((Flow flow, string end) in _ended)
            {
                Exception? failure = await Record.ExceptionAsync(() => flow.Entry.WaitAsync(TimeSpan.FromSeconds(10)));
                Assert.True(end == "cancelled" ? failure is OperationCanceledException : failure is null
                    && await flow.Entry is null, $"{end}: {failure}");
            }

            _ended.Clear();
            while (_waiting.Count > 0 && MayEnter(_waiting[0].Mode))
            {
                Flow next = _waiting[0];
                _waiting.RemoveAt(0);
                _holding.Add(next);
                next.Hold = await next.Entry.WaitAsync(TimeSpan.FromSeconds(10));
                Assert.NotNull(next.Hold);
            }

            Assert.All(_waiting, static flow => Assert.False(flow.Entry.IsCompleted, "served out of turn"));
        }

        private bool MayEnter(LockMode mode) => _holding.Count == 0 || (mode == LockMode.Shared && _holding[0].Mode == LockMode.Shared);

        private void Enter(LockMode mode, TimeSpan timeout)
        {
            while (timeout > TimeSpan.Zero && _waiting.Any(flow => flow.Deadline == _time.GetUtcNow() + timeout))
            {
                timeout += TimeSpan.FromMilliseconds(1); // time has moved on since the others came, and two may fall together
            }

            bool mustGiveUp = timeout == TimeSpan.Zero && !(_waiting.Count == 0 && MayEnter(mode));
            var flow = new Flow(mode, timeout > TimeSpan.Zero ? _time.GetUtcNow() + timeout : null, new CancellationTokenSource());
            flow.Entry = _lock.EnterAsync(mode, timeout, _byClock, flow.Cancellation.Token).AsTask();
            if (mustGiveUp)
            {
                _ended.Add((flow, "timed out"));
            }
            else
            {
                _waiting.Add(flow);
            }
        }
    }
}
