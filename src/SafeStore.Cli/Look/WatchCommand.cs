using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary><c>safestore watch</c>: the changes as they are committed.</summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        var command = new LookCommand(
            "watch", "Shows the changes of the store, or of one sandbox, as they are committed and visible, in the order of their LSNs, "
            + "each once, until it is ended by a signal. Looks every 50 ms.");
        Argument<string?> sandbox = SandboxArgument.Optional(command.Command);
        Option<Lsn?> from = LsnOption.From(
            command.Command, "The first LSN to show, which the log must still hold; without it, what is committed from now on.");
        return command.Does(async look =>
        {
            _ = await LookCommand.TellBeforeAsync(look.View, "faulted");
            string? only = look.Arguments.GetValue(sandbox);
            await foreach (StoreChange change in look.View.WatchAsync(look.Arguments.GetValue(from), look.Stop))
            {
                ChangedSandbox[] changed = [.. change.Sandboxes.Where(each => only is null || each.Sandbox == only)];
                if (changed.Length > 0)
                {
                    await WriteAsync(look, change with { Sandboxes = changed });
                }
            }

            return [];
        });
    }

    private static async Task WriteAsync(LookCommand.Call look, StoreChange change)
    {
        if (look.IsJson)
        {
            await JsonOutput.WriteAsync(look.Output, [WatchLine.Of(change)], JsonOutput.Types.WatchLine);
            return;
        }

        var text = new TextOutput();
        text.Lines(change.Sandboxes.Select(each => $"{change.Lsn}  {each.Sandbox}  {string.Join(", ", OperationsOf(each))}"));
        await text.WriteAsync(look.Output);
    }

    private static IEnumerable<string> OperationsOf(ChangedSandbox sandbox) =>
    [
        .. OperationText.Of(
            sandbox.Kind, sandbox.RemovedContainers, sandbox.CreatedContainers, sandbox.Deletes,
            sandbox.Puts.Select(static put => (put.Document, (long)put.Content.Length))),
        .. sandbox.IsHeldUp ? new[] { "not visible: parked" } : [],
    ];
}
