using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.PropertyTests.Simulation;
using SafeStore.Sandboxes;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.PropertyTests.Sandboxes;

/// <summary>The side effects that belong to a sandbox: what the transaction that completes them writes.</summary>
internal sealed record Owned(IReadOnlyList<int> Effects);

[JsonSerializable(typeof(Owned))]
[JsonSerializable(typeof(int))]
internal sealed partial class IntentJson : JsonSerializerContext;

/// <summary>
/// A machine, a store on it, and side effects outside of it that outlive everything. After each process the world is looked at: a side
/// effect belongs to a sandbox, or is still to be undone, or is gone; and no handler runs for what was cleared.
/// </summary>
internal sealed class IntentWorld(IntentScript script, Tally tally)
{
    private static readonly DocumentKind<Owned> s_owned = DocumentKind.OfSandbox("owned.json", StoreRoot.Config, IntentJson.Default.Owned);

    private readonly SimulatedMachine _machine = new Setting(script.Profile, script.Run, 1, 0, 1).SwitchOn(1);
    private readonly HashSet<int> _effects = [];
    private readonly HashSet<int> _cleared = [];
    private readonly Dictionary<int, int> _runs = [];
    private readonly HashSet<string> _committed = [];
    private int _tokens;

    public void Run()
    {
        foreach (IntentAttempt attempt in script.Attempts)
        {
            Play(attempt);
            _machine.Faults = new FaultPlan();
            _machine.KillAll();
            Look(isEnd: false);
        }

        foreach (int sandbox in new[] { 0, 1 })
        {
            Play(new IntentAttempt(sandbox, [], null, 0, [])); // calm: what is left is undone
            _machine.KillAll();
        }

        Look(isEnd: true);
    }

    private static string NameOf(int sandbox) => $"sb-{sandbox}";

    private void Play(IntentAttempt attempt)
    {
        SimulatedProcess process = _machine.Start("program");
        if (attempt.Trouble is { } trouble)
        {
            _machine.Faults = new FaultPlan().Add(new FaultRule { Process = "program", Skip = attempt.TroubleAt, Fault = trouble });
        }

        try
        {
            SandboxStore store = Open(process, attempt.Handlers);
            ModelLock? held = Lock(store, attempt);
            if (held is not null)
            {
                Work(held, attempt.Steps);
                held.DisposeAsync().Now();
            }
        }
        catch (SimulatedCrashException)
        {
            tally.Add("crashes");
        }
        catch (SafeStoreException failure)
        {
            tally.Add(failure.Code);
        }
    }

    private SandboxStore Open(SimulatedProcess process, HandlerTrouble[] troubles)
    {
        var left = new Queue<HandlerTrouble>(troubles);
        UndoHandlers undo = UndoHandlers.None.With("effect", IntentJson.Default.Int32, (token, request, _) =>
        {
            Assert.True(!_cleared.Contains(token), $"the handler of {token} runs after its intent was cleared");
            int run = _runs[token] = _runs.GetValueOrDefault(token) + 1;
            Assert.True(request.Intent.Attempts >= run,
                $"the handler of {token} runs for the {run}. time and is told {request.Intent.Attempts}");
            tally.Add("handler runs");
            HandlerTrouble trouble = left.TryDequeue(out HandlerTrouble next) ? next : HandlerTrouble.None;
            if (trouble is HandlerTrouble.FailsBefore or HandlerTrouble.KilledBefore)
            {
                Strike(process, trouble);
            }

            _effects.Remove(token);
            if (trouble is HandlerTrouble.FailsAfter or HandlerTrouble.KilledAfter)
            {
                Strike(process, trouble);
            }

            return Task.CompletedTask;
        });
        var options = new SandboxStoreOptions
        {
            Store = new StoreOptions
            {
                FileSystem = process.FileSystem,
                TimeProvider = process.Clock,
                SegmentBytes = Setting.SegmentBytes,
                CheckpointInterval = Timeout.InfiniteTimeSpan
            },
            Undo = undo,
        };
        return SandboxStore.OpenAsync(Setting.Layout, options).Now();
    }

    private static void Strike(SimulatedProcess process, HandlerTrouble trouble)
    {
        if (trouble is HandlerTrouble.KilledBefore or HandlerTrouble.KilledAfter)
        {
            process.Kill();
        }

        throw new IOException("the device is busy");
    }

    private static ModelLock? Lock(SandboxStore store, IntentAttempt attempt)
    {
        try
        {
            return store.LockAsync(NameOf(attempt.Sandbox)).Now();
        }
        catch (NotFoundException)
        {
            return attempt.Steps.Length == 0 ? null : store.LockNewAsync(NameOf(attempt.Sandbox)).Now();
        }
    }

    private void Work(ModelLock held, IntentStep[] steps)
    {
        foreach (IntentStep step in steps)
        {
            if (step is IntentStep.CompleteAll or IntentStep.CompleteOldest or IntentStep.Change)
            {
                _committed.Add(held.Sandbox);
            }

            switch (step)
            {
                case IntentStep.Effect or IntentStep.IntentOnly:
                    int token = ++_tokens;
                    held.IntendAsync("effect", token, IntentJson.Default.Int32).Now();
                    if (step == IntentStep.Effect)
                    {
                        _effects.Add(token);
                        tally.Add("side effects");
                    }

                    break;
                case IntentStep.CompleteAll:
                    Own(held, held.Intents).Complete().CommitAsync().Now();
                    tally.Add("completed");
                    break;
                case IntentStep.CompleteOldest when !held.IsCreating && held.Intents is [Intent oldest, ..]:
                    Own(held, [oldest]).Complete(oldest).CommitAsync().Now();
                    break;
                case IntentStep.Change or IntentStep.CompleteOldest:
                    held.Change().Put(held.Model.SandboxState, new State { Lifecycle = Lifecycle.Ready, BlockIndex = _tokens })
                        .CommitAsync()
                        .Now();
                    break;
                default:
                    held.UndoAsync().Now();
                    tally.Add("undone at once");
                    break;
            }
        }
    }

    private static ModelChange Own(ModelLock held, IReadOnlyList<Intent> intents)
    {
        IReadOnlyList<int> before = held.Read(s_owned)?.Effects ?? [];
        return held.Change().Put(s_owned, new Owned([.. before, .. intents.Select(static intent => intent.Payload.GetInt32())]));
    }

    /// <summary>What a program without undo handlers finds on the disk, held against the world.</summary>
    private void Look(bool isEnd)
    {
        SimulatedProcess reader = _machine.Start("reader");
        SandboxStore store = Open(reader, []);
        var pending = new HashSet<int>();
        var owned = new HashSet<int>();
        foreach (SandboxStatus status in store.ReadStatuses())
        {
            Assert.Empty(status.Errors);
            pending.UnionWith(status.Intents.Select(static intent => intent.Payload.GetInt32()));
            if (!status.IsCreating)
            {
                owned.UnionWith(store.Store.Read(status.Id, s_owned)?.Effects ?? []);
            }
        }

        _cleared.UnionWith(Enumerable.Range(1, _tokens).Except(pending));
        int[] leaked = [.. _effects.Except(owned).Except(pending)];
        Assert.True(leaked.Length == 0, $"the side effects {string.Join(' ', leaked)} belong to no sandbox and will not be undone");
        int[] lost = [.. owned.Where(token => _runs.ContainsKey(token))];
        Assert.True(lost.Length == 0, $"the side effects {string.Join(' ', lost)} belong to a sandbox and were undone");
        if (isEnd)
        {
            Assert.Empty(pending);
            // what only intents have made is gone
            Assert.Subset(_committed, store.ReadStatuses().Select(static status => status.Id).ToHashSet());
            Assert.Subset(owned, _effects);
            tally.Add("owned at the end", owned.Count);
        }

        _machine.KillAll();
    }
}
