using System;
using System.Threading;

namespace SafeStore;

/// <summary>
/// The switches of Mutants.md: which of the changes to the engine is active in this flow of execution and those that it starts.
/// Usually none.
/// </summary>
internal sealed class Mutant : IDisposable
{
    private static readonly AsyncLocal<string?> s_active = new();

    private readonly string? _before;

    private Mutant(string name)
    {
        _before = s_active.Value;
        s_active.Value = name;
    }

    /// <summary>Makes a mutant active until the result is disposed.</summary>
    public static Mutant Activate(string name) => new(name);

    public static bool Is(string name) => s_active.Value == name;

    public void Dispose() => s_active.Value = _before;
}
