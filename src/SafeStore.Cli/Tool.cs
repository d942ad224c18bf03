using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Adopt;
using SafeStore.Cli.Apply;
using SafeStore.Cli.Check;
using SafeStore.Cli.Demo;
using SafeStore.Cli.Dump;
using SafeStore.Cli.Export;
using SafeStore.Cli.Import;
using SafeStore.Cli.List;
using SafeStore.Cli.Look;
using SafeStore.Cli.Repair;
using SafeStore.Cli.Torture;

namespace SafeStore.Cli;

/// <summary>The command line: which command runs, and how its failures become a message and an exit code.</summary>
internal static class Tool
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var root = new RootCommand(
            "SafeStore: crash-safe transactions over plain JSON files. "
            + "Exit codes: 0 done, 1 failed, 2 done with findings, 3 the store is faulted, 64 wrong command line, 130/143 ended by a "
                + "signal.")
        {
            ApplyCommand.Create(),
            LsCommand.CreateLs(),
            LsCommand.CreateTree(),
            CatCommand.Create(),
            DumpCommand.Create(),
            StatusCommand.Create(),
            LocksCommand.Create(),
            LogCommand.Create(),
            WatchCommand.Create(),
            ListCommand.Create(),
            CheckCommand.Create(),
            ImportCommand.Create(),
            ExportCommand.Create(),
            AdoptCommand.Create(),
            RepairCommand.Create(),
            DemoCommand.Create(),
            DemoWriterCommand.Create(),
            TortureCommand.Create(),
        };
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            return await RefuseAsync(parsed);
        }

        // The commands handle signals themselves: they finish commits that are under way, which may take longer than a time-out here.
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return await parsed.InvokeAsync(configuration);
    }

    /// <summary>One line and not a page of help, which would push it off the screen.</summary>
    private static async Task<int> RefuseAsync(ParseResult parsed)
    {
        string command = parsed.CommandResult.Command is RootCommand ? "safestore" : $"safestore {parsed.CommandResult.Command.Name}";
        string errors = string.Join(' ', parsed.Errors.Select(static error => error.Message.ReplaceLineEndings(" ").Trim()).Distinct());
        await Console.Error.WriteLineAsync($"safestore: {errors} See '{command} --help'.");
        return ExitCode.Usage;
    }

    /// <summary>Runs a command's work; whatever goes wrong becomes one message on stderr.</summary>
    public static async Task<int> GuardAsync(Func<Ending, Task<int>> work)
    {
        using var ending = new Ending();
        try
        {
            int code = await work(ending);
            return ending.Code != 0 ? ending.Code : code;
        }
        catch (OperationCanceledException) when (ending.Code != 0)
        {
            return ending.Code;
        }
        catch (IOException failure) when (IsBrokenPipe(failure))
        {
            return ExitCode.BrokenPipe;
        }
        catch (Exception failure)
            when (failure is SafeStoreException or CommandException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"safestore: {failure.Message}");
            return failure is StoreFaultedException ? ExitCode.Faulted : ExitCode.Failed;
        }
    }

    /// <summary>EPIPE, as .NET reports it: the errno in HResult.</summary>
    public static bool IsBrokenPipe(IOException failure) => failure.HResult == 32;
}
