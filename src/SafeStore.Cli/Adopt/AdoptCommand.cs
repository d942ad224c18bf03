using System.CommandLine;
using System.Threading.Tasks;
using SafeStore.Cli.Trees;
using SafeStore.Kata;

namespace SafeStore.Cli.Adopt;

/// <summary><c>safestore adopt</c>: makes a container runtime's tree a store where it is.</summary>
internal static class AdoptCommand
{
    public static Command Create()
    {
        var command = new Command(
            "adopt",
            "Makes a Kata Containers tree a store where it is, with the metadata beside the roots: checks every document, makes it "
            + "durable, and makes the store. Stop Kata Containers before; try --dry-run first. "
            + "May be killed and repeated. Exit codes: 0 all is well, 1 failed, 2 done with findings: a file is damaged.");
        var config =
            new Option<string>(
            "--config")
            { Description = "The tree's config root; the metadata comes to DIR.safestore.", HelpName = "DIR", Required = true };
        var run = new Option<string>(
            "--run")
        { Description = "The tree's run root; the metadata comes to DIR.safestore.", HelpName = "DIR", Required = true };
        var document = new DocumentLimit(command);
        var roots = new WritableRoots(command);
        var dryRun = new Option<bool>("--dry-run") { Description = "Only tells what it finds; writes nothing at all." };
        var quarantine =
            new Option<bool>(
            "--quarantine")
            { Description = "Moves damaged and empty documents into quarantine/ in their root's metadata." };
        var makeRun =
            new Option<bool>(
            "--make-run")
            { Description = "The run root is gone, as after a reboot: makes it. Without this both roots must exist." };
        Option<bool> json = FileReportOutput.Option();
        command.Add(config);
        command.Add(run);
        command.Add(dryRun);
        command.Add(quarantine);
        command.Add(makeRun);
        command.Add(json);
        command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(
            new TreeAdoption(
                StoreLayout.Beside(arguments.GetValue(config)!, arguments.GetValue(run)!),
                roots.Allow(document.OptionsOf(arguments), arguments))
            {
                IsDryRun = arguments.GetValue(dryRun),
                Quarantines = arguments.GetValue(quarantine),
                MakesRun = arguments.GetValue(makeRun),
            },
            arguments.GetValue(json),
            ending)));
        return command;
    }

    private static Task<int> RunAsync(TreeAdoption adoption, bool json, Ending ending) =>
        FileReportOutput.WriteAsync(adoption.RunAsync(ending.Token), json, adoption.IsDryRun, ending);
}
