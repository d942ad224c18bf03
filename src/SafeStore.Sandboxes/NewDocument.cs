using System;

namespace SafeStore.Sandboxes;

/// <summary>A document that a new sandbox or container has from the start.</summary>
internal abstract record NewDocument
{
    public static NewDocument Of<T>(DocumentKind<T> kind, DocumentScope scope, T value)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return kind.Scope == scope ? new NewDocument<T>(kind, value)
            : throw new ArgumentException(
                $"The document '{kind.File}' does not belong to a {scope.ToString().ToLowerInvariant()}.", nameof(kind));
    }

    public abstract void PutInto(ModelChange change);

    public abstract void PutInto(ModelChange change, string container);
}

/// <inheritdoc/>
internal sealed record NewDocument<T>(DocumentKind<T> Kind, T Value) : NewDocument
{
    public override void PutInto(ModelChange change) => change.Put(Kind, Value);

    public override void PutInto(ModelChange change, string container) => change.Put(container, Kind, Value);
}
