using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary><c>safestore doctor</c>: what of the machine a store should not be left with.</summary>
internal sealed class DoctorCommand
{
    private readonly Command _command = new(
        "doctor", "Looks at the machine below a store, or below the place of one to be: filesystems, mounts, devices, space, permissions, "
        + "limits, clock. Writes nothing, unless --try is given. Exit codes: 0 no problem, there may be notes, 2 there is a problem.");

    private readonly StoreArguments _store;
    private readonly Option<bool> _json = new("--json") { Description = "JSON, one object a line." };
    private readonly Option<bool> _try = new("--try")
    {
        Description = "Tries also what the store needs of the filesystem: locks, renames, syncs, attributes. It makes a directory "
            + ".safestore-doctor-... for that, and removes it.",
    };

    private DoctorCommand()
    {
        _store = new StoreArguments(_command);
        _command.Add(_try);
        _command.Add(_json);
        _command.SetAction(arguments => Tool.GuardAsync(_ => RunAsync(arguments)));
    }

    public static Command Create() => new DoctorCommand()._command;

    private async Task<int> RunAsync(ParseResult arguments)
    {
        StoreLayout layout = _store.LayoutOf(arguments);
        IEnumerable<DoctorFinding> all = StoreDoctor.Examine(layout);
        all = arguments.GetValue(_try) ? all.Concat(StoreDoctor.Try(layout)) : all;
        DoctorFinding[] found = [.. all.Distinct().OrderByDescending(static each => each.Level)];
        await using Stream output = StandardOutput.Open();
        if (arguments.GetValue(_json))
        {
            await JsonOutput.WriteAsync(output, found.Select(DoctorLine.Of), JsonOutput.Types.DoctorLine);
        }
        else
        {
            var text = new TextOutput();
            text.Lines(found.Length == 0 ? ["Nothing is wrong."] : found.SelectMany(static each => new[]
            {
                $"{TextOutput.Shown(each.Level)} {each.Code}: {each.Place}", $"    {each.Message}", $"    {each.Advice}",
            }));
            await text.WriteAsync(output);
        }

        return found.Any(static each => each.Level == FindingLevel.Problem) ? ExitCode.Findings : ExitCode.Ok;
    }
}

/// <summary>What <c>doctor --json</c> writes of a finding.</summary>
internal sealed record DoctorLine(string Code, FindingLevel Level, string Place, string Message, string Advice)
{
    public static DoctorLine Of(DoctorFinding found) => new(found.Code, found.Level, found.Place, found.Message, found.Advice);
}
