using System;
using System.CommandLine;
using System.IO;
using System.Linq;

namespace SafeStore.Cli;

/// <summary>The options that say where a store lies: <c>--store DIR</c>, or <c>--config DIR --run DIR</c>.</summary>
internal sealed class StoreArguments
{
    private readonly Option<string> _store =
        new("--store") { Description = "The store's directory, with its roots at DIR/config and DIR/run.", HelpName = "DIR" };
    private readonly Option<string> _config =
        new("--config") { Description = "The config root; together with --run, instead of --store.", HelpName = "DIR" };
    private readonly Option<string> _run =
        new("--run") { Description = "The run root; together with --config, instead of --store.", HelpName = "DIR" };

    public StoreArguments(Command command)
    {
        command.Add(_store);
        command.Add(_config);
        command.Add(_run);
        command.Validators.Add(result =>
        {
            bool store = result.GetResult(_store) is not null;
            bool config = result.GetResult(_config) is not null;
            bool run = result.GetResult(_run) is not null;
            if (config != run || store == config)
            {
                result.AddError("Say where the store lies: --store DIR, or both --config DIR and --run DIR.");
            }
            else if (new[] { _store, _config, _run }.Any(each => result.GetResult(each)?.Tokens is [{ Value: "" }]))
            {
                result.AddError("The directory where the store lies must not be empty.");
            }
        });
    }

    /// <exception cref="ArgumentException">A path is empty, or one root lies inside the other.</exception>
    public StoreLayout LayoutOf(ParseResult arguments) =>
        LayoutOf(arguments.GetValue(_store), arguments.GetValue(_config), arguments.GetValue(_run));

    /// <summary>The same of the options' values, as far as they are there.</summary>
    /// <exception cref="ArgumentException">A path is empty or missing, or one root lies inside the other.</exception>
    public static StoreLayout LayoutOf(string? store, string? config, string? run) =>
        store is not null ? StoreLayout.At(store) : LayoutOfRoots(config ?? "", run ?? "");

    /// <summary>The options as they were given, for a command line that a message proposes.</summary>
    public string TextOf(ParseResult arguments) => arguments.GetValue(_store) is { } store ? $"--store {Quoted(store)}"
        : $"--config {Quoted(arguments.GetValue(_config)!)} --run {Quoted(arguments.GetValue(_run)!)}";

    /// <summary>The layout of a store that exists: a command that only looks must not make one by a slip of the pen.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public StoreLayout ExistingLayoutOf(ParseResult arguments)
    {
        StoreLayout layout = LayoutOf(arguments);
        string mark = MarkOf(layout);
        try
        {
            _ = File.GetAttributes(mark);
            return layout;
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandException(
                $"Could not look at the store's document '{mark}': permission denied (EACCES). Run as the user that the store belongs to, "
                + "as root, or as a member of its group.");
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException($"There is no store: '{mark}' does not exist. Check the path, and whether its disk is mounted. "
                + "'safestore apply' makes a new store.");
        }
        catch (IOException failure)
        {
            throw new CommandException($"Could not look at the store's document '{mark}': {failure.Message} Check the path.");
        }
    }

    /// <summary>An adopted tree has its metadata beside the roots; any other store of two roots has it inside.</summary>
    private static StoreLayout LayoutOfRoots(string config, string run)
    {
        StoreLayout inside = StoreLayout.Of(config, run);
        return Path.GetDirectoryName(inside.Config) is null || Path.GetDirectoryName(inside.Run) is null
            ? inside // the filesystem's root has nothing beside it
            : StoreLayout.Beside(config, run) is var beside && HasMetadata(beside) ? beside
            : inside;
    }

    /// <summary>Either file may be the one that is lost.</summary>
    private static bool HasMetadata(StoreLayout layout) =>
        MayExist(MarkOf(layout)) || MayExist(Path.Join(layout.ConfigMetadata, "root.json"));

    /// <summary>Also if it may not be looked at: then that is what the user is to hear.</summary>
    private static bool MayExist(string path)
    {
        try
        {
            _ = File.GetAttributes(path);
            return true;
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static string Quoted(string path) =>
        path.All(static each => char.IsAsciiLetterOrDigit(each) || "/._-+:,@".Contains(each, StringComparison.Ordinal)) ? path
        : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string MarkOf(StoreLayout layout) => Path.Join(layout.ConfigMetadata, "store.json");
}
