using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading.Tasks;

namespace SafeStore.Testing;

/// <summary>Runs a script once. Where it leaves the call open, the decisions say which.</summary>
/// <param name="run">The run on its machine.</param>
/// <param name="decisions">The calls at which something befalls a process.</param>
/// <param name="recorder">Takes the cuts; begun, unless it has, just before the last of the decisions takes effect.</param>
internal sealed class ScriptExecution(CrashRun run, ScriptDecisions decisions, CutRecorder recorder)
{
    private readonly Dictionary<string, StepContext> _processes = new(StringComparer.Ordinal);
    private readonly List<string> _steps = [];
    private ExceptionDispatchInfo? _failure;

    /// <summary>The steps that were begun, with what befell the processes in them.</summary>
    public IReadOnlyList<string> Steps => _steps;

    /// <summary>The step that threw; null if none did.</summary>
    public ScriptStep? Failed { get; private set; }

    public async ValueTask RunAsync(IReadOnlyList<ScriptStep> steps)
    {
        foreach (ScriptStep step in steps)
        {
            try
            {
                await RunAsync(step).ConfigureAwait(false);
            }
            catch
            {
                Failed ??= step;
                throw;
            }
        }
    }

    private ValueTask RunAsync(ScriptStep step)
    {
        _steps.Add(step.ToString());
        if (step is ProcessStep own)
        {
            return RunAsync(own, ContextOf(own), _steps.Count - 1);
        }

        recorder.Mark($"{step}");
        ((ForeignStep)step).Action.Perform(run.Machine);
        return default;
    }

    private async ValueTask RunAsync(ProcessStep step, StepContext context, int line)
    {
        var befalling = new StepWatch(context.Process, step, decisions);
        befalling.Befalls = call =>
        {
            _steps[line] =
                $"{step}, {(step.IsKilled ? "killed" : "paused")} {(call is { } number ? $"before its call {number}" : "at the end")}";
            Befall(step, context);
        };
        Action<SimulatedProcess, Operation>? outer = run.Machine.BeforeCall;
        run.Machine.BeforeCall = befalling.OnCall;
        try
        {
            await step.Work(context).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // what a dead process says, no other hears
        catch (Exception) when (!context.Process.IsAlive)
#pragma warning restore CA1031
        {
        }
        finally
        {
            run.Machine.BeforeCall = outer;
        }

        befalling.End();
        _failure?.Throw();
    }

    private StepContext ContextOf(ProcessStep step)
    {
        if (_processes.TryGetValue(step.Process, out StepContext? context) && context.Process.IsAlive)
        {
            return !context.Process.IsPaused
                ? context
                : throw new InvalidOperationException($"The step '{step}' is one of a process that pauses meanwhile.");
        }

        return _processes[step.Process] = new StepContext(run, run.Machine.Start(step.Process));
    }

    private void Befall(ProcessStep step, StepContext context)
    {
        if (decisions.IsLast(step))
        {
            recorder.Begin();
        }

        if (step.IsKilled)
        {
            context.Process.Kill();
            return;
        }

        Action<SimulatedProcess, Operation>? own = run.Machine.BeforeCall;
        run.Machine.BeforeCall = null;
        context.Process.IsPaused = true;
        try
        {
            ValueTask others = RunAsync(step.Befalling!.Others!.Steps);
            if (!others.IsCompleted)
            {
                throw new InvalidOperationException($"What happens during the step '{step}' waits for something outside the simulation.");
            }

#pragma warning disable CA1849 // it has ended: this only brings its exception here
            others.GetAwaiter().GetResult();
#pragma warning restore CA1849
        }
#pragma warning disable CA1031 // the paused process must not catch it: it is thrown when that has ended
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _failure ??= ExceptionDispatchInfo.Capture(failure);
            context.Process.Kill();
        }
        finally
        {
            context.Process.IsPaused = false;
            run.Machine.BeforeCall = own;
        }
    }

    /// <summary>Counts the calls of a process in one step, and finds the one at which something befalls it.</summary>
    private sealed class StepWatch
    {
        private readonly SimulatedProcess _process;
        private readonly ProcessStep _step;
        private readonly List<long>? _candidates;
        private readonly long _at;
        private long _calls;
        private bool _hasBefallen;

        public StepWatch(SimulatedProcess process, ProcessStep step, ScriptDecisions decisions)
        {
            (_process, _step) = (process, step);
            _at = step.Befalling switch
            {
                null => ScriptDecisions.Never,
                { Call: { } call } => call,
                _ => decisions.For(step, out _candidates),
            };
        }

        /// <summary>Told before which call; null at the end of the step.</summary>
        public Action<long?> Befalls { get; set; } = static _ => { };

        public void OnCall(SimulatedProcess process, Operation operation)
        {
            if (process != _process)
            {
                return;
            }

            _calls++;
            if (!_step.IsKilled || SimulatedCall.Changes(operation))
            {
                _candidates?.Add(_calls);
            }

            if (_calls == _at)
            {
                _hasBefallen = true;
                Befalls(_calls);
            }
        }

        /// <summary>A call that did not come is the end of the step.</summary>
        public void End()
        {
            if (_step.IsKilled)
            {
                _candidates?.Add(_calls + 1);
            }

            if (!_hasBefallen && _process.IsAlive && _at != ScriptDecisions.Never)
            {
                Befalls(null);
            }
        }
    }
}
