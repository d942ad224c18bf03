using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SafeStore.Cli.Adopt;
using SafeStore.Cli.Apply;
using SafeStore.Cli.Backups;
using SafeStore.Cli.Change;
using SafeStore.Cli.Demo;
using SafeStore.Cli.Diff;
using SafeStore.Cli.Dump;
using SafeStore.Cli.Export;
using SafeStore.Cli.Gc;
using SafeStore.Cli.Import;
using SafeStore.Cli.List;
using SafeStore.Cli.Look;
using SafeStore.Cli.Repair;
using SafeStore.Cli.Shell;
using SafeStore.Cli.Torture;
using SafeStore.Cli.Verify;
using SafeStore.Roots;

namespace SafeStore.Cli;

/// <summary>The command line: which command runs, and how its failures become a message and an exit code.</summary>
internal static partial class Tool
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        InheritedDescriptor.FillClosed();
        StandardError.LoseFailures();
        StandardOutput.NameFailures();
        var root = new RootCommand(
            "SafeStore: crash-safe transactions over plain JSON files. Exit codes: "
            + $"{string.Join("; ", ExitCode.Meanings.Select(static meaning => $"{meaning.Code} {meaning.Meaning}"))}.")
        {
            ApplyCommand.Create(),
            PutCommand.Create(),
            RmCommand.Create(),
            EditCommand.Create(),
            CheckpointCommand.Create(),
            IntentsCommand.Create(),
            DiffCommand.Create(),
            LsCommand.CreateLs(),
            LsCommand.CreateTree(),
            CatCommand.Create(),
            DumpCommand.Create(),
            StatusCommand.Create(),
            LocksCommand.Create(),
            LogCommand.Create(),
            WatchCommand.Create(),
            ListCommand.Create(),
            ImportCommand.Create(),
            ExportCommand.Create(),
            AdoptCommand.Create(),
            VerifyCommand.Create(),
            BackupCommand.Create(),
            RestoreCommand.Create(),
            RepairCommand.Create(),
            DoctorCommand.Create(),
            GcCommand.Create(),
            DemoCommand.Create(),
            DemoWriterCommand.Create(),
            TortureCommand.Create(),
            CompletionCommand.Create(),
        };
        root.Add(ManCommand.Create(root));
        ParseResult parsed = root.Parse(arguments);
        if (parsed.RootCommandResult.GetResult("--version") is not null && arguments.Length > 1)
        {
            return await RefuseAsync(parsed, ["--version stands alone."]);
        }

        if (FindOptionTakenForArgument(parsed, arguments) is { } unknown)
        {
            return await RefuseAsync(parsed, [$"There is no option '{unknown}'; what is no option and looks like one stands behind '--'."]);
        }

        if (parsed.Errors.Count > 0)
        {
            return await RefuseAsync(parsed, parsed.Errors.Select(static error => InOneLine(error.Message)));
        }

        // The commands handle signals themselves: they finish commits that are under way, which may take longer than a time-out here.
        // What help and version print is gathered: the library's own way of printing ends in a crash where there is no room for it.
        using var help = new StringWriter();
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
            Output = help,
        };
        int code = await parsed.InvokeAsync(configuration);
        string text = help.ToString();
        return text.Length == 0 ? code
            : await GuardAsync(async _ =>
            {
                await StandardOutput.WriteAsync(text);
                return code;
            });
    }

    /// <summary>One line and not a page of help, which would push it off the screen.</summary>
    private static async Task<int> RefuseAsync(ParseResult parsed, IEnumerable<string> why)
    {
        var names = new List<string>();
        for (CommandResult? at = parsed.CommandResult; at is { Command: not RootCommand }; at = at.Parent as CommandResult)
        {
            names.Insert(0, at.Command.Name);
        }

        string command = string.Join(' ', names.Prepend("safestore"));
        string errors = string.Join(' ', why.Distinct());
        await StandardError.TellAsync($"{errors} See '{command} --help'.");
        return ExitCode.Usage;
    }

    /// <summary>The library takes an option that it does not know for an argument, where one may stand.</summary>
    private static string? FindOptionTakenForArgument(ParseResult parsed, string[] arguments) => arguments.Contains("--") ? null
        : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(static result => result.Tokens)
            .Select(static token => token.Value).FirstOrDefault(static value => value.StartsWith("--", StringComparison.Ordinal));

    /// <summary>The library's messages have tabs and types of .NET in them.</summary>
    private static string InOneLine(string message) => TypeName().Replace(Spaces().Replace(message.Trim(), " "), "");

    /// <summary>Runs a command's work; whatever goes wrong becomes one message on stderr.</summary>
    public static async Task<int> GuardAsync(Func<Ending, Task<int>> work)
    {
        using var ending = new Ending();
        try
        {
            StandardOutput.ThrowIfClosed(); // before anything is changed
            int code = await work(ending);
            return ending.Code != 0 ? ending.Code : code;
        }
        catch (OperationCanceledException) when (ending.Code != 0)
        {
            return ending.Code;
        }
        catch (IOException failure) when (IsBrokenPipe(failure))
        {
            if (ending.Change is { } change)
            {
                await StandardError.TellAsync($"{change} No reader of the standard output is left.");
            }

            return ExitCode.BrokenPipe;
        }
        catch (OutputException failure) when (ending.Change is { } change)
        {
            await StandardError.TellAsync($"{change} {failure.Message}");
            return ExitCode.Failed;
        }
        catch (ArgumentException failure)
        {
            // What the command line says, and the library does not take: a path or an id.
            await StandardError.TellAsync(failure.Message.Split(" (Parameter", 2)[0]);
            return ExitCode.Usage;
        }
        catch (Exception failure)
            when (failure is SafeStoreException or CommandException or IOException or UnauthorizedAccessException)
        {
            await StandardError.TellAsync(MessageOf(failure));
            return failure is StoreFaultedException or StorageException { Operation: Engine.RecoverySync } ? ExitCode.Faulted
                : ExitCode.Failed;
        }
    }

    /// <summary>A message of the library may name its options and calls: here it names those of the tool.</summary>
    private static string MessageOf(Exception failure) => failure switch
    {
        DocumentTooLargeException =>
            failure.Message.Replace("StoreOptions.DocumentBytesMax", "--document-bytes", StringComparison.Ordinal),
        StoreMetadataException => failure.Message.Replace(RootModes.Choices, $"say {WritableRoots.Name}", StringComparison.Ordinal),
        ChangesNotInLogException behind => failure.Message.Replace(
            "List all sandboxes and go on from there (FollowAsync).",
            $"See what there is with 'safestore dump', and go on with --from {behind.Oldest}.",
            StringComparison.Ordinal),
        FileNotFoundException { FileName: null } => // getcwd(3)
            "The current directory does not exist any more. Change to another one, or back to it if it was made anew (cd .).",
        IOException { HResult: 24 } => "This process may not open as many files as it needs (EMFILE). Raise the limit: ulimit -n.",
        _ => failure.Message,
    };

    /// <summary>EPIPE, as .NET reports it: the errno in HResult.</summary>
    public static bool IsBrokenPipe(IOException failure) => failure.HResult == 32;

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(" as expected type '[^']*'")]
    private static partial Regex TypeName();
}
