using System;
using System.Collections.Generic;
using System.IO.Enumeration;
using SafeStore.FileSystem;

namespace SafeStore.Testing;

/// <summary>Which calls a fault befalls. All conditions that are set must hold.</summary>
public sealed record FaultRule
{
    /// <summary>What goes wrong.</summary>
    public required SimulatedFault Fault { get; init; }

    /// <summary>The machine's n-th call, from 1; null for any.</summary>
    public long? Call { get; init; }

    /// <summary>The operations; null for all.</summary>
    public IReadOnlyCollection<Operation>? Operations { get; init; }

    /// <summary>A pattern of the path with * and ?; null for any.</summary>
    public string? Path { get; init; }

    /// <summary>The process's name; null for any.</summary>
    public string? Process { get; init; }

    /// <summary>How many calls that match pass first.</summary>
    public int Skip { get; init; }

    /// <summary>How many calls it befalls then; <see cref="int.MaxValue"/> for all. The default is one.</summary>
    public int Times { get; init; } = 1;

    /// <summary>How probable it is for each call that matches, 0 to 1. Decided by the machine's seed. The default is 1.</summary>
    public double Probability { get; init; } = 1;

    internal bool Matches(SimulatedCall call) =>
        (Call is not { } number || number == call.Number)
        && (Process is null || Process == call.Process)
        && (Path is null || FileSystemName.MatchesSimpleExpression(Path, call.Path, ignoreCase: false))
        && (Operations is null || Contains(Operations, call.Operation));

    private static bool Contains(IReadOnlyCollection<Operation> operations, Operation operation)
    {
        foreach (Operation each in operations)
        {
            if (each == operation)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>The faults of a machine, in the order in which they are tried: the first rule that applies to a call decides.</summary>
public sealed class FaultPlan
{
    private readonly List<State> _rules = [];

    /// <summary>How many calls faults have befallen.</summary>
    public long Count { get; private set; }

    /// <summary>A plan of one fault at one call.</summary>
    /// <param name="call">The machine's n-th call, from 1.</param>
    /// <param name="fault">What goes wrong.</param>
    public static FaultPlan At(long call, SimulatedFault fault) => new FaultPlan().Add(new FaultRule { Call = call, Fault = fault });

    /// <summary>A plan in which calls of some kind fail, once.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="path">A pattern of the path with * and ?.</param>
    /// <param name="errno">The error.</param>
    public static FaultPlan Fail(Operation operation, string path, Errno errno) =>
        new FaultPlan().Add(new FaultRule { Operations = [operation], Path = path, Fault = new CallFails(errno) });

    /// <summary>Adds a rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <returns>This plan.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Skip or Times is negative, or the probability outside 0 to 1.</exception>
    public FaultPlan Add(FaultRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentOutOfRangeException.ThrowIfNegative(rule.Skip, nameof(rule));
        ArgumentOutOfRangeException.ThrowIfNegative(rule.Times, nameof(rule));
        if (rule.Probability is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rule), "A probability is from 0 to 1.");
        }

        _rules.Add(new State(rule));
        return this;
    }

    internal SimulatedFault? Next(SimulatedCall call, Randomness random)
    {
        foreach (State state in _rules)
        {
            if (state.Used >= state.Rule.Times || !state.Rule.Matches(call))
            {
                continue;
            }

            if (state.Passed < state.Rule.Skip)
            {
                state.Passed++;
                continue;
            }

            if (state.Rule.Probability >= 1 || random.Chance(state.Rule.Probability))
            {
                state.Used++;
                Count++;
                return state.Rule.Fault;
            }
        }

        return null;
    }

    private sealed class State(FaultRule rule)
    {
        public FaultRule Rule { get; } = rule;

        public int Passed { get; set; }

        public int Used { get; set; }
    }
}
