using System.CommandLine;
using System.Threading.Tasks;
using SafeStore.Operations;

namespace SafeStore.Cli.Change;

/// <summary><c>safestore checkpoint</c>: makes the documents durable without the log.</summary>
internal static class CheckpointCommand
{
    public static Command Create()
    {
        var command = new ChangeCommand(
            "checkpoint",
            "Makes the documents of all published transactions durable by themselves, so that they need the log no longer, and "
            + "releases its space. Runs in the background of every store that is open; this does it now.");
        return command.Does(static call => call.IsDryRun ? LookAsync(call) : RunAsync(call));
    }

    private static async Task RunAsync(ChangeCommand.Call call)
    {
        await using StateStore store = await call.OpenAsync();
        Lsn watermark = await store.CheckpointAsync(call.Stop);
        await call.Told.WriteAsync(
            new ChangeLine("checkpoint", null) { Lsn = watermark.Value }, $"the documents need no log up to LSN {watermark}");
    }

    private static async Task LookAsync(ChangeCommand.Call call)
    {
        using StoreView view = call.Look();
        Lsn? watermark = view.ReadCondition().Watermark;
        await call.Told.WriteAsync(
            new ChangeLine("checkpoint", null),
            $"would make the documents durable beyond LSN {watermark?.ToString() ?? "(unknown)"}");
    }
}
