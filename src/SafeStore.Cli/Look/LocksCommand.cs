using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary><c>safestore locks</c>: the locks that are held or waited for.</summary>
internal static class LocksCommand
{
    public static Command Create()
    {
        var command = new LookCommand(
            "locks", "Shows the locks of the store and of its sandboxes that are held or waited for: by which processes, and by what "
            + "command. Run as root or as the store's user, or processes of others have no pid.");
        return command.Does(async look =>
        {
            IReadOnlyList<LockEntry> locks = look.View.ReadLocks();
            if (look.IsJson)
            {
                await JsonOutput.WriteAsync(look.Output, locks.Select(LockLine.Of), JsonOutput.Types.LockLine);
            }
            else
            {
                var text = new TextOutput();
                text.Table(["lock", "mode", "holders", "waiters"], locks.Select(static each => new[]
                {
                    NameOf(each), ModeOf(each), string.Join("; ", each.Holders.Select(Shown)),
                    string.Join("; ", each.Waiters.Select(Shown)),
                }));
                await text.WriteAsync(look.Output);
            }

            return look.View.ReadCondition().Problems;
        });
    }

    public static string Shown(LockProcess process) => process.ProcessId is not { } id ? "a process that cannot be seen"
        : string.Create(CultureInfo.InvariantCulture, $"pid {id} ({process.Command}), began {TextOutput.Shown(process.Started)}");

    private static string NameOf(LockEntry entry) =>
        entry.Sandbox is { } sandbox ? $"sandbox {sandbox}"
        : entry.Number is { } number ? $"names {TextOutput.Shown(number)}"
        : TextOutput.Shown(entry.Kind);

    private static string ModeOf(LockEntry entry) =>
        entry.Holders.Count == 0 ? "free" : entry.Holders.Any(static each => each.IsExclusive) ? "exclusive" : "shared";
}
