using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Cli.Shell;
using SafeStore.Operations;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Change;

/// <summary><c>safestore intents</c>: what is still to be undone, and giving it up.</summary>
internal static class IntentsCommand
{
    public static Command Create() => new("intents", "Lists what is still to be undone in the sandboxes, or gives it up.")
    {
        CreateList(),
        CreateForget(),
    };

    private static Command CreateList()
    {
        var command = new LookCommand(
            "list", "Lists the intents: what the programs with the undo handlers will undo. With --forgotten also what was given up.");
        Argument<string?> sandbox = SandboxArgument.Optional(command.Command);
        var forgotten = new Option<bool>("--forgotten") { Description = "Also those that were given up, with the reasons." };
        command.Command.Add(forgotten);
        return command.Does(async look =>
        {
            var problems = new List<StoreProblem>();
            IntentLine[] lines =
            [
                .. SandboxesOf(look, look.Arguments.GetValue(sandbox)).SelectMany(each => LinesOf(look.View, each, problems))
                    .Where(line => line.Reason is null || look.Arguments.GetValue(forgotten)),
            ];
            if (look.IsJson)
            {
                await JsonOutput.WriteAsync(look.Output, lines, IntentJson.Types.IntentLine);
            }
            else
            {
                var text = new TextOutput();
                text.Table(["sandbox", "#number", "kind", "payload", "#tried", "last error or reason"], lines.Select(RowOf));
                await text.WriteAsync(look.Output);
            }

            return look.View.ReadCondition().Problems.Concat(problems);
        });
    }

    private static Command CreateForget()
    {
        var command = new ChangeCommand(
            "forget",
            "Gives intents up: nothing will undo their side effects. The sandbox's record keeps them with the reason. A sandbox "
            + "that was only being made goes with the next lock once it has no intents left.");
        var sandbox = new Argument<string>("SANDBOX") { Description = "The sandbox." };
        var numbers = new Argument<long[]>("NUMBER")
        {
            Description = "The numbers of the intents, as 'intents list' shows them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var all = new Option<bool>("--all") { Description = "All intents of the sandbox." };
        var reason = new Option<string>("--reason") { Description = "Why; it is recorded.", HelpName = "TEXT", Required = true };
        sandbox.Validators.Add(SandboxArgument.Check);
        sandbox.CompletionSources.Add(StoreNames.Sandboxes);
        numbers.Validators.Add(static result =>
        {
            if (result.Tokens.FirstOrDefault(static token => !WholeNumber.IsOne(token.Value)) is { } wrong)
            {
                result.AddError($"'{wrong.Value}' is not the number of an intent.");
            }
        });
        reason.Validators.Add(static result =>
        {
            if (result.Tokens is [{ } token] && string.IsNullOrWhiteSpace(token.Value))
            {
                result.AddError("--reason must not be empty.");
            }
        });
        command.Command.Validators.Add(result =>
        {
            if ((result.GetResult(numbers)?.Tokens.Count > 0) == result.GetValue(all))
            {
                result.AddError("Say which intents: their numbers, or --all.");
            }
        });
        command.Command.Add(sandbox);
        command.Command.Add(numbers);
        command.Command.Add(all);
        command.Command.Add(reason);
        return command.Does(call => ForgetAsync(
            call, call.Arguments.GetValue(sandbox)!, call.Arguments.GetValue(all) ? null : call.Arguments.GetValue(numbers),
            call.Arguments.GetValue(reason)!));
    }

    private static async Task ForgetAsync(ChangeCommand.Call call, string sandbox, long[]? numbers, string reason)
    {
        if (call.IsDryRun)
        {
            using StoreView view = call.Look();
            _ = view.ReadSandbox(sandbox);
            await TellAsync(call, sandbox, Chosen(sandbox, RecordOf(view, sandbox)?.Intents ?? [], numbers), null);
            return;
        }

        await using SandboxStore store =
            await SandboxStore.OpenAsync(call.Layout, new SandboxStoreOptions { Store = call.Options }, call.Stop);
        await using ModelLock held = await store.LockAsync(sandbox, LockMode.Exclusive, null, PendingIntents.Keep, call.Stop);
        Intent[] intents = Chosen(sandbox, held.Intents, numbers);
        ModelChange edit = held.Change();
        Array.ForEach(intents, intent => edit.Forget(intent, reason));
        await TellAsync(call, sandbox, intents, await edit.CommitAsync(call.Stop));
    }

    private static Intent[] Chosen(string sandbox, IReadOnlyList<Intent> intents, long[]? numbers) =>
        intents.Count == 0 ? throw new CommandException(
            $"Nothing is to be undone in the sandbox '{sandbox}'. See where something is: safestore intents list.")
        : numbers is null ? [.. intents]
        : [.. numbers.Distinct().Select(number => intents.FirstOrDefault(each => each.Number == number)
            ?? throw new CommandException(
                $"The sandbox '{sandbox}' has no intent {number}. See which there are: safestore intents list {sandbox}."))];

    private static Task TellAsync(ChangeCommand.Call call, string sandbox, Intent[] intents, Lsn? lsn) => call.Told.WriteAsync(
        new ChangeLine("forgetIntents", sandbox) { Intents = [.. intents.Select(static each => each.Number)], Lsn = lsn?.Value },
        [.. intents.Select(each => $"{(lsn is null ? "would forget" : $"{lsn}: forgot")} {sandbox} {each.Number} {each.Kind} "
            + each.Payload.GetRawText().ReplaceLineEndings(" "))]);

    private static IReadOnlyList<string> SandboxesOf(LookCommand.Call look, string? only) =>
        only is null ? look.View.ListSandboxes() : [look.View.ReadSandbox(only).Sandbox];

    private static IEnumerable<IntentLine> LinesOf(StoreView view, string sandbox, List<StoreProblem> problems)
    {
        try
        {
            return RecordOf(view, sandbox) is not { } record ? []
                : [
                    .. record.Intents.Select(each => IntentLine.Of(sandbox, each, record.Creating)),
                    .. (record.Forgotten ?? []).Select(each => IntentLine.Of(sandbox, each.Intent, record.Creating) with
                    {
                        Reason = each.Reason,
                        Forgotten = each.Time,
                    }),
                ];
        }
        catch (SafeStoreException failure)
        {
            problems.Add(new StoreProblem(failure.Code, failure.Message));
            return [];
        }
    }

    /// <summary>The record as it stands in its file; null if there is none.</summary>
    private static IntentDocument? RecordOf(StoreView view, string sandbox)
    {
        DocumentId document = SandboxModel.Default.Intents.In(sandbox);
        if (!view.FindDocuments(sandbox, null, document.File).Contains(document))
        {
            return null;
        }

        DocumentContent content = view.ReadDocument(document);
        try
        {
            return content.Damage is { } damage ? throw damage
                : JsonSerializer.Deserialize(content.Bytes.Span, SandboxModel.Default.Intents.Json);
        }
        catch (JsonException failure)
        {
            throw new DocumentCorruptException(document, document.ToString(), failure.BytePositionInLine ?? 0, failure.Message, failure);
        }
    }

    private static string[] RowOf(IntentLine line) =>
    [
        line.Sandbox, TextOutput.Shown(line.Number), line.Kind, line.Payload.GetRawText().ReplaceLineEndings(" "),
        TextOutput.Shown(line.Attempts),
        line.Reason is { } reason ? $"forgotten: {reason}" : line.LastError ?? "",
    ];
}

/// <summary>What <c>intents list --json</c> writes of an intent.</summary>
internal sealed record IntentLine(string Sandbox, long Number, string Kind, JsonElement Payload)
{
    public required int Attempts { get; init; }

    public required string? LastError { get; init; }

    /// <summary>The sandbox was only being made.</summary>
    public required bool Creating { get; init; }

    /// <summary>When it was given up; null if it is still to be undone.</summary>
    public DateTimeOffset? Forgotten { get; init; }

    public string? Reason { get; init; }

    public static IntentLine Of(string sandbox, Intent intent, bool isCreating) => new(sandbox, intent.Number, intent.Kind, intent.Payload)
    {
        Attempts = intent.Attempts,
        LastError = intent.LastError,
        Creating = isCreating,
    };
}

[JsonSerializable(typeof(IntentLine))]
internal sealed partial class IntentJson : JsonSerializerContext
{
    public static IntentJson Types { get; } = new(new JsonSerializerOptions(JsonOutput.Types.Options) { TypeInfoResolver = null });
}
