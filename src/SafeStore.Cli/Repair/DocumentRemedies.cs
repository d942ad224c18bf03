using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Cli.Shell;
using SafeStore.Cli.Verify;
using SafeStore.Operations;
using SafeStore.Operations.Repair;

namespace SafeStore.Cli.Repair;

/// <summary>The actions of <c>repair</c> that mend documents (docs/repair-documents.md).</summary>
internal sealed class DocumentRemedies
{
    private readonly Argument<string[]> _documents = new("DOCUMENT")
    {
        Description = $"For the actions that mend documents: which. {DocumentArgument.Form} With --from-log and --from-backup all that are "
            + "damaged, if none is named.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _quarantine = new("--quarantine")
    {
        Description = "Removes the documents; what was there is kept in the quarantine.",
        Arity = ArgumentArity.Zero,
    };

    private readonly Option<bool> _fromLog = new("--from-log")
    {
        Description = "Gives each document the last value that the log still has.",
        Arity = ArgumentArity.Zero,
    };

    private readonly Option<string> _fromBackup = new("--from-backup")
    {
        Description = "Gives each document the value that a backup has.",
        HelpName = "DIR/NAME",
    };

    private readonly Option<string> _fromRoot = new("--from-root")
    {
        Description = "Gives each document the value of the document of the same name in this root, config or run.",
    };

    private readonly Option<string> _root = DocumentArgument.RootOption();

    public DocumentRemedies(Command command)
    {
        _fromRoot.AcceptOnlyFromAmong("config", "run");
        _documents.Validators.Add(static result => DocumentArgument.Check(result, isDocument: true));
        _documents.CompletionSources.Add(StoreNames.Documents);
        command.Add(_documents);
        Array.ForEach(Actions, command.Add);
        command.Add(_root);
        command.Validators.Add(Check);
    }

    public Option[] Actions => [_quarantine, _fromLog, _fromBackup, _fromRoot];

    public bool IsGivenIn(ParseResult arguments) => Array.Exists(Actions, option => arguments.GetResult(option) is { Implicit: false });

    public async Task<int> RunAsync(
        ParseResult arguments, StoreLayout layout, StoreOptions options, bool isJson, bool isDryRun, Ending ending)
    {
        DocumentRemedy remedy = arguments.GetValue(_quarantine) ? DocumentRemedy.Quarantine
            : arguments.GetValue(_fromLog) ? DocumentRemedy.FromLog
            : arguments.GetValue(_fromRoot) is not null ? DocumentRemedy.FromOtherRoot
            : DocumentRemedy.FromBackup;
        var repair = new DocumentRepairOptions
        {
            Documents = Named(arguments, layout, remedy),
            Backup = arguments.GetValue(_fromBackup),
            IsDryRun = isDryRun,
        };
        int code = ExitCode.Ok;
        await using Stream output = StandardOutput.Open();
        await foreach (MendedDocument mended in DocumentRepair.RunAsync(layout, remedy, repair, options, ending.Token))
        {
            ending.Change = mended.Lsn is { } lsn
                ? $"'{mended.Document}' is mended, with LSN {lsn}, and none after it; what was there: {mended.Quarantine ?? "nothing"}."
                : ending.Change;
            await TellAsync(output, mended, isJson, isDryRun);
            code = mended.Kind == MendedKind.NotMended || (isDryRun && mended.Kind != MendedKind.Good) ? ExitCode.Findings : code;
        }

        return code;
    }

    /// <summary>The command lines that mend a document, with what each is worth.</summary>
    public static IEnumerable<string> CommandsFor(DamagedDocument damaged, string store)
    {
        string path = damaged.Document.RelativePath;
        string root = damaged.Document.Root == StoreRoot.Config ? "config" : "run";
        string other = damaged.Document.Root == StoreRoot.Config ? "run" : "config";
        if (damaged.Code == "edited")
        {
            yield return $"safestore verify {store} --accept {path} --root {root}";
        }

        if (damaged.InLog is not null)
        {
            yield return $"safestore repair {store} --from-log {path} --root {root}";
        }

        if (damaged.IsInOtherRoot)
        {
            yield return $"safestore repair {store} --from-root {other} {path}";
        }

        yield return $"safestore repair {store} --quarantine {path} --root {root}";
    }

    private static async Task TellAsync(Stream output, MendedDocument mended, bool isJson, bool isDryRun)
    {
        if (mended.Kind == MendedKind.NotMended)
        {
            await StandardError.TellAsync($"'{mended.Document}' is not mended. {mended.Message}");
        }

        if (isJson)
        {
            await JsonOutput.WriteAsync(output, [MendLine.Of(mended, isDryRun)], JsonOutput.Types.MendLine);
        }
        else if (mended.Kind != MendedKind.NotMended)
        {
            string how = mended.Lsn is { } lsn ? $" (LSN {lsn}; what was there: {mended.Quarantine ?? "nothing"})"
                : isDryRun ? " (nothing was written)" : "";
            await VerifyCommand.WriteLineAsync(output, $"{TextOutput.Shown(mended.Kind),-9}{mended.Document}: {mended.Message}{how}");
        }
    }

    private static bool IsGiven(CommandResult result, Symbol symbol) => symbol switch
    {
        Option option => result.GetResult(option) is { Implicit: false },
        _ => result.GetResult((Argument)symbol) is { Tokens.Count: > 0 },
    };

    private void Check(CommandResult result)
    {
        bool isAction = Array.Exists(Actions, option => IsGiven(result, option));
        bool isNamed = IsGiven(result, _documents);
        if ((isNamed || IsGiven(result, _root)) && !isAction)
        {
            result.AddError("A DOCUMENT and --root go only with --quarantine, --from-log, --from-backup or --from-root.");
        }
        else if (!isNamed && (IsGiven(result, _quarantine) || IsGiven(result, _fromRoot)))
        {
            result.AddError("Name the documents for --quarantine and --from-root: only the log and a backup tell what should be there.");
        }
        else if (IsGiven(result, _root) && (IsGiven(result, _fromRoot) || !isNamed))
        {
            result.AddError("--root says whose document is named; --from-root says it too.");
        }
    }

    private List<DocumentId>? Named(ParseResult arguments, StoreLayout layout, DocumentRemedy remedy)
    {
        if (arguments.GetValue(_documents) is not { Length: > 0 } paths)
        {
            return null;
        }

        StoreRoot? root = DocumentArgument.RootOf(arguments.GetValue(_root));
        if (DocumentArgument.RootOf(arguments.GetValue(_fromRoot)) is { } source)
        {
            root = source == StoreRoot.Config ? StoreRoot.Run : StoreRoot.Config;
        }

        using StoreView view = StoreView.Open(layout, DocumentLimit.Largest);
        return [.. paths.Select(path => NamedDocument.Parse(path, root)).Select(named =>
            remedy == DocumentRemedy.Quarantine && root is null
                && view.FindDocuments(named.Sandbox, named.Container, named.File).Count == 0
                ? named.In(StoreRoot.Run) // it is told that it is not there; a repetition may find it so
                : named.In(view, mayBeGone: true))];
    }
}
