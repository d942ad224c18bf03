using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Testing;

/// <summary>
/// Which call it is, for each step of a script that leaves it open. The steps are met in the same order in each run that was decided alike.
/// </summary>
internal sealed class ScriptDecisions
{
    /// <summary>Nothing befalls the process.</summary>
    public const long Never = 0;

    /// <summary>At the end of the step.</summary>
    public const long AtTheEnd = long.MaxValue;

    private readonly IReadOnlyList<long> _inOrder;
    private readonly IReadOnlyDictionary<ProcessStep, long>? _byStep;
    private readonly List<(ProcessStep Step, long Call, List<long> Candidates)> _met = [];

    /// <summary>
    /// Decides in the order in which the steps are met; from there on, as if it were not open: no kill, a pause at the end.
    /// </summary>
    /// <param name="inOrder">A call's number, or 0 for none.</param>
    public ScriptDecisions(IReadOnlyList<long> inOrder) => _inOrder = inOrder;

    /// <summary>Decides as in another run, of which some steps may be missing now.</summary>
    public ScriptDecisions(IReadOnlyDictionary<ProcessStep, long> byStep) => (_inOrder, _byStep) = ([], byStep);

    /// <summary>The calls at which something might befall the process, for each open step that was met.</summary>
    public IReadOnlyList<IReadOnlyList<long>> Candidates => _met.ConvertAll(static met => met.Candidates);

    /// <summary>What was decided, by the step.</summary>
    public IReadOnlyDictionary<ProcessStep, long> ByStep => _met.ToDictionary(static met => met.Step, static met => met.Call);

    public long For(ProcessStep step, out List<long> candidates)
    {
        candidates = [];
        long call = _byStep is not null ? _byStep.GetValueOrDefault(step) : _met.Count < _inOrder.Count ? _inOrder[_met.Count] : Never;
        call = call == Never && !step.IsKilled ? AtTheEnd : call;
        _met.Add((step, call, candidates));
        return call;
    }

    /// <summary>Whether the step is the one of the last decision that was given in order.</summary>
    public bool IsLast(ProcessStep step) => _inOrder.Count > 0 && _met.Count >= _inOrder.Count && _met[_inOrder.Count - 1].Step == step;
}
