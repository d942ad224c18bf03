using System.CommandLine;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Cli.Trees;
using SafeStore.Kata;

namespace SafeStore.Cli.Check;

/// <summary><c>safestore check</c>: reads every document as its type.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var command = new Command(
            "check",
            "Reads every document of a known kind as its type, writes it back in memory and compares the values; tells which are damaged "
            + "or would change. "
            + "Each sandbox is looked at under its shared lock. Exit codes: 0 all is well, 1 no store or it could not be opened, 2 a "
                + "document is damaged or would change, or a durable transaction is not visible yet.");
        var store = new StoreArguments(command);
        var document = new DocumentLimit(command);
        Option<bool> json = FileReportOutput.Option();
        command.Add(json);
        command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(
            store.ExistingLayoutOf(arguments), document.OptionsOf(arguments), arguments.GetValue(json), ending.Token)));
        return command;
    }

    private static async Task<int> RunAsync(StoreLayout layout, StoreOptions options, bool json, CancellationToken stop)
    {
        await using StateStore store = await StateStore.OpenAsync(layout, Looking.At(options), stop);
        int code = await FileReportOutput.WriteAsync(new StoreCheck(store).RunAsync(stop), json, isDryRun: false, stop);
        return await Looking.TellAsync(store, code);
    }
}
