using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace SafeStore.Testing;

/// <summary>How thoroughly a <see cref="CrashExplorer"/> looks.</summary>
public sealed record CrashExplorerOptions
{
    /// <summary>What all choices follow from. The default is 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The machine. Its profile is replaced by each of <see cref="Profiles"/>.</summary>
    public SimulatedMachineOptions Machine { get; init; } = new();

    /// <summary>
    /// The profiles of the machine's root filesystem, explored one after the other. The default is <see cref="PersistenceProfile.Strict"/>.
    /// </summary>
    public IReadOnlyList<PersistenceProfile> Profiles { get; init; } = [PersistenceProfile.Strict];

    /// <summary>What there is before the workload begins; all of it is durable then. Null for an empty machine.</summary>
    public Func<CrashRun, ValueTask>? Prepare { get; init; }

    /// <summary>Up to how many possible outcomes of a power loss all of them are tried. The default is 64.</summary>
    public int ExhaustiveMax { get; init; } = 64;

    /// <summary>
    /// How many outcomes are drawn where there are more, besides the extreme ones: nothing, all, and all but one or only one of the
    /// changes; of more than 256 changes that one is drawn too. The default is 16.
    /// </summary>
    public int Samples { get; init; } = 16;

    /// <summary>
    /// In how many runs a script is explored at most. Where it leaves more calls open, some are chosen, evenly. The default is 1000.
    /// </summary>
    public int ScriptRunsMax { get; init; } = 1000;

    /// <summary>
    /// 1: a crash in the workload. 2: another one in what the check does to recover. 3 and more: and so on. The default is 2.
    /// </summary>
    public int Depth { get; init; } = 2;

    /// <summary>Of how many states one is crashed again while it recovers. The default is 32.</summary>
    public int NestedEvery { get; init; } = 32;

    /// <summary>How many outcomes are drawn for each crash within a recovery. The default is 2.</summary>
    public int NestedSamples { get; init; } = 2;

    /// <summary>After how many violations it stops. The default is 1.</summary>
    public int ViolationsMax { get; init; } = 1;

    /// <summary>
    /// How many states are checked at the same time, each with a machine of its own. The default is 1; more needs a check that shares
    /// nothing.
    /// </summary>
    public int Workers { get; init; } = 1;

    /// <summary>How many runs may be spent on making a violation smaller. The default is 200.</summary>
    public int ShrinksMax { get; init; } = 200;

    /// <summary>
    /// Is told how many states have been checked, after each of them, from the thread that did. Null, the default, for nothing.
    /// </summary>
    public IProgress<long>? Progress { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ExhaustiveMax, nameof(ExhaustiveMax));
        ArgumentOutOfRangeException.ThrowIfNegative(Samples, nameof(Samples));
        ArgumentOutOfRangeException.ThrowIfLessThan(ScriptRunsMax, 1, nameof(ScriptRunsMax));
        ArgumentOutOfRangeException.ThrowIfLessThan(Depth, 1, nameof(Depth));
        ArgumentOutOfRangeException.ThrowIfLessThan(NestedEvery, 1, nameof(NestedEvery));
        ArgumentOutOfRangeException.ThrowIfNegative(NestedSamples, nameof(NestedSamples));
        ArgumentOutOfRangeException.ThrowIfLessThan(ViolationsMax, 1, nameof(ViolationsMax));
        ArgumentOutOfRangeException.ThrowIfLessThan(Workers, 1, nameof(Workers));
        ArgumentOutOfRangeException.ThrowIfNegative(ShrinksMax, nameof(ShrinksMax));
        if (Profiles.Count == 0)
        {
            throw new ArgumentException("Name at least one profile.", nameof(Profiles));
        }
    }
}
