using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Operations;

namespace SafeStore.Cli;

/// <summary>Commands that only look open a store read-only: they make and change nothing in it, also as root.</summary>
internal static class Looking
{
    /// <summary>The same options for an opening that only looks.</summary>
    public static StoreOptions At(StoreOptions options) => options with { Opening = StoreOpening.ReadOnly };

    /// <summary>Says on stderr what is wrong with the store: what was shown of it may not be all, or not to be relied on.</summary>
    /// <param name="layout">Where it lies.</param>
    /// <param name="code">The exit code if nothing is.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> TellAsync(StoreLayout layout, int code)
    {
        using StoreView view = StoreView.Open(layout, DocumentLimit.Largest);
        return await LookCommand.TellAsync(view.ReadCondition().Problems) is var found && found != ExitCode.Ok ? found : code;
    }

    /// <summary>The same for a dry run, whose store need not exist.</summary>
    public static async Task<int> TellIfThereAsync(StoreLayout layout, int code)
    {
        try
        {
            return await TellAsync(layout, code);
        }
        catch (NotFoundException)
        {
            return code;
        }
    }

    /// <summary>What is shown must be whole. What a living process is about to publish does not count.</summary>
    /// <exception cref="CommandException">Some transactions are not visible yet.</exception>
    public static void ThrowIfPending(StateStore store, StoreLayout layout)
    {
        if (store.PendingTransactions is null or 0)
        {
            return;
        }

        using StoreView view = StoreView.Open(layout, DocumentLimit.Largest);
        StoreCondition condition = view.ReadCondition();
        bool isUnknown = condition.PendingTransactions is null;
        if (condition.Problems.FirstOrDefault(each => isUnknown || each.Code is "pending" or "parked") is { } hidden)
        {
            throw new CommandException(hidden.Message);
        }
    }
}
