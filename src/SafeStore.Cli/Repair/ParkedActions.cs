using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Cli.Shell;
using SafeStore.Operations;
using SafeStore.Operations.Repair;

namespace SafeStore.Cli.Repair;

/// <summary>What <c>repair --json</c> writes of a parked sandbox that it was told to apply or to give up.</summary>
internal sealed record ParkedLine(string Sandbox, long Last, string Action)
{
    public required IReadOnlyList<ParkedTransactionMember> Transactions { get; init; }

    public required IReadOnlyList<string> Obstacles { get; init; }

    public required string? Damage { get; init; }

    public required IReadOnlyList<string> Quarantines { get; init; }

    public required bool DryRun { get; init; }
}

/// <summary>A parked transaction, and how the documents stand to it.</summary>
internal sealed record ParkedTransactionMember(long Lsn, string Message);

/// <summary>The actions of <c>repair</c> on parked sandboxes (docs/repair-documents.md).</summary>
internal sealed class ParkedActions
{
    private readonly Option<string> _apply = new("--apply-parked")
    {
        Description = "Moves what is in the way of a parked sandbox's transactions to the quarantine, and publishes them.",
        HelpName = "SANDBOX",
    };

    private readonly Option<string> _giveUp = new("--give-up-parked")
    {
        Description = "Gives up a parked sandbox's transactions: its documents stay as they stand.",
        HelpName = "SANDBOX",
    };

    public ParkedActions(Command command)
    {
        foreach (Option<string> option in new[] { _apply, _giveUp })
        {
            option.Validators.Add(SandboxArgument.Check);
            option.CompletionSources.Add(StoreNames.Sandboxes);
            command.Add(option);
        }
    }

    public Option[] Actions => [_apply, _giveUp];

    public bool IsGivenIn(ParseResult arguments) => Array.Exists(Actions, option => arguments.GetResult(option) is { Implicit: false });

    public async Task<int> RunAsync(
        ParseResult arguments, StoreLayout layout, StoreOptions options, bool isJson, bool isDryRun, Ending ending)
    {
        bool isApply = arguments.GetValue(_apply) is not null;
        string sandbox = (arguments.GetValue(_apply) ?? arguments.GetValue(_giveUp))!;
        using (StoreView view = StoreView.Open(layout, DocumentLimit.Largest))
        {
            bool isKnown = view.ListSandboxes().Contains(sandbox)
                || ParkedRepair.Examine(layout, DocumentLimit.Largest).Any(each => each.Sandbox == sandbox);
            if (!isKnown)
            {
                throw new CommandException(
                    $"The sandbox '{sandbox}' does not exist, and nothing of it is parked. See what is: safestore repair.");
            }
        }

        ParkedRepairPlan? plan = isDryRun
            ? ParkedRepair.Examine(layout, DocumentLimit.Largest).FirstOrDefault(each => each.Sandbox == sandbox)
            : isApply ? await ParkedRepair.ApplyAsync(layout, sandbox, options, ending.Token)
            : await ParkedRepair.GiveUpAsync(layout, sandbox, options, ending.Token);
        ending.Change = plan is null || isDryRun ? null : string.Join(' ', Tell(plan, isApply, isDryRun));
        await using Stream output = StandardOutput.Open();
        if (isJson)
        {
            await JsonOutput.WriteAsync(
                output, plan is null ? [] : new[] { LineOf(plan, isApply ? "apply" : "giveUp", isDryRun) }, JsonOutput.Types.ParkedLine);
        }
        else
        {
            var text = new TextOutput();
            text.Lines(plan is null ? [$"Nothing of sandbox {sandbox} is parked."] : Tell(plan, isApply, isDryRun));
            await text.WriteAsync(output);
        }

        return plan is not null && isDryRun ? ExitCode.Findings : ExitCode.Ok;
    }

    /// <summary>What is shown of a parked sandbox, with the command lines that end that.</summary>
    public static IEnumerable<string> Show(ParkedRepairPlan plan, string store) =>
    [
        $"parked: {plan.Sandbox}: {plan.Damage ?? $"its transactions up to LSN {plan.Last} cannot be applied."}",
        .. plan.Obstacles.Select(static each => $"    in the way: {each}"),
        .. CommandsFor(plan, store).Select(static each => $"    {each}"),
    ];

    public static IEnumerable<string> CommandsFor(ParkedRepairPlan plan, string store) =>
    [
        .. plan.Damage is null ? [$"safestore repair {store} --apply-parked {plan.Sandbox}"] : Array.Empty<string>(),
        $"safestore repair {store} --give-up-parked {plan.Sandbox}",
    ];

    private static IEnumerable<string> Tell(ParkedRepairPlan plan, bool isApply, bool isDryRun)
    {
        string what = isApply ? "applied" : "given up";
        yield return $"{plan.Sandbox}: its transactions up to LSN {plan.Last} {(isDryRun ? "would be" : "are")} {what}.";
        foreach (string obstacle in isApply ? plan.Obstacles : [])
        {
            yield return $"in the way{(isDryRun ? "" : ", and moved")}: {obstacle}";
        }

        foreach (RepairLoss loss in isApply ? [] : plan.Transactions)
        {
            yield return $"given up: LSN {loss.Lsn}: {loss.Message}";
        }

        if (!isApply && plan.Damage is { } damage)
        {
            yield return damage;
        }

        foreach (string quarantine in plan.Quarantines)
        {
            yield return $"What was there lies in '{quarantine}'.";
        }
    }

    private static ParkedLine LineOf(ParkedRepairPlan plan, string action, bool isDryRun) => new(plan.Sandbox, plan.Last.Value, action)
    {
        Transactions = [.. plan.Transactions.Select(static each => new ParkedTransactionMember(each.Lsn.Value, each.Message))],
        Obstacles = plan.Obstacles,
        Damage = plan.Damage,
        Quarantines = plan.Quarantines,
        DryRun = isDryRun,
    };
}
