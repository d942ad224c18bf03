using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Cli.Shell;
using SafeStore.Operations;
using SafeStore.Operations.Sandboxes;

namespace SafeStore.Cli.Change;

/// <summary><c>safestore rm</c>: removes a document, a container or a sandbox by hand.</summary>
internal static class RmCommand
{
    public static Command Create()
    {
        var command = new ChangeCommand(
            "rm", "Removes a document; with --recursive a container or a sandbox with everything in it, also one that is parked. See first "
            + "what would go: --dry-run.");
        var path = new Argument<string>("PATH") { Description = "SANDBOX, SANDBOX/CONTAINER, SANDBOX/FILE or SANDBOX/CONTAINER/FILE." };
        Option<string> root = DocumentArgument.RootOption();
        var recursive = new Option<bool>("--recursive", "-r") { Description = "Also a container or sandbox, with everything in it." };
        var forget = new Option<bool>("--forget-intents")
        {
            Description = "Also a sandbox in which something is still to be undone: nothing will undo it.",
        };
        Option<long?> require = RequiredVersion.Option();
        path.CompletionSources.Add(StoreNames.Documents);
        path.Validators.Add(static result => DocumentArgument.Check(result, isDocument: false));
        command.Command.Validators.Add(result =>
        {
            bool isSandbox = result.GetValue(path)?.Contains('/', StringComparison.Ordinal) == false;
            if (isSandbox && !result.GetValue(recursive))
            {
                result.AddError($"'{result.GetValue(path)}' is a sandbox: say --recursive to remove it with everything in it.");
            }

            if (isSandbox && result.GetResult(root) is not null)
            {
                result.AddError("--root belongs to the removal of a document; a sandbox is in both roots.");
            }

            if (!isSandbox && result.GetValue(forget))
            {
                result.AddError("--forget-intents belongs to the removal of a sandbox.");
            }
        });
        command.Command.Add(path);
        command.Command.Add(root);
        command.Command.Add(recursive);
        command.Command.Add(forget);
        command.Command.Add(require);
        return command.Does(call =>
        {
            var request = new RmRequest(
                call.Arguments.GetValue(path)!.Split('/'), DocumentArgument.RootOf(call.Arguments.GetValue(root)),
                call.Arguments.GetValue(recursive), call.Arguments.GetValue(forget), call.Arguments.GetValue(require));
            return RemoveAsync(call, request);
        });
    }

    private static async Task RemoveAsync(ChangeCommand.Call call, RmRequest request)
    {
        try
        {
            await (call.IsDryRun ? LookAsync(call, request) : RunAsync(call, request));
        }
        catch (PendingIntentsException failure)
        {
            throw new CommandException(
                $"{failure.Message} Here: safestore rm --forget-intents; for single ones: safestore intents forget {request.Sandbox}.");
        }
    }

    private static async Task RunAsync(ChangeCommand.Call call, RmRequest request)
    {
        await using StateStore store = await call.OpenAsync();
        if (request.IsSandbox && request.Require is null)
        {
            string[] quarantines = [.. Keep(call, request.Sandbox, null)];

            // Also one that cannot be locked otherwise, since something is in the way of its last transaction.
            Lsn removed = await (request.Forgets ? store.RemoveSandboxAndForgetIntentsAsync(request.Sandbox, null, call.Stop)
                : store.RemoveSandboxAsync(request.Sandbox, null, call.Stop));
            await TellAsync(call, new ChangeLine("removeSandbox", request.Sandbox) { Quarantines = quarantines }, removed, []);
            return;
        }

        await using SandboxLock held = await store.LockAsync(request.Sandbox, cancellationToken: call.Stop);
        ChangeLine line = LineOf(request, held.ListContainers(), held.ListDocuments);
        SandboxChange change = held.Change();
        if (request.Require is { } version)
        {
            change.RequireVersion(new Lsn(version));
        }

        if (line.File is null)
        {
            line = line with { Quarantines = Keep(call, request.Sandbox, line.Container) };
        }

        change = line switch
        {
            { File: { } file } => change.Remove(line.Root!.Value, line.Container, file),
            { Container: { } container } => change.RemoveContainer(container),
            _ when request.Forgets => change.ForgetIntents().RemoveSandbox(),
            _ => change.RemoveSandbox(),
        };
        await TellAsync(call, line, await change.CommitAsync(call.Stop), []);
    }

    private static async Task LookAsync(ChangeCommand.Call call, RmRequest request)
    {
        using StoreView view = call.Look();
        SandboxEntry sandbox = view.ReadSandbox(request.Sandbox);
        ChangeLine line = LineOf(request, sandbox.Containers, () => sandbox.Documents.Select(static each => each.Document));
        if (request.Require is { } version && sandbox.Version is { } actual && actual.Value != version)
        {
            throw new VersionConflictException(request.Sandbox, new Lsn(version), actual);
        }

        if (request.IsSandbox && !request.Forgets)
        {
            view.CheckRemoval(request.Sandbox);
        }

        DocumentEntry[] gone =
        [
            .. sandbox.Documents.Where(each => line.File is { } file
                ? (each.Document.Container, each.Document.Root, each.Document.File) == (line.Container, line.Root, file)
                : line.Container is null || each.Document.Container == line.Container),
        ];
        IReadOnlyList<string> foreign = line.File is null ? view.FindForeign(request.Sandbox, line.Container) : [];
        await TellAsync(
            call, line with { Documents = [.. gone.Select(SizedMember.Of)], Foreign = foreign }, null,
            [
                .. gone.Select(static each => $"  {each.Document}, {each.Bytes} bytes"),
                .. foreign.Select(static each => $"  {each}, not the store's, after a copy to the quarantine"),
            ]);
    }

    /// <summary>The store cannot bring back what is not its own.</summary>
    private static IReadOnlyList<string> Keep(ChangeCommand.Call call, string sandbox, string? container) =>
        ForeignCopies.Keep(call.Layout, call.Options, sandbox, container, $"safestore rm of '{sandbox}'");

    /// <summary>What is to be removed: SANDBOX/NAME is a container or a document.</summary>
    private static ChangeLine LineOf(RmRequest request, IReadOnlyList<string> containers, Func<IEnumerable<DocumentId>> documents)
    {
        if (request.IsSandbox)
        {
            return new ChangeLine("removeSandbox", request.Sandbox);
        }

        if (request is { Path: [_, var name], Root: null } && containers.Contains(name))
        {
            return request.IsRecursive ? new ChangeLine("removeContainer", request.Sandbox) { Container = name }
                : throw new CommandException(
                    $"'{request.Sandbox}/{name}' is a container: say --recursive to remove it with everything in it.");
        }

        DocumentId document = DocumentChoice.Existing(request.Document, documents());
        return new ChangeLine("delete", document.Sandbox)
        {
            Container = document.Container,
            Root = document.Root,
            File = document.File,
        };
    }

    private static Task TellAsync(ChangeCommand.Call call, ChangeLine line, Lsn? lsn, IEnumerable<string> documents)
    {
        string what = line switch
        {
            { File: { } file } => $"{new DocumentId(line.Sandbox!, line.Container, line.Root!.Value, file)}",
            { Container: { } container } => $"the container {line.Sandbox}/{container}",
            _ => $"the sandbox {line.Sandbox}",
        };
        return call.Told.WriteAsync(
            line with { Lsn = lsn?.Value },
            lsn is { } done ? [$"{done}: removed {what}", .. (line.Quarantines ?? []).Select(static each => $"what was foreign: {each}")]
                : [$"would remove {what}:", .. documents]);
    }

    private sealed record RmRequest(string[] Path, StoreRoot? Root, bool IsRecursive, bool Forgets, long? Require)
    {
        public string Sandbox => Path[0];

        public bool IsSandbox => Path.Length == 1;

        public NamedDocument Document => new(Path[0], Path.Length == 3 ? Path[1] : null, Path[^1], Root);
    }
}
