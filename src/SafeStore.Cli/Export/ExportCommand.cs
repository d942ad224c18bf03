using System.CommandLine;
using System.Threading.Tasks;
using SafeStore.Cli.Trees;
using SafeStore.Kata;

namespace SafeStore.Cli.Export;

/// <summary><c>safestore export</c>: copies a store to a tree of plain files, as Kata Containers has it.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var command = new Command(
            "export",
            "Copies every document to a plain Kata Containers tree, byte for byte and durably, each sandbox as it is at one point in "
            + "time; replaces nothing. "
            + "May be killed and repeated. Exit codes: 0 all is there, 1 failed, or a durable transaction is not visible yet, 2 done with "
            + "findings: a document is damaged, or the tree has another content.");
        var store = new StoreArguments(command);
        var document = new DocumentLimit(command);
        var patience = new LockPatience(command);
        var config = new Option<string>("--to-config") { Description = "The tree's config root.", HelpName = "DIR", Required = true };
        var run = new Option<string>("--to-run") { Description = "The tree's run root.", HelpName = "DIR", Required = true };
        Option<bool> json = FileReportOutput.Option();
        command.Add(config);
        command.Add(run);
        command.Add(json);
        command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(
            store.ExistingLayoutOf(arguments),
            patience.Limit(document.OptionsOf(arguments), arguments),
            new TreeRoots(arguments.GetValue(config), arguments.GetValue(run)!),
            arguments.GetValue(json),
            ending)));
        return command;
    }

    private static async Task<int> RunAsync(StoreLayout layout, StoreOptions options, TreeRoots target, bool json, Ending ending)
    {
        await using StateStore store = await StateStore.OpenAsync(layout, Looking.At(options), ending.Token);
        Looking.ThrowIfPending(store, layout);
        int code = await FileReportOutput.WriteAsync(
            new TreeExport(store, options.FileSystemInUse).RunAsync(target, ending.Token), json, isDryRun: false, ending);
        return await Looking.TellAsync(layout, code);
    }
}
