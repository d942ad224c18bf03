using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Operations;

/// <summary>Something of a store that is wrong, or that could not be read.</summary>
/// <param name="Code">What kind: the stable code of an error (docs/guide.md, "Errors"), <c>pending</c> or <c>parked</c>.</param>
/// <param name="Message">What it is, where, and what to do.</param>
public sealed record StoreProblem(string Code, string Message)
{
    /// <summary>The file or directory; null for what lies in no single one.</summary>
    public string? Path { get; init; }

    /// <summary>The only sandbox that it concerns; null if it concerns more.</summary>
    public string? Sandbox { get; init; }
}

/// <summary>Gathers what is wrong: one part that cannot be read does not hide the others.</summary>
internal sealed class ProblemList
{
    private readonly List<StoreProblem> _problems = [];

    public IReadOnlyList<StoreProblem> All => _problems;

    public void Add(string code, string message, string? path = null) => Add(new StoreProblem(code, message) { Path = path });

    public void Add(StoreProblem problem)
    {
        if (!_problems.Any(each => each.Message == problem.Message))
        {
            _problems.Add(problem);
        }
    }

    public void Add(SafeStoreException failure) => Add(failure.Code, failure.Message, failure switch
    {
        LogCorruptException damage => damage.Path,
        StoreMetadataException damage => damage.Path,
        StoreFormatException other => other.Path,
        StorageException refusal => refusal.Path,
        _ => null,
    });

    public void AddAll(IEnumerable<StoreProblem> problems)
    {
        foreach (StoreProblem problem in problems)
        {
            Add(problem);
        }
    }

    /// <summary>Reads a part of the store; what is given instead, and a problem, if that fails.</summary>
    public T Try<T>(Func<T> read, T instead)
    {
        try
        {
            return read();
        }
        catch (SafeStoreException failure)
        {
            Add(failure);
            return instead;
        }
    }
}
