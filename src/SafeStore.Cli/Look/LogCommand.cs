using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary><c>safestore log</c>: the transactions in the log.</summary>
internal static class LogCommand
{
    public static Command Create()
    {
        var command = new LookCommand(
            "log", "Shows the transactions in the log, oldest first: LSN, segment, size, and what each does to which sandbox. A checkpoint "
            + "takes old ones out.");
        var from = new Option<long>("--from") { Description = "The first LSN to show.", HelpName = "LSN" };
        from.Validators.Add(static result =>
        {
            if (result.Tokens is [{ } token]
                && !long.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                result.AddError($"--from must be an LSN, a whole number, and not '{token.Value}'.");
            }
        });
        command.Command.Add(from);
        return command.Does(async look =>
        {
            IEnumerable<LoggedTransaction> transactions = look.View.ReadLog(new Lsn(look.Arguments.GetValue(from)));
            if (look.IsJson)
            {
                await JsonOutput.WriteAsync(look.Output, transactions.Select(LogLine.Of), JsonOutput.Types.LogLine);
            }
            else
            {
                var text = new TextOutput();
                text.Table(["#LSN", "segment", "#bytes", "sandbox", "operations"], transactions.SelectMany(RowsOf));
                await text.WriteAsync(look.Output);
            }

            return look.View.ReadCondition().Problems;
        });
    }

    /// <summary>One row for each sandbox; the transaction's own columns stand in the first.</summary>
    private static IEnumerable<string[]> RowsOf(LoggedTransaction transaction) => transaction.Sandboxes.Select((sandbox, index) => new[]
    {
        index > 0 ? "" : transaction.Lsn.ToString(), index > 0 ? "" : transaction.Segment,
        index > 0 ? "" : TextOutput.Shown(transaction.Bytes), sandbox.Sandbox, string.Join(", ", OperationsOf(sandbox)),
    });

    private static IEnumerable<string> OperationsOf(LoggedSandbox sandbox) =>
    [
        .. sandbox.Kind == LoggedKind.Update ? [] : new[] { TextOutput.Shown(sandbox.Kind) },
        .. sandbox.RemovedContainers.Select(static container => $"remove {container}/"),
        .. sandbox.CreatedContainers.Select(static container => $"create {container}/"),
        .. sandbox.Deletes.Select(static document => $"delete {PathOf(document)}"),
        .. sandbox.Puts.Select(static put => $"put {PathOf(put.Document)} ({TextOutput.Shown(put.Bytes)})"),
    ];

    private static string PathOf(DocumentId document) =>
        $"{TextOutput.Shown(document.Root)}:{(document.Container is null ? "" : document.Container + "/")}{document.File}";
}
