using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Log;
using SafeStore.Operations;
using SafeStore.Operations.Repair;

namespace SafeStore.Cli.Repair;

/// <summary>
/// <c>safestore repair</c>: shows what keeps a store from being opened, and mends what it is told to; or separates a store from a copy by
/// hard links.
/// </summary>
internal sealed class RepairCommand
{
    private readonly Command _command = new(
        "repair",
        "Shows the log, what keeps the store from being opened, damaged documents and parked sandboxes, with commands that mend them. "
        + "Changes nothing, unless an action is given: then it mends what that allows, after a copy of all that it changes. "
        + "Exit codes: 0 nothing is wrong, or it is mended, 1 no store, a process has it open, or an action is missing, "
        + "2 something is wrong, or not mended.");

    private readonly StoreArguments _store;
    private readonly DocumentRemedies _remedies;
    private readonly ParkedActions _parked;
    private readonly OwnerAction _owner;
    private readonly WritableRoots _roots;
    private readonly Option<bool> _json = new("--json") { Description = "JSON." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Shows what the actions would do, and changes nothing." };

    private readonly Option<bool> _acceptLoss = new("--accept-loss")
    {
        Description = "Cuts the log after its last good record. The transactions behind it are given up.",
    };

    private readonly Option<bool> _acceptRoots = new("--accept-roots")
    {
        Description = "Takes the roots as they are: one was restored alone, or has lost its root.json or its watermark.",
    };

    private readonly Option<bool> _newLog = new("--new-log")
    {
        Description = "Starts a new log over the documents as they stand, with new files for what is missing (log, watermark, store.json).",
    };

    private readonly Option<bool> _separate = new("--separate")
    {
        Description = "Opens the store and gives each sandbox whose lock file a copy shares, by a hard link (cp -al), one of its own. "
            + "Stop other programs that lock the sandboxes first.",
    };

    private RepairCommand()
    {
        _store = new StoreArguments(_command);
        foreach (Option option in new[] { _acceptLoss, _acceptRoots, _newLog, _dryRun, _separate, _json })
        {
            _command.Add(option);
        }

        _remedies = new DocumentRemedies(_command);
        _parked = new ParkedActions(_command);
        _owner = new OwnerAction(_command);
        _roots = new WritableRoots(_command);
        _command.Validators.Add(Check);
        _command.SetAction(arguments => Tool.GuardAsync(ending => arguments.GetValue(_separate)
            ? SeparateAsync(_store.ExistingLayoutOf(arguments), _roots.Allow(new StoreOptions(), arguments), ending)
            : RunAsync(arguments, ending)));
    }

    public static Command Create() => new RepairCommand()._command;

    private void Check(CommandResult result)
    {
        int mending = _remedies.Actions.Concat(_parked.Actions).Append(_owner.Option)
            .Count(option => result.GetResult(option) is { Implicit: false });
        bool accepts = ActionsIn(result.GetValue) != RepairActions.None;
        bool separates = result.GetValue(_separate);
        if (mending + (accepts ? 1 : 0) + (separates ? 1 : 0) > 1)
        {
            result.AddError("One action a call; but --accept-loss, --accept-roots and --new-log go together.");
        }
        else if (result.GetValue(_dryRun) && mending == 0 && !accepts && !separates)
        {
            result.AddError("--dry-run goes with an action; without one, repair changes nothing.");
        }
        else if (result.GetValue(_roots.Option)
            && (result.GetResult(_owner.Option) is { Implicit: false } || (mending == 0 && !accepts && !separates)))
        {
            result.AddError($"{WritableRoots.Name} goes with an action that opens the store.");
        }
        else if (separates && (result.GetValue(_dryRun) || result.GetValue(_json)))
        {
            result.AddError("--separate stands alone.");
        }
    }

    private async Task<int> RunAsync(ParseResult arguments, Ending ending)
    {
        StoreLayout layout = _store.LayoutOf(arguments);
        RepairActions actions = ActionsIn(arguments.GetValue);
        bool isJson = arguments.GetValue(_json);
        bool isDryRun = arguments.GetValue(_dryRun);
        StoreOptions options = _roots.Allow(DocumentLimit.Largest, arguments);
        if (_remedies.IsGivenIn(arguments))
        {
            return await _remedies.RunAsync(arguments, _store.ExistingLayoutOf(arguments), options, isJson, isDryRun, ending);
        }

        if (_parked.IsGivenIn(arguments))
        {
            return await _parked.RunAsync(arguments, _store.ExistingLayoutOf(arguments), options, isJson, isDryRun, ending);
        }

        if (_owner.IsGivenIn(arguments))
        {
            return await _owner.RunAsync(arguments, _store.ExistingLayoutOf(arguments), isJson, isDryRun, ending);
        }

        RepairPlan plan = Examined(layout, arguments);
        if (actions == RepairActions.None)
        {
            return await ShowAsync(layout, plan, _store.TextOf(arguments), isJson, ending.Token);
        }

        bool isDone = !isDryRun;
        plan = isDone ? StoreRepair.Repair(layout, actions, _roots.Allow(new StoreOptions(), arguments)) : plan;
        ending.Change = plan.Quarantine is { } path ? $"The store is mended. What was changed lies in '{path}'." : null;
        await WriteAsync(isJson ? RepairText.ToJson(plan, null, RepairOffers.None) : RepairText.ToText(plan));
        return isDone || plan.Damages.Count == 0 ? ExitCode.Ok : ExitCode.Findings;
    }

    private RepairPlan Examined(StoreLayout layout, ParseResult arguments)
    {
        try
        {
            return StoreRepair.Examine(layout);
        }
        catch (NotFoundException)
        {
            _ = _store.ExistingLayoutOf(arguments); // says so as every command does
            throw;
        }
    }

    private static async Task<int> ShowAsync(StoreLayout layout, RepairPlan plan, string store, bool isJson, CancellationToken stop)
    {
        LogReport? log = null;
        RepairOffers offers = RepairOffers.None;
        try
        {
            offers = plan.Damages.Count > 0
                ? RepairOffers.ReadClosed(layout, store, plan, stop) : RepairOffers.Read(layout, store, stop);
            log = LogInspection.Run(layout, new StoreOptions());
        }
        catch (SafeStoreException failure) when (plan.Damages.Count > 0)
        {
            await StandardError.TellAsync(failure.Message);
        }

        byte[] table = log is null || isJson ? [] : LogReportText.ToTable(log);
        await WriteAsync(isJson ? RepairText.ToJson(plan, log, offers) : [.. table, .. RepairText.ToText(plan), .. offers.ToText()]);
        using StoreView view = StoreView.Open(layout, DocumentLimit.Largest);
        int told = await LookCommand.TellAsync( // parked sandboxes are among the offers
            view.ReadCondition().Problems.Where(static each => each.Sandbox is not null && each.Code != "parked"));
        return plan.Damages.Count == 0 && log?.Damage is null && offers.IsEmpty ? told : ExitCode.Findings;
    }

    private static async Task WriteAsync(byte[] text)
    {
        await using Stream output = StandardOutput.Open();
        await output.WriteAsync(text, CancellationToken.None);
        await output.FlushAsync(CancellationToken.None);
    }

    private static async Task<int> SeparateAsync(StoreLayout layout, StoreOptions options, Ending ending)
    {
        await using StateStore store = await StateStore.OpenAsync(layout, options);
        IReadOnlyList<string> separated = store.SeparateLockFiles();
        if (separated.Count > 0)
        {
            ending.Change = $"These sandboxes have lock files of their own now: {string.Join(", ", separated)}.";
            await StandardOutput.WriteAsync($"{ending.Change}\n");
        }

        return ExitCode.Ok;
    }

    private RepairActions ActionsIn(Func<Option<bool>, bool> isGiven) =>
        (isGiven(_acceptLoss) ? RepairActions.AcceptLoss : 0) | (isGiven(_acceptRoots) ? RepairActions.AcceptRoots : 0)
        | (isGiven(_newLog) ? RepairActions.NewLog : 0);
}
