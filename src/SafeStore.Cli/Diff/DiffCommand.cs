using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Cli.Shell;
using SafeStore.Operations;

namespace SafeStore.Cli.Diff;

/// <summary><c>safestore diff</c>: what differs between two sandboxes, or between a store and a tree.</summary>
internal static class DiffCommand
{
    public static Command Create()
    {
        var command = new LookCommand(
            "diff",
            "Compares two sandboxes, or a sandbox or all of them with a tree such as a backup, by JSON value: white space and the "
            + "order of members do not count. The exit code is 2 also if they differ.");
        Argument<string?> sandbox = SandboxArgument.Optional(command.Command);
        var other = new Argument<string?>("OTHER")
        {
            Description = "The sandbox to compare it with.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var tree = new TreeOptions(command.Command);
        other.Validators.Add(SandboxArgument.Check);
        other.CompletionSources.Add(StoreNames.Sandboxes);
        command.Command.Validators.Add(result =>
        {
            if ((result.GetResult(other)?.Tokens.Count > 0) == tree.IsGiven(result))
            {
                result.AddError("Say what to compare with: a second sandbox, --against DIR, or --against-config DIR --against-run DIR.");
            }
        });
        command.Command.Add(other);
        return command.Finds(async look =>
        {
            string? one = look.Arguments.GetValue(sandbox);
            if (look.Arguments.GetValue(other) is { } two)
            {
                return await WriteAsync(look, [look.View.Compare(one!, two)], two);
            }

            using var against = DocumentTree.Open(tree.LayoutOf(look.Arguments), DocumentLimit.Largest);
            string[] names = one is not null ? [one]
                : [.. look.View.ListSandboxes().Union(against.ListSandboxes()).Order(StringComparer.Ordinal)];
            return await WriteAsync(look, names.Select(each => look.View.Compare(each, against)), "the tree");
        });
    }

    private static async Task<(IEnumerable<StoreProblem> Problems, bool IsFound)> WriteAsync(
        LookCommand.Call look, IEnumerable<SandboxDifference> sandboxes, string right)
    {
        var problems = new List<StoreProblem>(look.View.ReadCondition().Problems);
        bool isFound = false;
        foreach (SandboxDifference sandbox in sandboxes)
        {
            look.Stop.ThrowIfCancellationRequested();
            isFound |= sandbox.Differences.Count > 0;
            problems.AddRange(sandbox.Problems);
            if (look.IsJson)
            {
                await JsonOutput.WriteAsync(
                    look.Output, sandbox.Differences.Select(each => DifferenceLine.Of(sandbox, each)), DifferenceJson.Types.DifferenceLine);
            }
            else
            {
                var text = new TextOutput();
                text.Lines(sandbox.Differences.SelectMany(each => DifferenceText.LinesOf(sandbox.Left, each, right)));
                await text.WriteAsync(look.Output);
            }
        }

        return (problems, isFound);
    }

    /// <summary>Where the tree lies that is compared with.</summary>
    private sealed class TreeOptions
    {
        private readonly Option<string> _both =
            new("--against") { Description = "A directory with the tree: DIR/config/SANDBOX and DIR/run/SANDBOX.", HelpName = "DIR" };
        private readonly Option<string> _config =
            new("--against-config") { Description = "The tree's config directory; with --against-run.", HelpName = "DIR" };
        private readonly Option<string> _run =
            new("--against-run") { Description = "The tree's run directory; with --against-config.", HelpName = "DIR" };

        public TreeOptions(Command command)
        {
            command.Add(_both);
            command.Add(_config);
            command.Add(_run);
            foreach (Option<string> option in new[] { _both, _config, _run })
            {
                option.Validators.Add(static result =>
                {
                    if (result.Tokens is [{ Value: "" }])
                    {
                        result.AddError("The directory of the tree must not be empty.");
                    }
                });
            }

            command.Validators.Add(result =>
            {
                bool config = result.GetResult(_config) is not null;
                if (config != result.GetResult(_run) is not null || (config && result.GetResult(_both) is not null))
                {
                    result.AddError("Say where the tree lies: --against DIR, or both --against-config DIR and --against-run DIR.");
                }
            });
        }

        public bool IsGiven(System.CommandLine.Parsing.CommandResult result) =>
            result.GetResult(_both) is not null || result.GetResult(_config) is not null;

        public StoreLayout LayoutOf(ParseResult arguments) => arguments.GetValue(_both) is { } directory ? StoreLayout.At(directory)
            : StoreLayout.Of(arguments.GetValue(_config)!, arguments.GetValue(_run)!);
    }
}
