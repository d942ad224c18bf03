using System;
using System.CommandLine;

namespace SafeStore.Cli;

/// <summary>The option <c>--timeout</c>: how long to wait for a lock.</summary>
internal sealed class LockPatience
{
    private const int SecondsMax = 24 * 60 * 60;

    private readonly Option<int> _timeout = WholeNumber.Option(
        "--timeout", "How many seconds to wait for a lock; 0 for a single try.", preset: 30, max: SecondsMax, min: 0);

    public LockPatience(Command command) => command.Add(_timeout);

    public StoreOptions Limit(StoreOptions options, ParseResult arguments) =>
        options with { LockTimeout = TimeSpan.FromSeconds(arguments.GetValue(_timeout)) };
}
