using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary>A command that looks at a store: its options <c>--json</c> and where the store lies, and how it ends.</summary>
internal sealed class LookCommand
{
    private const string Codes = " Opens nothing, changes nothing, waits for no lock. Exit codes: 0 all well, 1 no store, or what is "
        + "asked for is not there or cannot be read, 2 done, and something of the store is wrong (on stderr).";

    private readonly StoreArguments _store;
    private readonly Option<bool> _json = new("--json") { Description = "JSON, one object a line." };

    public LookCommand(string name, string description)
    {
        Command = new Command(name, description + Codes);
        _store = new StoreArguments(Command);
        Command.Add(_json);
    }

    public Command Command { get; }

    /// <summary>What the command does; its result is what is wrong, for stderr.</summary>
    public Command Does(Func<Call, Task<IEnumerable<StoreProblem>>> work) => Finds(async call => (await work(call), false));

    /// <summary>The same for a command that also finds what is told on standard output.</summary>
    public Command Finds(Func<Call, Task<(IEnumerable<StoreProblem> Problems, bool IsFound)>> work)
    {
        Command.SetAction(arguments => Tool.GuardAsync(async ending =>
        {
            using StoreView view = StoreView.Open(_store.LayoutOf(arguments), DocumentLimit.Largest);
            await using Stream output = StandardOutput.Open();
            (IEnumerable<StoreProblem> problems, bool isFound) =
                await work(new Call(view, arguments, output, arguments.GetValue(_json), ending.Token));
            return await TellAsync(problems) is var code && code == ExitCode.Ok && isFound ? ExitCode.Findings : code;
        }));
        return Command;
    }

    /// <summary>
    /// The same before the log is followed, which may never end. What is wrong with the log itself ends it, and is told then.
    /// </summary>
    /// <param name="view">The store.</param>
    /// <param name="ending">The code of what else ends it.</param>
    public static Task<int> TellBeforeAsync(StoreView view, string? ending = null) => TellAsync(
        view.ReadCondition().Problems.Where(each => each.Code != ending && each.Path?.EndsWith(".log", StringComparison.Ordinal) != true));

    /// <summary>Says on stderr what is wrong with the store.</summary>
    public static async Task<int> TellAsync(IEnumerable<StoreProblem> problems)
    {
        StoreProblem[] distinct = [.. problems.Distinct()];
        foreach (StoreProblem problem in distinct)
        {
            await StandardError.TellAsync(problem.Message);
        }

        return distinct.Length > 0 ? ExitCode.Findings : ExitCode.Ok;
    }

    /// <summary>What a command works with.</summary>
    internal sealed record Call(StoreView View, ParseResult Arguments, Stream Output, bool IsJson, CancellationToken Stop);
}
