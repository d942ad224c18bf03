using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.FileSystem;
using SafeStore.Operations.Repair;

namespace SafeStore.Cli.Repair;

/// <summary>What <c>repair --owner --json</c> writes of a file or directory.</summary>
internal sealed record OwnerLine(string Path, string Mode, uint User, uint Group)
{
    public required string NewMode { get; init; }

    public required uint NewUser { get; init; }

    public required uint NewGroup { get; init; }

    public required bool DryRun { get; init; }
}

/// <summary><c>repair --owner</c>: a store's files belong to whom they should, and give no rights that they should not.</summary>
internal sealed class OwnerAction
{
    private readonly Option<string?> _owner = new("--owner")
    {
        Description = "Gives all files of the store to a user and group, by name or number; without one, what is another user's to the "
            + "user of its root. Takes rights away that other users should not have.",
        HelpName = "USER[:GROUP]",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public OwnerAction(Command command)
    {
        _owner.Validators.Add(static result =>
        {
            if (result.Tokens is [{ } token] && OwnerText.FindFault(token.Value) is { } fault)
            {
                result.AddError(fault);
            }
        });
        command.Add(_owner);
    }

    public Option Option => _owner;

    public bool IsGivenIn(ParseResult arguments) => arguments.GetResult(_owner) is { Implicit: false };

    public async Task<int> RunAsync(ParseResult arguments, StoreLayout layout, bool isJson, bool isDryRun, Ending ending)
    {
        FileOwner? owner = arguments.GetValue(_owner) is { } given ? OwnerText.Parse(given) : null;
        IReadOnlyList<PermissionChange> changes =
            isDryRun ? PermissionRepair.Examine(layout, owner) : PermissionRepair.Repair(layout, owner);
        ending.Change = changes.Count == 0 || isDryRun ? null : "The owners and modes are changed.";
        await using Stream output = StandardOutput.Open();
        if (isJson)
        {
            await JsonOutput.WriteAsync(output, changes.Select(change => LineOf(change, isDryRun)), JsonOutput.Types.OwnerLine);
        }
        else
        {
            var text = new TextOutput();
            text.Lines(changes.Select(change => $"{(isDryRun ? "would change" : "changed")}: {Describe(change)}"));
            await text.WriteAsync(output);
        }

        return isDryRun && changes.Count > 0 ? ExitCode.Findings : ExitCode.Ok;
    }

    /// <summary>A path, and what of it should change.</summary>
    public static string Describe(PermissionChange change)
    {
        string[] parts =
        [
            .. change.Owner == change.NewOwner ? Array.Empty<string>()
                : [$"{change.Owner.User}:{change.Owner.Group} -> {change.NewOwner.User}:{change.NewOwner.Group}"],
            .. change.Mode == change.NewMode ? Array.Empty<string>() : [$"{Octal(change.Mode)} -> {Octal(change.NewMode)}"],
        ];
        return $"{change.Path}: {string.Join(", ", parts)}";
    }

    private static OwnerLine LineOf(PermissionChange change, bool isDryRun) =>
        new(change.Path, Octal(change.Mode), change.Owner.User, change.Owner.Group)
        {
            NewMode = Octal(change.NewMode),
            NewUser = change.NewOwner.User,
            NewGroup = change.NewOwner.Group,
            DryRun = isDryRun,
        };

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
