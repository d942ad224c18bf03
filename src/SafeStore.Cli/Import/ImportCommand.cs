using System.CommandLine;
using System.Threading.Tasks;
using SafeStore.Cli.Trees;
using SafeStore.Kata;

namespace SafeStore.Cli.Import;

/// <summary><c>safestore import</c>: copies a container runtime's tree into a store.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var command = new Command(
            "import",
            "Copies the sandboxes of a Kata Containers tree into a store, each in one transaction, byte for byte; the tree is not "
            + "touched. A sandbox of which a file cannot be imported is left out as a whole. Makes the store if there is none. "
            + "May be killed and repeated. Exit codes: 0 all is in the store, 1 failed, 2 done with findings: a file is damaged, its "
                + "sandbox left out, or the store has another content.");
        var store = new StoreArguments(command);
        var document = new DocumentLimit(command);
        var patience = new LockPatience(command);
        var roots = new WritableRoots(command);
        var config =
            new Option<string?>(
            "--from-config")
            { Description = "The tree's config root; a tree of Kata's successor has none.", HelpName = "DIR" };
        var run = new Option<string>("--from-run") { Description = "The tree's run root.", HelpName = "DIR", Required = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only tells what it would do; writes nothing at all." };
        var quarantine =
            new Option<bool>(
            "--quarantine")
            {
                Description =
            "Copies files that are no documents but should be into quarantine/ in the config root's metadata, and imports the rest of "
            + "their sandboxes."
            };
        var partial =
            new Option<bool>(
            "--partial")
            { Description = "Also imports a sandbox of which not every file can be imported, without those files." };
        Option<bool> json = FileReportOutput.Option();
        command.Add(config);
        command.Add(run);
        command.Add(dryRun);
        command.Add(quarantine);
        command.Add(partial);
        command.Add(json);
        command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(
            store.LayoutOf(arguments),
            new TreeImport(
                store.LayoutOf(arguments), roots.Allow(patience.Limit(document.OptionsOf(arguments), arguments), arguments))
            {
                IsDryRun = arguments.GetValue(dryRun),
                Quarantines = arguments.GetValue(quarantine),
                ImportsInPart = arguments.GetValue(partial),
            },
            new TreeRoots(arguments.GetValue(config), arguments.GetValue(run)!),
            arguments.GetValue(json),
            ending)));
        return command;
    }

    private static async Task<int> RunAsync(StoreLayout layout, TreeImport import, TreeRoots source, bool json, Ending ending)
    {
        int code = await FileReportOutput.WriteAsync(import.RunAsync(source, ending.Token), json, import.IsDryRun, ending);
        return import.IsDryRun ? await Looking.TellIfThereAsync(layout, code) : code;
    }
}
