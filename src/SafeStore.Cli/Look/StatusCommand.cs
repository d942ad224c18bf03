using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary><c>safestore status</c>: all that can be told of a store.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var command = new LookCommand(
            "status", "Shows the store's state, roots, ids, filesystems, sizes, log and what holds it up, parked sandboxes, what was left "
            + "behind, and the processes that have it open.");
        return command.Does(async look =>
        {
            StoreReport report = look.View.ReadReport(look.Stop);
            if (look.IsJson)
            {
                await JsonOutput.WriteAsync(look.Output, [StatusLine.Of(report)], JsonOutput.Types.StatusLine);
            }
            else
            {
                var text = new TextOutput();
                text.Pairs(PairsOf(report));
                await text.WriteAsync(look.Output);
            }

            return report.Problems;
        });
    }

    private static IEnumerable<(string Name, string Value)> PairsOf(StoreReport report)
    {
        StoreCondition condition = report.Condition;
        yield return ("state", TextOutput.Shown(condition.State));
        yield return ("store", $"{ShownOf(condition.Store)}, format {condition.Format?.ToString(TextOutput.Culture) ?? "-"}");
        foreach (RootReport root in report.Roots)
        {
            string name = TextOutput.Shown(root.Root);
            yield return ($"{name} root", root.Path);
            yield return ("  id", ShownOf(root.Id));
            yield return ("  metadata", root.Metadata);
            yield return ("  filesystem", root.Filesystem is { } found ? ShownOf(found) : "-");
        }

        yield return ("sandboxes", TextOutput.Shown(report.Sandboxes));
        yield return ("containers", TextOutput.Shown(report.Containers));
        yield return ("documents", $"{report.Documents}, {report.Bytes} bytes");
        yield return ("watermark", TextOutput.Shown(condition.Watermark));
        yield return ("last LSN", TextOutput.Shown(report.Log?.LastLsn));
        yield return ("pending", condition.PendingTransactions?.ToString(TextOutput.Culture) ?? "-");
        yield return ("log", report.Log is { } log ? ShownOf(log) : "-");
        foreach (LogHolder holder in report.Log?.HeldUpBy ?? [])
        {
            yield return ("  held up by", $"{holder.Sandbox} since LSN {holder.Lsn}: {ShownOf(holder.Holders, "its process died")}");
        }

        foreach (ParkedSandbox parked in condition.Parked)
        {
            yield return ("parked", $"{parked.Sandbox} up to LSN {parked.Lsn}");
        }

        foreach (OverruledFile overruled in report.Overruled)
        {
            yield return ("overruled", overruled.Path);
        }

        yield return ("left behind", $"{TextOutput.Counted(report.Scratch.Files, "file", "files")}, {report.Scratch.Bytes} bytes");
        yield return ("open in", ShownOf(report.Processes, "no process"));
    }

    private static string ShownOf(Guid? id) => id?.ToString() ?? "-";

    private static string ShownOf(FilesystemReport found) => string.Join(", ", new[]
    {
        found.Kind, found.IsVolatile ? "volatile" : found.IsJournaled ? "journal" : "no journal",
        found.Mount is null ? null : $"mounted on {found.Mount} from {found.Source} ({found.Options})",
    }.OfType<string>());

    private static string ShownOf(LogSummary log) =>
        $"{log.Bytes} bytes in {TextOutput.Counted(log.Segments, "segment", "segments")}, {log.SpareBytes} bytes of spares, {log.Path}";

    private static string ShownOf(IReadOnlyList<LockProcess> processes, string none) =>
        processes.Count == 0 ? none : string.Join("; ", processes.Select(LocksCommand.Shown));
}
