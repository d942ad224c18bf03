using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary><c>safestore ls</c> and <c>safestore tree</c>: sandboxes, and what is in them.</summary>
internal static class LsCommand
{
    public static Command CreateLs()
    {
        var command = new LookCommand("ls", "Lists the sandboxes.");
        var isLong = new Option<bool>("--long", "-l")
        {
            Description = "With the number of containers and documents, their size, the version and what the lock word says.",
        };
        command.Command.Add(isLong);
        return command.Does(async look =>
        {
            if (look.Arguments.GetValue(isLong))
            {
                return await ListLongAsync(look);
            }

            IReadOnlyList<string> names = look.View.ListSandboxes();
            if (look.IsJson)
            {
                await JsonOutput.WriteAsync(look.Output, names.Select(static each => new NameLine(each)), JsonOutput.Types.NameLine);
            }
            else
            {
                var text = new TextOutput();
                text.Lines(names);
                await text.WriteAsync(look.Output);
            }

            return look.View.ReadCondition().Problems;
        });
    }

    public static Command CreateTree()
    {
        var command = new LookCommand("tree", "Shows sandboxes, their containers and documents, and sizes in bytes.");
        var sandbox = SandboxArgument.Optional(command.Command);
        return command.Does(async look =>
        {
            IReadOnlyList<SandboxEntry> sandboxes =
                look.Arguments.GetValue(sandbox) is { } one ? [look.View.ReadSandbox(one)] : ReadAll(look);
            if (look.IsJson)
            {
                await JsonOutput.WriteAsync(look.Output, sandboxes.Select(TreeLine.Of), JsonOutput.Types.TreeLine);
            }
            else
            {
                var text = new TextOutput();
                foreach (SandboxEntry each in sandboxes)
                {
                    text.Tree(BranchOf(each));
                }

                await text.WriteAsync(look.Output);
            }

            return [.. look.View.ReadCondition().Problems, .. sandboxes.SelectMany(static each => each.Problems)];
        });
    }

    private static async Task<IEnumerable<StoreProblem>> ListLongAsync(LookCommand.Call look)
    {
        IReadOnlyList<SandboxEntry> sandboxes = ReadAll(look);
        if (look.IsJson)
        {
            await JsonOutput.WriteAsync(look.Output, sandboxes.Select(SandboxLine.Of), JsonOutput.Types.SandboxLine);
        }
        else
        {
            var text = new TextOutput();
            text.Table(
                ["sandbox", "#containers", "#documents", "#bytes", "#version", "lock word"],
                sandboxes.Select(static each => new[]
                {
                    each.Sandbox, TextOutput.Shown(each.Containers.Count), TextOutput.Shown(each.Documents.Count),
                    TextOutput.Shown(each.Bytes), TextOutput.Shown(each.Version), TextOutput.Shown(each.Word),
                }));
            await text.WriteAsync(look.Output);
        }

        return [.. look.View.ReadCondition().Problems, .. sandboxes.SelectMany(static each => each.Problems)];
    }

    private static List<SandboxEntry> ReadAll(LookCommand.Call look)
    {
        var sandboxes = new List<SandboxEntry>();
        foreach (string each in look.View.ListSandboxes())
        {
            look.Stop.ThrowIfCancellationRequested();
            try
            {
                sandboxes.Add(look.View.ReadSandbox(each));
            }
            catch (NotFoundException)
            {
                // removed since it was listed
            }
        }

        return sandboxes;
    }

    private static TextBranch BranchOf(SandboxEntry sandbox) => new(
        $"{sandbox.Sandbox}  {sandbox.Bytes} bytes, {TextOutput.Shown(sandbox.Word)}, version {TextOutput.Shown(sandbox.Version)}",
        [
            .. DocumentsIn(sandbox, null),
            .. sandbox.Containers.Select(container => new TextBranch($"{container}/", [.. DocumentsIn(sandbox, container)])),
        ]);

    private static IEnumerable<TextBranch> DocumentsIn(SandboxEntry sandbox, string? container) => sandbox.Documents
        .Where(each => each.Document.Container == container)
        .Select(static each => new TextBranch(
            $"{each.Document.File}  {TextOutput.Shown(each.Document.Root)}, {TextOutput.Shown(each.Bytes)} bytes", []));
}
