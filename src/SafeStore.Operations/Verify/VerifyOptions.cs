using System;
using System.Collections.Generic;

namespace SafeStore.Operations;

/// <summary>What a verification looks at, and how.</summary>
public sealed record VerifyOptions
{
    /// <summary>The sandboxes to look at, and nothing else of the store; all of it if there are none, which is the default.</summary>
    public IReadOnlyList<string> Sandboxes { get; init; } = [];

    /// <summary>How many sandboxes are looked at at once, 1 to 512. The default is the number of processors.</summary>
    public int Parallel { get; init; } = Math.Min(Environment.ProcessorCount, ParallelMax);

    /// <summary>What the documents must be; null, the default, if any JSON is right.</summary>
    public IDocumentModel? Model { get; init; }

    /// <summary>Told after each sandbox, by any thread; null for none.</summary>
    public IProgress<VerifyProgress>? Progress { get; init; }

    internal const int ParallelMax = 512;
}

/// <summary>How far a verification has come.</summary>
/// <param name="Sandboxes">How many sandboxes were looked at.</param>
/// <param name="All">How many there are to look at.</param>
/// <param name="Documents">How many documents were looked at.</param>
/// <param name="Bytes">Their size.</param>
public sealed record VerifyProgress(int Sandboxes, int All, int Documents, long Bytes);

/// <summary>What the documents of a program must be. Used by several threads at once.</summary>
public interface IDocumentModel
{
    /// <summary>Looks at the documents of a sandbox.</summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="documents">Those of them that are JSON.</param>
    /// <returns>What is not as it must be.</returns>
    IEnumerable<ModelFinding> Check(string sandbox, IReadOnlyList<DocumentContent> documents);
}

/// <summary>What a model says of a document.</summary>
/// <param name="Document">Which document.</param>
/// <param name="Code">What kind of thing it is: stable, for scripts.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Message">What is wrong.</param>
public sealed record ModelFinding(DocumentId Document, string Code, FindingLevel Level, string Message);
