using System.Linq;

namespace SafeStore.PropertyTests.Store;

/// <summary>One step of a script against a store that two objects ("processes") have open. Prints as a line that can be read.</summary>
internal abstract record Op
{
    /// <summary>A transaction over one or several sandboxes, by one of the two processes.</summary>
    public sealed record Commit(int Process, Change[] Changes) : Op
    {
        public override string ToString() =>
            $"{Name(Process)}: commit {string.Join(" & ", Changes.Select(static change => change.ToString()))}";
    }

    public sealed record Checkpoint(int Process) : Op
    {
        public override string ToString() => $"{Name(Process)}: checkpoint";
    }

    /// <summary>Closes and opens again one process (0, 1) or both (2), which means recovery.</summary>
    public sealed record Reopen(int Process) : Op
    {
        public override string ToString() => $"{(Process == 2 ? "both" : Name(Process))}: reopen";
    }

    /// <summary>Both processes are killed where they stand: the files go on as they are, nothing is closed.</summary>
    public sealed record Kill : Op
    {
        public override string ToString() => "kill -9 both, open again";
    }

    /// <summary>Both hold the sandbox shared and read it at one point in time.</summary>
    public sealed record Snapshot(string Sandbox) : Op
    {
        public override string ToString() => $"both: snapshot {Sandbox}";
    }

    private static string Name(int process) => process == 0 ? "A" : "B";
}

/// <summary>What a transaction does to one sandbox.</summary>
internal sealed record Change(string Sandbox, bool IsNew, Step[] Steps)
{
    public override string ToString() =>
        $"{(IsNew ? "new " : "")}{Sandbox}{{{string.Join("; ", Steps.Select(static step => step.ToString()))}}}";
}

/// <summary>One call on a change.</summary>
internal abstract record Step
{
    public sealed record Put(StoreRoot Root, string? Container, string File, int Value, int Size) : Step
    {
        public override string ToString() => $"put {Path(Root, Container, File)}={Value}{(Size > 0 ? $" ({Size} bytes)" : "")}";
    }

    public sealed record Delete(StoreRoot Root, string? Container, string File) : Step
    {
        public override string ToString() => $"delete {Path(Root, Container, File)}";
    }

    public sealed record CreateContainer(string Container) : Step
    {
        public override string ToString() => $"create {Container}";
    }

    public sealed record RemoveContainer(string Container) : Step
    {
        public override string ToString() => $"remove {Container}";
    }

    public sealed record RemoveSandbox : Step
    {
        public override string ToString() => "remove sandbox";
    }

    public sealed record Require(bool Right) : Step
    {
        public override string ToString() => $"require {(Right ? "right" : "wrong")} version";
    }

    private static string Path(StoreRoot root, string? container, string file) =>
        $"{(root == StoreRoot.Config ? "config" : "run")}:{(container is null ? "" : container + "/")}{file}";
}
