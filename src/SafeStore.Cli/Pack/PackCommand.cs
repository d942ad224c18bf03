using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Cli.Pack;

/// <summary><c>safestore pack</c>: copies all documents into one file, for programs that read everything when they start.</summary>
internal static class PackCommand
{
    public static Command Create()
    {
        var command = new Command(
            "pack",
            "Copies the documents of all sandboxes into one file beside the store's log, from which a program that reads everything (StateStore.ReadInBulk) reads what has not changed since. "
            + "Takes no locks and changes no document. Exit codes: 0 done, 1 no store, it could not be opened, or the file could not be written.");
        var store = new StoreArguments(command);
        command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(store.ExistingLayoutOf(arguments), ending.Token)));
        return command;
    }

    private static async Task<int> RunAsync(StoreLayout layout, CancellationToken stop)
    {
        await using StateStore store = await StateStore.OpenAsync(layout, cancellationToken: stop);
        PackSummary packed = store.Pack(stop);
        await using Stream output = StandardOutput.Open();
        string text = string.Create(CultureInfo.InvariantCulture, $"{packed.Sandboxes} sandboxes packed, {packed.LeftOut} left out (changed within the last two seconds, unreadable, mounted or large), {packed.Bytes} bytes\n");
        await output.WriteAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None);
        await output.FlushAsync(CancellationToken.None);
        return ExitCode.Ok;
    }
}
