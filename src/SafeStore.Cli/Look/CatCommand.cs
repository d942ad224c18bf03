using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary><c>safestore cat</c>: the bytes of a document, or a value in it.</summary>
internal static class CatCommand
{
    public static Command Create()
    {
        var command = new LookCommand(
            "cat", "Writes a document's bytes as they stand in its file; with --pointer, the value at that place and a line end.");
        command.Command.Aliases.Add("get");
        var document = new DocumentArgument(command.Command);
        var pointer = new Option<string>("--pointer")
        {
            Description = "A JSON pointer (RFC 6901), /network/0/name for instance.",
            HelpName = "POINTER",
        };
        pointer.Validators.Add(static result =>
        {
            try
            {
                _ = JsonPointer.Parse(result.Tokens is [{ } token] ? token.Value : "");
            }
            catch (ArgumentException failure)
            {
                result.AddError(failure.Message.Split(" (Parameter", 2)[0]);
            }
        });
        command.Command.Add(pointer);
        return command.Does(look => RunAsync(look, document.Of(look.Arguments), look.Arguments.GetValue(pointer)));
    }

    private static async Task<IEnumerable<StoreProblem>> RunAsync(LookCommand.Call look, NamedDocument named, string? pointer)
    {
        DocumentContent content = look.View.ReadDocument(named.In(look.View));
        if (pointer is not null && content.Damage is { } damage)
        {
            throw damage;
        }

        JsonPointer place = JsonPointer.Parse(pointer ?? "");
        ReadOnlyMemory<byte>? value = content.Damage is not null ? (ReadOnlyMemory<byte>?)null
            : place.Find(content.Bytes.Span) is { } range ? content.Bytes[range]
            : throw new CommandException(
                $"The document '{content.Document}' has no value at '{pointer}'. Look at it whole: safestore cat {named}.");
        if (look.IsJson)
        {
            await JsonOutput.WriteAsync(look.Output, [LineOf(content, place, value)], JsonOutput.Types.DocumentLine);
        }
        else
        {
            byte[] bytes = pointer is null ? content.Bytes.ToArray() : [.. value!.Value.Span, (byte)'\n'];
            await look.Output.WriteAsync(bytes, CancellationToken.None);
            await look.Output.FlushAsync(CancellationToken.None);
        }

        IEnumerable<StoreProblem> problems = look.View.ReadCondition().Problems;
        return content.Damage is { } fault ? problems.Prepend(new StoreProblem(fault.Code, fault.Message)) : problems;
    }

    private static DocumentLine LineOf(DocumentContent content, JsonPointer place, ReadOnlyMemory<byte>? value) =>
        new(content.Document.Sandbox, content.Document.Container, content.Document.Root, content.Document.File)
        {
            Bytes = content.Bytes.Length,
            Pointer = place.Text,
            Value = value is { } json ? JsonElement.Parse(json.Span) : null,
            Error = content.Damage?.Message,
        };
}
