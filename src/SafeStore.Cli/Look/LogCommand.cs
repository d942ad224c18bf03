using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary><c>safestore log</c>: the transactions in the log.</summary>
internal static class LogCommand
{
    public static Command Create()
    {
        var command = new LookCommand(
            "log", "Shows the transactions in the log, oldest first: LSN, segment and when that was last written, size, and what each "
            + "does to which sandbox. A checkpoint takes old ones out.");
        Option<Lsn?> from = LsnOption.From(command.Command, "The first LSN to show.");
        var follow = new Option<bool>("--follow")
        {
            Description = "Goes on with the transactions that are written, also before they are durable, until it is ended by a signal.",
        };
        command.Command.Add(follow);
        return command.Does(async look =>
        {
            Lsn? first = look.Arguments.GetValue(from);
            if (look.Arguments.GetValue(follow))
            {
                return await FollowAsync(look, first);
            }

            IEnumerable<LoggedTransaction> transactions = look.View.ReadLog(first ?? default);
            if (look.IsJson)
            {
                await JsonOutput.WriteAsync(look.Output, transactions.Select(LogLine.Of), JsonOutput.Types.LogLine);
            }
            else
            {
                var text = new TextOutput();
                text.Table(["#LSN", "segment", "segment written", "#bytes", "sandbox", "operations"], transactions.SelectMany(RowsOf));
                await text.WriteAsync(look.Output);
            }

            return look.View.ReadCondition().Problems;
        });
    }

    private static async Task<IEnumerable<StoreProblem>> FollowAsync(LookCommand.Call look, Lsn? from)
    {
        _ = await LookCommand.TellBeforeAsync(look.View);
        await foreach (LoggedTransaction transaction in look.View.FollowLogAsync(from, look.Stop))
        {
            if (look.IsJson)
            {
                await JsonOutput.WriteAsync(look.Output, [LogLine.Of(transaction)], JsonOutput.Types.LogLine);
            }
            else
            {
                var text = new TextOutput();
                text.Lines(RowsOf(transaction).Select(static row => string.Join("  ", row)));
                await text.WriteAsync(look.Output);
            }
        }

        return [];
    }

    /// <summary>One row for each sandbox; the transaction's own columns stand in the first.</summary>
    private static IEnumerable<string[]> RowsOf(LoggedTransaction transaction) => transaction.Sandboxes.Select((sandbox, index) => new[]
    {
        index > 0 ? "" : transaction.Lsn.ToString(), index > 0 ? "" : transaction.Segment,
        index > 0 ? "" : TextOutput.Shown(transaction.SegmentWritten),
        index > 0 ? "" : TextOutput.Shown(transaction.Bytes), sandbox.Sandbox, string.Join(", ", OperationsOf(sandbox)),
    });

    private static IEnumerable<string> OperationsOf(LoggedSandbox sandbox) => OperationText.Of(
        sandbox.Kind, sandbox.RemovedContainers, sandbox.CreatedContainers, sandbox.Deletes,
        sandbox.Puts.Select(static put => (put.Document, put.Bytes)));
}
