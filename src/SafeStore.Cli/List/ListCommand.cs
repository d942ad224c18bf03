using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.List;

/// <summary><c>safestore list</c>: every sandbox with its state, and what is still to be undone in it.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var command = new Command(
            "list",
            "Shows every sandbox with its state, its containers, what is still to be undone in it because its program died or failed, and "
            + "what of it cannot be read. Takes no locks and undoes nothing. "
            + "Exit codes: 0 all well, 1 no store or it could not be opened, 2 something is to be undone or cannot be read, or a "
                + "durable transaction is not visible yet.");
        var store = new StoreArguments(command);
        var json = new Option<bool>("--json") { Description = "One JSON object per sandbox instead of a table." };
        command.Add(json);
        command.SetAction(
            arguments => Tool.GuardAsync(ending => RunAsync(store.ExistingLayoutOf(arguments), arguments.GetValue(json), ending.Token)));
        return command;
    }

    private static async Task<int> RunAsync(StoreLayout layout, bool json, CancellationToken stop)
    {
        await using SandboxStore store = await SandboxStore.OpenAsync(
            layout, new SandboxStoreOptions { Store = Looking.At(new StoreOptions()) }, stop);
        IReadOnlyList<SandboxStatus> sandboxes = store.ReadStatuses();
        await using Stream output = StandardOutput.Open();
        await output.WriteAsync(json ? SandboxListText.ToJson(sandboxes) : SandboxListText.ToTable(sandboxes), CancellationToken.None);
        await output.FlushAsync(CancellationToken.None);
        bool hasFindings = sandboxes.Any(static sandbox => sandbox.IsCreating || sandbox.Intents.Count + sandbox.Errors.Count > 0);
        return await Looking.TellAsync(layout, hasFindings ? ExitCode.Findings : ExitCode.Ok);
    }
}
