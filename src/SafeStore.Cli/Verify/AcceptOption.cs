using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Operations;

namespace SafeStore.Cli.Verify;

/// <summary><c>verify --accept</c>: stamps documents that another program has edited, since the edits are wanted.</summary>
internal sealed class AcceptOption
{
    private readonly Option<string[]> _accept = new("--accept")
    {
        Description = "Looks at nothing else, and accepts these documents as they stand: a transaction each writes the same bytes again, "
            + $"which stamps them. {DocumentArgument.Form}",
        HelpName = "DOCUMENT...",
        AllowMultipleArgumentsPerToken = true,
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _evenDamaged = new("--even-damaged")
    {
        Description = "With --accept: also what is damaged, as far as its stamp tells.",
    };

    private readonly Option<string> _root = DocumentArgument.RootOption();
    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "With --accept: says what would be accepted, and writes nothing.",
    };

    private readonly WritableRoots _roots;

    public AcceptOption(Command command, Argument sandboxes, params Option[] ofLook)
    {
        _accept.Validators.Add(static result => DocumentArgument.Check(result, isDocument: true));
        _roots = new WritableRoots(command);
        Option[] ofAccept = [_evenDamaged, _root, _dryRun, _roots.Option];
        command.Add(_accept);
        Array.ForEach(ofAccept[..^1], command.Add);
        command.Validators.Add(result =>
        {
            bool isAccept = IsGiven(result, _accept);
            foreach (Option wrong in (isAccept ? ofLook : ofAccept).Where(option => IsGiven(result, option)))
            {
                result.AddError($"{wrong.Name} goes {(isAccept ? "not with" : "only with")} --accept.");
            }

            if (isAccept && result.GetResult(sandboxes) is { Tokens.Count: > 0 })
            {
                result.AddError("A SANDBOX goes not with --accept, which names documents.");
            }
        });
    }

    public bool IsGivenIn(ParseResult arguments) => arguments.GetResult(_accept) is { Implicit: false };

    public async Task RunAsync(ParseResult arguments, StoreLayout layout, StoreOptions options, bool isJson, Ending ending)
    {
        bool evenDamaged = arguments.GetValue(_evenDamaged);
        bool isDryRun = arguments.GetValue(_dryRun);
        List<AcceptedDocument> accepted;
        using (StoreView view = StoreView.Open(layout, options))
        {
            StoreRoot? root = DocumentArgument.RootOf(arguments.GetValue(_root));
            accepted = [.. arguments.GetValue(_accept)!.Select(path => NamedDocument.Parse(path, root).In(view)).Distinct()
                .Select(document => new AcceptedDocument(document, view.CheckAcceptance(document, evenDamaged), null))];
        }

        await using Stream output = StandardOutput.Open();
        if (isDryRun || accepted.TrueForAll(static each => each.Before == StampCondition.Holds))
        {
            foreach (AcceptedDocument each in accepted)
            {
                await TellAsync(output, each, isJson, isDryRun);
            }

            return;
        }

        await using StateStore store = await StateStore.OpenAsync(
            layout, _roots.Allow(options, arguments) with { Opening = StoreOpening.MustExist }, ending.Token);
        foreach (AcceptedDocument each in accepted)
        {
            AcceptedDocument done = await store.AcceptAsync(each.Document, evenDamaged, ending.Token);
            ending.Change = done.Lsn is { } lsn ? $"'{done.Document}' is accepted, with LSN {lsn}, and none after it." : ending.Change;
            await TellAsync(output, done, isJson, isDryRun);
        }
    }

    private static bool IsGiven(CommandResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static Task TellAsync(Stream output, AcceptedDocument accepted, bool isJson, bool isDryRun)
    {
        string before = accepted.Before switch
        {
            StampCondition.Edited => "another program had edited it",
            StampCondition.Damaged => "it was damaged, as far as its stamp tells",
            _ => "it had no stamp",
        };
        string told = accepted.Before == StampCondition.Holds ? "left alone: its stamp holds"
            : accepted.Lsn is { } lsn ? $"accepted at LSN {lsn}: {before}" : $"would be accepted: {before}";
        return isJson ? JsonOutput.WriteAsync(output, [AcceptLine.Of(accepted, isDryRun)], JsonOutput.Types.AcceptLine)
            : VerifyCommand.WriteLineAsync(output, $"{accepted.Document} {told}");
    }
}
