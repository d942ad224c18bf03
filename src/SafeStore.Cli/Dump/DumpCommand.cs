using System;
using System.Buffers;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.FileSystem;

namespace SafeStore.Cli.Dump;

/// <summary><c>safestore dump</c>: every document of a store as a line of JSON.</summary>
internal static class DumpCommand
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var command = new Command(
            "dump",
            "Writes every document, or those of one sandbox, as one line of JSON, sorted by sandbox, container, root and file: "
            + "{\"sandbox\":...,\"container\":...,\"root\":...,\"file\":...,\"value\":...}, or \"error\" and \"code\" in place of value. "
            + "Each sandbox is shown at one point in time, under its shared lock if that is free within 2 s. Exit codes: 0 done, 1 no "
                + "store or it could not be opened, 2 a document had an error, or a durable transaction is not visible yet.");
        var store = new StoreArguments(command);
        var document = new DocumentLimit(command);
        command.Add(new Option<bool>("--json") { Description = "JSON, one object a line, which is the only form." });
        Argument<string?> sandbox = SandboxArgument.Optional(command);
        command.SetAction(
            arguments =>
            Tool.GuardAsync(ending => RunAsync(
                store.ExistingLayoutOf(arguments), document.OptionsOf(arguments), arguments.GetValue(sandbox), ending.Token)));
        return command;
    }

    private static async Task<int> RunAsync(StoreLayout layout, StoreOptions options, string? only, CancellationToken stop)
    {
        await using StateStore store = await StateStore.OpenAsync(layout, Looking.At(options), stop);
        await using Stream output = StandardOutput.Open();
        bool isClean = true;
        IReadOnlyList<string> sandboxes = store.ListSandboxes();
        if (only is not null && !sandboxes.Contains(only))
        {
            throw new CommandException($"The sandbox '{only}' does not exist. See which there are: safestore ls.");
        }

        foreach (string sandbox in only is null ? sandboxes : [only])
        {
            stop.ThrowIfCancellationRequested();
            var lines = new ArrayBufferWriter<byte>();
            isClean &= await DescribeAsync(store, sandbox, lines, stop);
            await output.WriteAsync(lines.WrittenMemory, CancellationToken.None);
        }

        await output.FlushAsync(CancellationToken.None);
        return await Looking.TellAsync(layout, isClean ? ExitCode.Ok : ExitCode.Findings);
    }

    /// <summary>Adds the lines of one sandbox. False if one of them is an error.</summary>
    private static async Task<bool> DescribeAsync(StateStore store, string sandbox, ArrayBufferWriter<byte> lines, CancellationToken stop)
    {
        IReadOnlyList<DocumentResult<byte[]>> documents;
        try
        {
            documents = await ReadAsync(store, sandbox, stop);
        }
        catch (NotFoundException)
        {
            return true; // removed since it was listed
        }
        catch (SafeStoreException failure)
        {
            // It cannot be locked or listed: one line for all of it, and the others follow.
            Write(lines, writer =>
            {
                writer.WriteString("sandbox"u8, sandbox);
                WriteError(writer, failure);
            });
            return false;
        }

        bool isClean = true;
        foreach (DocumentResult<byte[]> document in documents)
        {
            Write(lines, writer => WriteDocument(writer, document));
            isClean &= document.Error is null;
        }

        return isClean;
    }

    /// <summary>
    /// A lock that another process holds on to, or that cannot be taken, must not keep this one from looking: then each document is
    /// whole, and their set perhaps of several moments.
    /// </summary>
    private static async Task<IReadOnlyList<DocumentResult<byte[]>>> ReadAsync(StateStore store, string sandbox, CancellationToken stop)
    {
        try
        {
            return (await store.SnapshotAsync(sandbox, s_patience, stop)).Documents;
        }
        catch (StorageException failure) when (failure.Errno == Errno.NotFound)
        {
            return [.. store.ReadAllJson(sandbox)]; // its run directory is lost: it has no lock
        }
        catch (SafeStoreException failure) when (failure is LockTimeoutException or StorageException)
        {
            await StandardError.TellAsync($"'{sandbox}' is shown without its lock. {failure.Message}");
            return [.. store.ReadAllJson(sandbox)];
        }
    }

    private static void Write(ArrayBufferWriter<byte> lines, Action<Utf8JsonWriter> members)
    {
        using (var writer = new Utf8JsonWriter(
            lines, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        lines.Write("\n"u8);
    }

    private static void WriteDocument(Utf8JsonWriter writer, DocumentResult<byte[]> result)
    {
        DocumentId document = result.Document;
        writer.WriteString("sandbox"u8, document.Sandbox);
        writer.WriteString("container"u8, document.Container);
        writer.WriteString("root"u8, document.Root == StoreRoot.Config ? "config"u8 : "run"u8);
        writer.WriteString("file"u8, document.File);
        if (result.Error is { } failure)
        {
            WriteError(writer, failure);
        }
        else
        {
            writer.WritePropertyName("value"u8);
            writer.WriteRawValue(InOneLine(result.Value!), skipInputValidation: true);
        }
    }

    private static void WriteError(Utf8JsonWriter writer, SafeStoreException failure)
    {
        writer.WriteString("error"u8, failure.Message);
        writer.WriteString("code"u8, failure.Code);
    }

    /// <summary>A document's bytes as they are, but without line ends: in valid JSON they stand between tokens only.</summary>
    private static byte[] InOneLine(byte[] json) =>
        json.AsSpan().IndexOfAny("\r\n"u8) < 0 ? json
            : Array.FindAll(json, static character => character is not ((byte)'\r' or (byte)'\n'));
}
