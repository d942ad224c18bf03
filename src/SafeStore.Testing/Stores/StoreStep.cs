using System.Collections.Immutable;

namespace SafeStore.Testing.Stores;

/// <summary>
/// A step of a random workload. What it asks for that cannot be, given what the store has, is left out, so that steps can be dropped at
/// will.
/// </summary>
internal abstract record StoreStep
{
    /// <summary>One transaction over the sandboxes that it names; those that do not exist are created.</summary>
    public sealed record Commit(ImmutableArray<SandboxEdit> Edits) : StoreStep
    {
        public override string ToString() => "commit " + string.Join(" & ", Edits);
    }

    /// <summary>A transaction of which one document cannot be staged, for want of space: it is refused, unless it writes none.</summary>
    public sealed record Refused(Commit Transaction) : StoreStep
    {
        public override string ToString() => $"refuse to {Transaction}";
    }

    public sealed record Checkpoint : StoreStep
    {
        public override string ToString() => "checkpoint";
    }

    /// <summary>Background work that is due runs now.</summary>
    public sealed record Tick : StoreStep
    {
        public override string ToString() => "tick";
    }

    public sealed record Reopen : StoreStep
    {
        public override string ToString() => "close and open";
    }

    /// <summary>The process is killed between two transactions; the next one recovers.</summary>
    public sealed record Kill : StoreStep
    {
        public override string ToString() => "kill and open";
    }
}

/// <summary>What a transaction does to one sandbox.</summary>
internal sealed record SandboxEdit(string Sandbox, ImmutableArray<Edit> Edits)
{
    public override string ToString() => $"{Sandbox}{{{string.Join("; ", Edits)}}}";
}

internal abstract record Edit
{
    public sealed record Put(StoreRoot Root, string? Container, string File, int Value, int Padding) : Edit
    {
        public string Json => $"{{\"v\":{Value},\"p\":\"{new string((char)('a' + (Value % 26)), Padding)}\"}}";

        public override string ToString() => $"put {PathOf(Root, Container, File)}={Value}{(Padding > 0 ? $" ({Json.Length} bytes)" : "")}";
    }

    public sealed record Delete(StoreRoot Root, string? Container, string File) : Edit
    {
        public override string ToString() => $"delete {PathOf(Root, Container, File)}";
    }

    public sealed record CreateContainer(string Container) : Edit
    {
        public override string ToString() => $"create {Container}";
    }

    public sealed record RemoveContainer(string Container) : Edit
    {
        public override string ToString() => $"remove {Container}";
    }

    public sealed record RemoveSandbox : Edit
    {
        public override string ToString() => "remove sandbox";
    }

    private static string PathOf(StoreRoot root, string? container, string file) =>
        $"{(root == StoreRoot.Config ? "config" : "run")}:{(container is null ? "" : container + "/")}{file}";
}
