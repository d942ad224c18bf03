using System;
using System.Threading.Tasks;

namespace SafeStore.Cli;

/// <summary>Commands that only look open a store read-only: they make and change nothing in it, also as root.</summary>
internal static class Looking
{
    /// <summary>The same options for an opening that only looks.</summary>
    public static StoreOptions At(StoreOptions options) => options with { Opening = StoreOpening.ReadOnly };

    /// <summary>Says on stderr what of the store cannot be seen, if anything.</summary>
    /// <param name="store">The store.</param>
    /// <param name="code">The exit code if all of it can be seen.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> TellAsync(StateStore store, int code)
    {
        if (store.PendingTransactions == 0)
        {
            return code;
        }

        await Console.Error.WriteLineAsync(
            store.PendingTransactions is { } pending ? $"safestore: {Hidden(pending)}"
                : "safestore: Whether all durable transactions are visible cannot be told. Look at the log with 'safestore repair'.");
        return ExitCode.Findings;
    }

    /// <summary>What is shown must be whole.</summary>
    /// <exception cref="CommandException">Some transactions are not visible yet.</exception>
    public static void ThrowIfPending(StateStore store)
    {
        if (store.PendingTransactions is { } pending and > 0)
        {
            throw new CommandException(Hidden(pending));
        }
    }

    private static string Hidden(long pending) =>
        $"{pending} durable transactions are not visible yet: a process or the machine died before it published them. The next opening "
        + "that may write finishes them: start the program that uses the store, or run 'safestore apply' without input.";
}
