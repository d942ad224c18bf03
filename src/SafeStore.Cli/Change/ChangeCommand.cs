using System;
using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Cli.Look;
using SafeStore.Operations;

namespace SafeStore.Cli.Change;

/// <summary>
/// A command that changes a store by hand: where the store lies, how long to wait for locks, what it says, and the dry run. The store must
/// exist; it is opened as any program opens it.
/// </summary>
internal sealed class ChangeCommand
{
    private const string Codes = " Says what it did with --verbose or --json only. Exit codes: 0 done, 1 it could not be done, and why is "
        + "on stderr, 2 in a dry run: something of the store is wrong, 3 the store is faulted.";

    private readonly StoreArguments _store;
    private readonly LockPatience _patience;
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Says what was done." };
    private readonly Option<bool> _json = new("--json") { Description = "Says what was done, as JSON, one object a line." };
    private readonly Option<bool> _dryRun =
        new("--dry-run") { Description = "Says what would be done, writes nothing and waits for no lock." };
    private readonly DocumentLimit _limit;
    private readonly WritableRoots _roots;

    public ChangeCommand(string name, string description)
    {
        Command = new Command(name, description + Codes);
        _store = new StoreArguments(Command);
        _limit = new DocumentLimit(Command);
        _patience = new LockPatience(Command);
        _roots = new WritableRoots(Command);
        Command.Add(_verbose);
        Command.Add(_json);
        Command.Add(_dryRun);
    }

    public Command Command { get; }

    public Command Does(Func<Call, Task> work)
    {
        Command.SetAction(arguments => Tool.GuardAsync(async ending =>
        {
            StoreOptions options = _roots.Allow(_patience.Limit(_limit.OptionsOf(arguments), arguments), arguments) with
            {
                Opening = StoreOpening.MustExist,
            };
            bool isDryRun = arguments.GetValue(_dryRun);
            await using Stream output = StandardOutput.Open();
            var told = new ChangeOutput(output, ending, arguments.GetValue(_json), isDryRun || arguments.GetValue(_verbose), isDryRun);
            var call =
                new Call(_store.LayoutOf(arguments), options, arguments, told, ending.Token) { StoreText = _store.TextOf(arguments) };
            await work(call);
            if (!isDryRun)
            {
                return ExitCode.Ok;
            }

            using StoreView view = call.Look();
            return await LookCommand.TellAsync(view.ReadCondition().Problems);
        }));
        return Command;
    }

    /// <summary>What a command works with.</summary>
    internal sealed record Call(
        StoreLayout Layout, StoreOptions Options, ParseResult Arguments, ChangeOutput Told, CancellationToken Stop)
    {
        /// <summary>The options that say where the store lies.</summary>
        public required string StoreText { get; init; }

        public bool IsDryRun => Told.IsDryRun;

        public ValueTask<StateStore> OpenAsync() => StateStore.OpenAsync(Layout, Options, Stop);

        /// <summary>For a dry run, which writes nothing.</summary>
        public StoreView Look() => StoreView.Open(Layout, Options);
    }
}
