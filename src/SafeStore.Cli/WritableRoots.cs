using System.CommandLine;

namespace SafeStore.Cli;

/// <summary>The option <c>--allow-writable-roots</c> of commands that open a store to change it.</summary>
internal sealed class WritableRoots
{
    /// <summary>As messages name it.</summary>
    public const string Name = "--allow-writable-roots";

    public WritableRoots(Command command) => command.Add(Option);

    public Option<bool> Option { get; } = new(Name)
    {
        Description = "The group of the roots, or all users, may write to them, and that is meant. Without it such a store is refused.",
    };

    public StoreOptions Allow(StoreOptions options, ParseResult arguments) =>
        options with { AllowRootsWritableByOthers = arguments.GetValue(Option) };
}
