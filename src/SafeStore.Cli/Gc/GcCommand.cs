using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.FileSystem;
using SafeStore.Operations.Sandboxes;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Gc;

/// <summary><c>safestore gc</c>: the sandboxes whose recorded processes are gone; shows them, or removes them.</summary>
internal sealed class GcCommand
{
    private const string HostProcesses = "pid:[4026531836]"; // PROC_PID_INIT_INO, of the machine's first pid namespace

    private readonly Command _command = new(
        "gc", "Shows the sandboxes whose recorded processes are gone, and those of which that cannot be told. With --remove it removes the "
        + "former, each by one transaction; never one with a living process, one that is locked, or one that cannot be read. Exit codes: "
        + "0 there is none, or all are removed, 1 no store, 2 some are left, 3 the store is faulted.");

    private readonly StoreArguments _store;
    private readonly WritableRoots _roots;
    private readonly Argument<string?> _sandbox;
    private readonly Option<bool> _json = new("--json") { Description = "JSON, one object a line." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Shows only, as without --remove." };
    private readonly Option<bool> _remove = new("--remove") { Description = "Removes the sandboxes whose processes are gone." };

    private readonly Option<bool> _forget = new("--forget-intents")
    {
        Description = "Also those in which something is still to be undone: nothing will undo it.",
    };

    private readonly Option<bool> _ownPids = new("--own-pids")
    {
        Description = "The recorded ids are those of this container's processes, not of the machine's.",
    };

    private GcCommand()
    {
        _sandbox = SandboxArgument.Optional(_command);
        _store = new StoreArguments(_command);
        _roots = new WritableRoots(_command);
        foreach (Option option in new[] { _remove, _dryRun, _forget, _ownPids, _json })
        {
            _command.Add(option);
        }

        _command.Validators.Add(result =>
        {
            if (result.GetValue(_forget) && !result.GetValue(_remove))
            {
                result.AddError("--forget-intents belongs to --remove.");
            }

            if (result.GetValue(_roots.Option) && !result.GetValue(_remove))
            {
                result.AddError($"{WritableRoots.Name} belongs to --remove.");
            }

            if (result.GetValue(_dryRun) && result.GetValue(_remove))
            {
                result.AddError("Say --dry-run or --remove.");
            }
        });
        _command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(arguments, ending)));
    }

    public static Command Create() => new GcCommand()._command;

    private async Task<int> RunAsync(ParseResult arguments, Ending ending)
    {
        StoreLayout layout = _store.ExistingLayoutOf(arguments);
        if (!arguments.GetValue(_ownPids) && PseudoFile.WholeLinkTarget("/proc/self/ns/pid") != HostProcesses)
        {
            throw new CommandException(
                "The machine's processes are not to be seen from here, in a container: every one would seem to be gone. Run it on the "
                + "machine itself; or say --own-pids, if the recorded ids are those of this container's processes.");
        }

        bool removes = arguments.GetValue(_remove);
        StoreOptions options = _roots.Allow(new StoreOptions { Opening = StoreOpening.MustExist }, arguments);
        await using SandboxStore store = await SandboxStore.OpenAsync(
            layout, new SandboxStoreOptions { Store = removes ? options : Looking.At(options) }, ending.Token);
        await using Stream output = StandardOutput.Open();
        bool isLeft = false;
        foreach (string sandbox in SandboxesOf(store, arguments.GetValue(_sandbox)))
        {
            SandboxProcesses? found = await store.FindProcessesAsync(sandbox, ending.Token);
            IReadOnlyList<string> quarantines = [];
            if (removes && found is { Verdict: ProcessVerdict.Gone } && (found.Intents.Count == 0 || arguments.GetValue(_forget)))
            {
                quarantines = ForeignCopies.Keep(layout, options, sandbox, null, $"safestore gc --remove of '{sandbox}'");
                found = await store.RemoveAbandonedAsync(sandbox, arguments.GetValue(_forget), ending.Token);
            }

            if (found is null or { Verdict: ProcessVerdict.Living or ProcessVerdict.NotRecorded })
            {
                continue;
            }

            isLeft |= found.Removed is null;
            ending.Change = found.Removed is { } lsn ? $"The sandbox '{sandbox}' is removed, with LSN {lsn}, and none after it."
                : ending.Change;
            await WriteAsync(output, found, quarantines, arguments.GetValue(_json));
        }

        return await Looking.TellAsync(layout, isLeft ? ExitCode.Findings : ExitCode.Ok);
    }

    private static IReadOnlyList<string> SandboxesOf(SandboxStore store, string? only)
    {
        IReadOnlyList<string> all = store.Store.ListSandboxes();
        return only is null ? all : all.Contains(only) ? [only] : throw new NotFoundException("sandbox", only);
    }

    private static async Task WriteAsync(Stream output, SandboxProcesses found, IReadOnlyList<string> quarantines, bool isJson)
    {
        if (isJson)
        {
            await JsonOutput.WriteAsync(output, [GcLine.Of(found, quarantines)], JsonOutput.Types.GcLine);
            return;
        }

        var text = new TextOutput();
        text.Lines(
        [
            $"{(found.Removed is { } lsn ? $"{lsn}: removed" : TextOutput.Shown(found.Verdict))} {found.Sandbox}"
                + (found.Lifecycle == Lifecycle.Unknown ? "" : $", {TextOutput.Shown(found.Lifecycle)}"),
            .. found.Processes.Select(static each =>
                $"    {TextOutput.Shown(each.Verdict)}: process {each.Pid} of {GcLine.PathOf(each)}"),
            .. found.Intents.Select(each =>
                $"    {(found.Removed is null ? "to undo" : "forgotten")}: {each.Number} {each.Kind} {each.Payload.GetRawText()}"),
            .. found.Errors.Select(static each => $"    {each.Message}"),
            .. quarantines.Select(static each => $"    what was foreign: {each}"),
        ]);
        await text.WriteAsync(output);
    }
}
