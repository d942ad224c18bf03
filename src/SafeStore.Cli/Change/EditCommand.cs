using System;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Operations;

namespace SafeStore.Cli.Change;

/// <summary>
/// <c>safestore edit</c>: changes a document in an editor. The store is not open meanwhile; what is saved is written only if the sandbox
/// still has the version at which it was read, and is never lost.
/// </summary>
internal static class EditCommand
{
    public static Command Create()
    {
        var command = new ChangeCommand(
            "edit",
            "Opens a document, also one that is damaged, in $VISUAL or $EDITOR, and writes what was saved. If the sandbox has "
            + "changed meanwhile nothing is written, and the edit is kept in a file.");
        var document = new DocumentArgument(command.Command);
        return command.Does(call => RunAsync(call, document.Of(call.Arguments)));
    }

    private static async Task RunAsync(ChangeCommand.Call call, NamedDocument named)
    {
        var editor = Editor.OfEnvironment();
        (DocumentContent before, Lsn version) = await ReadAsync(call, named);
        using var draft = new Draft(before.Document.File, before.Bytes);
        await draft.EditAsync(editor, call.Options.DocumentBytesMax, call.Stop);
        if (!draft.IsChanged)
        {
            await call.Told.WriteAsync(LineOf(before.Document), $"{before.Document} is unchanged");
            return;
        }

        draft.Keep(); // until it is written
        try
        {
            await WriteAsync(call, before.Document, version, draft);
        }
        catch (Exception failure) when (failure is SafeStoreException or OperationCanceledException)
        {
            await StandardError.TellAsync($"{draft.KeptIn} To write it: safestore put {named} {draft.Path} "
                + $"--root {TextOutput.Shown(before.Document.Root)} {call.StoreText}");
            throw;
        }
    }

    private static async Task<(DocumentContent Content, Lsn Version)> ReadAsync(ChangeCommand.Call call, NamedDocument named)
    {
        if (call.IsDryRun)
        {
            using StoreView view = call.Look();
            return Read(view, named);
        }

        await using StateStore store = await call.OpenAsync();
        await using SandboxLock held = await store.LockAsync(named.Sandbox, LockMode.Shared, cancellationToken: call.Stop);
        using StoreView locked = call.Look();
        DocumentId document = DocumentChoice.Existing(named, held.ListDocuments());
        return (locked.ReadDocument(document), held.Version);
    }

    private static (DocumentContent Content, Lsn Version) Read(StoreView view, NamedDocument named)
    {
        SandboxEntry sandbox = view.ReadSandbox(named.Sandbox);
        DocumentId document = DocumentChoice.Existing(named, sandbox.Documents.Select(static each => each.Document));
        return (view.ReadDocument(document), sandbox.Version ?? default);
    }

    private static async Task WriteAsync(ChangeCommand.Call call, DocumentId document, Lsn version, Draft draft)
    {
        if (call.IsDryRun)
        {
            await call.Told.WriteAsync(
                LineOf(document) with { Bytes = draft.Content.Length },
                $"would write {document}, {draft.Content.Length} bytes. {draft.KeptIn}");
            return;
        }

        call.Stop.ThrowIfCancellationRequested();
        await using StateStore store = await call.OpenAsync();
        await using SandboxLock held = await store.LockAsync(document.Sandbox, cancellationToken: call.Stop);
        Lsn lsn = await held.Change().RequireVersion(version)
            .PutJson(document.Root, document.Container, document.File, draft.Content.Span).CommitAsync(call.Stop);
        draft.Drop();
        await call.Told.WriteAsync(
            LineOf(document) with { Bytes = draft.Content.Length, Lsn = lsn.Value },
            $"{lsn}: wrote {document}, {draft.Content.Length} bytes");
    }

    private static ChangeLine LineOf(DocumentId document) => new("put", document.Sandbox)
    {
        Container = document.Container,
        Root = document.Root,
        File = document.File,
    };
}
