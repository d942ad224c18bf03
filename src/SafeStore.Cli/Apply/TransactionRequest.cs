using System;
using System.Collections.Generic;

namespace SafeStore.Cli.Apply;

/// <summary>One line of the input: what to do to one or several sandboxes, all or nothing.</summary>
internal sealed record TransactionRequest(IReadOnlyList<SandboxRequest> Sandboxes);

/// <summary>What a line asks for one sandbox.</summary>
/// <param name="Sandbox">Its id, not checked yet.</param>
/// <param name="IsNew">It is to be created.</param>
/// <param name="Required">The version that it must still have; null when any will do.</param>
/// <param name="Operations">The operations in their order.</param>
internal sealed record SandboxRequest(string Sandbox, bool IsNew, Lsn? Required, IReadOnlyList<RequestedOperation> Operations)
{
    public SandboxTarget Target => new(Sandbox, IsNew);

    /// <summary>Puts the operations into a change.</summary>
    /// <exception cref="ArgumentException">A name or value is not allowed.</exception>
    /// <exception cref="InvalidOperationException">The operations contradict each other.</exception>
    public void FillIn(SandboxChange change)
    {
        if (Required is { } version)
        {
            change.RequireVersion(version);
        }

        foreach (RequestedOperation operation in Operations)
        {
            operation.FillIn(change);
        }
    }
}

/// <summary>One operation of a line. The creation of a sandbox is none: it is the kind of lock that is taken.</summary>
internal abstract record RequestedOperation
{
    public abstract void FillIn(SandboxChange change);
}

internal sealed record PutOperation(StoreRoot Root, string? Container, string File, ReadOnlyMemory<byte> Value) : RequestedOperation
{
    public override void FillIn(SandboxChange change) => change.PutJson(Root, Container, File, Value.Span);
}

internal sealed record DeleteOperation(StoreRoot Root, string? Container, string File) : RequestedOperation
{
    public override void FillIn(SandboxChange change) => change.Remove(Root, Container, File);
}

internal sealed record CreateContainerOperation(string Container) : RequestedOperation
{
    public override void FillIn(SandboxChange change) => change.CreateContainer(Container);
}

internal sealed record RemoveContainerOperation(string Container) : RequestedOperation
{
    public override void FillIn(SandboxChange change) => change.RemoveContainer(Container);
}

internal sealed record RemoveSandboxOperation(bool ForgetsIntents) : RequestedOperation
{
    public override void FillIn(SandboxChange change)
    {
        change.RemoveSandbox();
        if (ForgetsIntents)
        {
            change.ForgetIntents();
        }
    }
}

/// <summary>A line is not a transaction.</summary>
internal sealed class BadRequestException(string message) : Exception(message);
