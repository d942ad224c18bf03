using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Documents;
using SafeStore.Operations;

namespace SafeStore.Cli.Change;

/// <summary><c>safestore put</c>: writes a document by hand.</summary>
internal static class PutCommand
{
    public static Command Create()
    {
        var command = new ChangeCommand(
            "put", "Writes a document from stdin or a file, in one transaction. It must be JSON; its bytes are stored as they are.");
        var document = new DocumentArgument(command.Command);
        var source = new Argument<string?>("SOURCE")
        {
            Description = "The file to read; - or nothing for stdin.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        source.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: ['-', _, ..] and var name }])
            {
                result.AddError($"'{name}' is no option; a file of that name is ./{name}.");
            }
        });
        Option<long?> require = RequiredVersion.Option();
        var create = new Option<bool>("--create") { Description = "Makes the sandbox and the container if they do not exist." };
        command.Command.Add(source);
        command.Command.Add(require);
        command.Command.Add(create);
        return command.Does(async call =>
        {
            NamedDocument target = document.Of(call.Arguments);
            byte[] json = await ReadAsync(call, target, call.Arguments.GetValue(source));
            var request = new PutRequest(target, json, call.Arguments.GetValue(require), call.Arguments.GetValue(create));
            await (call.IsDryRun ? LookAsync(call, request) : RunAsync(call, request));
        });
    }

    private static async Task RunAsync(ChangeCommand.Call call, PutRequest request)
    {
        NamedDocument target = request.Target;
        await using StateStore store = await call.OpenAsync();
        (SandboxLock held, bool isNew) = await LockAsync(store, call, request);
        await using SandboxLock owned = held;
        ThrowIfContainer(target, isNew ? [] : held.ListContainers());
        DocumentId document = DocumentChoice.ToWrite(target, isNew ? [] : held.ListDocuments());
        SandboxChange change = held.Change();
        if (request.Require is { } version)
        {
            change.RequireVersion(new Lsn(version));
        }

        if (request.IsCreated && target.Container is { } container && (isNew || !held.ListContainers().Contains(container)))
        {
            change.CreateContainer(container);
        }

        Lsn lsn = await change.PutJson(document.Root, document.Container, document.File, request.Json).CommitAsync(call.Stop);
        await TellAsync(call, document, request.Json.Length, lsn);
    }

    private static async Task<(SandboxLock Held, bool IsNew)> LockAsync(StateStore store, ChangeCommand.Call call, PutRequest request)
    {
        try
        {
            return (await store.LockAsync(request.Target.Sandbox, cancellationToken: call.Stop), false);
        }
        catch (NotFoundException) when (request.IsCreated)
        {
            return (await store.LockNewAsync(request.Target.Sandbox, cancellationToken: call.Stop), true);
        }
    }

    private static async Task LookAsync(ChangeCommand.Call call, PutRequest request)
    {
        using StoreView view = call.Look();
        SandboxEntry? sandbox = SandboxOf(view, request);
        NamedDocument target = request.Target;
        if (request.Require is { } version && (sandbox is null ? default(Lsn) : sandbox.Version) is { } actual && actual.Value != version)
        {
            throw new VersionConflictException(target.Sandbox, new Lsn(version), actual);
        }

        if (target.Container is { } container && !request.IsCreated && sandbox?.Containers.Contains(container) == false)
        {
            throw new NotFoundException("container", $"{target.Sandbox}/{container}");
        }

        ThrowIfContainer(target, sandbox?.Containers ?? []);
        DocumentId document = DocumentChoice.ToWrite(target, sandbox?.Documents.Select(static each => each.Document) ?? []);
        await TellAsync(call, document, request.Json.Length, null);
    }

    private static void ThrowIfContainer(NamedDocument target, IReadOnlyList<string> containers)
    {
        if (target.Container is null && containers.Contains(target.File))
        {
            throw new CommandException($"'{target}' is a container. A document in it is {target}/FILE.");
        }
    }

    private static SandboxEntry? SandboxOf(StoreView view, PutRequest request)
    {
        try
        {
            return view.ReadSandbox(request.Target.Sandbox);
        }
        catch (NotFoundException) when (request.IsCreated)
        {
            return null;
        }
    }

    private static Task TellAsync(ChangeCommand.Call call, DocumentId document, long bytes, Lsn? lsn) => call.Told.WriteAsync(
        new ChangeLine("put", document.Sandbox)
        {
            Container = document.Container,
            Root = document.Root,
            File = document.File,
            Bytes = bytes,
            Lsn = lsn?.Value,
        },
        $"{(lsn is null ? "would write" : $"{lsn}: wrote")} {document}, {bytes} bytes");

    /// <summary>All of the source, checked before the store is opened.</summary>
    private static async Task<byte[]> ReadAsync(ChangeCommand.Call call, NamedDocument target, string? source)
    {
        await using Stream input = source is null or "-" ? StandardInput.Open() : OpenFile(source);
        using var buffer = new MemoryStream();
        byte[] part = new byte[64 * 1024];
        int limit = call.Options.DocumentBytesMax;
        for (int count; (count = await input.ReadAsync(part, CancellationToken.None).AsTask().WaitAsync(call.Stop)) > 0;)
        {
            await buffer.WriteAsync(part.AsMemory(0, count), call.Stop);
            if (buffer.Length > limit)
            {
                throw new CommandException($"The document '{target}' was not written: it is larger than the {limit} bytes of "
                    + "--document-bytes. Split it, or raise the limit.");
            }
        }

        byte[] json = buffer.ToArray();
        return JsonRules.FindFaultStrictly(json) is { } fault
            ? throw new CommandException($"The document '{target}' was not written: {fault.Reason} at byte {fault.Position} of "
                + $"{(source is null or "-" ? "the standard input" : $"'{source}'")}. Mend it and try again.")
            : json;
    }

    private static FileStream OpenFile(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"Could not read '{path}': {(Directory.Exists(path) ? "It is a directory." : failure.Message)} "
                + "Name the file that has the document, or write it to the standard input.");
        }
    }

    private sealed record PutRequest(NamedDocument Target, byte[] Json, long? Require, bool IsCreated);
}
