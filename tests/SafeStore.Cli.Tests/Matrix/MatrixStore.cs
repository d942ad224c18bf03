using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.IO.Hashing;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Cli.Apply;
using Xunit;

namespace SafeStore.Cli.Tests.Matrix;

/// <summary>
/// A store of one condition, with a backup and a Kata tree beside it, for all commands. The commands run in one shell, so that each
/// condition that needs a mount or another user is made once.
/// </summary>
public sealed class MatrixStore : IAsyncDisposable
{
    private const string Two = """{"sandbox":"sb-2","ops":[{"createSandbox":true},{"put":"state.json","value":{"n":1}}]}""";

    private const string Third = """{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":2}}]}""";

    private static readonly string[] s_rich =
    [
        """{"sandbox":"sb-2","ops":[{"createContainer":"web"},{"createContainer":"gone"},{"put":"old.json","value":1}]}""",
        """{"sandbox":"sb-2","ops":[{"removeContainer":"gone"},{"delete":"old.json"},"""
            + """{"put":"config.json","root":"config","container":"web","value":{"n":1}},{"put":"damaged.json","value":1},"""
            + """{"put":"edited.json","value":[1]},{"put":"state.json","value":{"state":"running","pid":2147483647}},"""
            + """{"put":"intents.json","root":"config","value":{"Next":3,"Intents":[{"Number":1,"Kind":"netns","Payload":"x"}],"""
            + """ "Forgotten":[{"Intent":{"Number":2,"Kind":"netns","Payload":"y"},"Time":"2026-01-01T00:00:00Z","Reason":"r"}]}}]}""",
    ];

    private readonly string _temp = Directory.CreateTempSubdirectory("safestore-matrix-").FullName;
    private readonly List<IAsyncDisposable> _holders = [];

    public MatrixStore(string condition) => Condition = condition;

    public string Condition { get; }

    /// <summary>'full' or 'closed', if the commands' standard output is.</summary>
    public string Output { get; init; } = "";

    /// <summary>Holds the store, the backups and the tree; the condition is that of all in it.</summary>
    public string Place => Path.Combine(_temp, "place");

    private string Store => Path.Combine(Place, "store");

    private string Log => Directory.EnumerateFiles(Path.Combine(Store, "config/.safestore/log"), "0*.log").Single();

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable holder in Enumerable.Reverse(_holders))
        {
            await holder.DisposeAsync();
        }

        Directory.Delete(_temp, recursive: true);
    }

    /// <summary>Runs the commands one after the other; one that changes the store finds it as it was at first.</summary>
    public async Task<IReadOnlyList<MatrixResult>> RunAsync(IReadOnlyList<string> commands)
    {
        await SeedAsync();
        var script = new StringBuilder(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Matrix/matrix.sh")));
        foreach ((int index, string command) in commands.Index())
        {
            _ = script.Append(CultureInfo.InvariantCulture, $"run {index} {command}\n");
        }

        var start = new ProcessStartInfo("unshare", ["--mount", "bash", "-uc", script.ToString()])
        {
            WorkingDirectory = _temp,
            RedirectStandardError = true,
            Environment =
            {
                ["TOOL"] = string.Join(' ', BuiltTool.Command),
                ["CONDITION"] = Condition,
                ["OUTPUT"] = Output,
                ["VISUAL"] = "sed -i s/1/2/",
                ["TMPDIR"] = Path.Combine(_temp, "out"),
            },
        };
        using Process shell = Process.Start(start)!;
        string errors = await shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (shell.ExitCode, errors));
        return [.. commands.Select((command, index) => new MatrixResult(
            command, int.Parse(Told(index, "code"), CultureInfo.InvariantCulture), Told(index, "out"), Told(index, "err"),
            Told(index, "changed")))];
    }

    private string Told(int index, string what) => File.ReadAllText(Path.Combine(_temp, $"{index}.{what}"));

    private async Task SeedAsync()
    {
        StateStore first = await StateStore.OpenAsync(StoreLayout.At(Store));
        await CommitAsync(first, StoreFixture.CreateSandbox, Two);
        await first.DisposeAsync();
        if (Condition == "document")
        {
            Overwrite("store/run/sb-2/state.json", 0, "x"u8);
        }

        if (Condition is not ("locked" or "faulted" or "rich"))
        {
            await DieAfterAsync(Third);
        }

        await ShellAsync(
            $"{BuiltTool.ShellCommand} backup create place/backups --store place/store > made 2>&1 || test '{Condition}' = document");
        _ = Directory.CreateDirectory(Path.Combine(Place, "kata/sb-9"));
        await File.WriteAllTextAsync(Path.Combine(Place, "kata/sb-9/state.json"), """{"state":"ready"}""");
        switch (Condition)
        {
            case "locked":
                StateStore holder = await HoldAsync();
                _holders.Add(await holder.LockAsync("sb-2"));
                break;
            case "faulted":
                _ = await HoldAsync();
                Overwrite("store/run/.safestore/words", 0, BitConverter.GetBytes(0x4641554C54454421));
                break;
            case "rich":
                await CommitAsync(await HoldAsync(), s_rich);
                Overwrite("store/run/sb-2/damaged.json", 0, "x"u8);
                await File.WriteAllTextAsync(Path.Combine(Store, "run/sb-2/edited.json"), "{}");
                File.SetUnixFileMode(Path.Combine(Store, "run/.safestore/root.json"), (UnixFileMode)0b110_100_110); // doctor tells of it
                break;
            case "pending":
                await File.WriteAllTextAsync(Path.Combine(Store, "run/sb-1/state.json"), "{}");
                break;
            case "log":
                Overwrite(Log, 0, [1, 2, 3, 4]);
                break;
            case "word":
                Overwrite("store/run/sb-2/lock", 0, [1, 2, 3, 4]);
                break;
            case "parked":
                File.Delete(Path.Combine(Store, "run/sb-1/state.json"));
                _ = Directory.CreateDirectory(Path.Combine(Store, "run/sb-1/state.json/in-the-way"));
                await DieAfterAsync("""{"sandbox":"sb-2","ops":[{"put":"other.json","value":{"n":3}}]}""");
                break;
            case "newer":
                await ShellAsync("""
                    sed -i 's/"format": 2/"format": 3/' place/store/*/.safestore/root.json place/store/config/.safestore/store.json
                    sed -i 's/"format": *1/"format": 9/' place/backups/0*/manifest.json
                    (cd place/backups/0*/ && sha256sum manifest.json > manifest.json.sha256)
                    """);
                break;
            case "newer-log":
                byte[] header = (await File.ReadAllBytesAsync(Log))[..120];
                BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), 2);
                BinaryPrimitives.WriteUInt64LittleEndian(header, XxHash3.HashToUInt64(header.AsSpan(8)));
                Overwrite(Log, 0, header);
                break;
        }
    }

    private async Task<StateStore> HoldAsync()
    {
        StateStore holder = await StateStore.OpenAsync(StoreLayout.At(Store));
        _holders.Add(holder);
        await CommitAsync(holder, Third);
        return holder;
    }

    /// <summary>The store as a kill leaves it after this transaction: the log has it.</summary>
    private async Task DieAfterAsync(string line)
    {
        await using (StateStore store = await StateStore.OpenAsync(StoreLayout.At(Store)))
        {
            await CommitAsync(store, line);
            await ShellAsync("cp -a --sparse=always place killed");
        }

        await ShellAsync("rm -r place && mv killed place");
    }

    private static async Task CommitAsync(StateStore store, params string[] lines)
    {
        var target = new StoreTarget(store);
        foreach (string line in lines)
        {
            await target.CommitAsync(TransactionParser.Parse(Encoding.UTF8.GetBytes(line)), TestContext.Current.CancellationToken);
        }
    }

    private void Overwrite(string path, int at, ReadOnlySpan<byte> bytes)
    {
        using FileStream file = new(
            Path.Combine(Place, path), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)
        { Position = at };
        file.Write(bytes);
    }

    private async Task ShellAsync(string script)
    {
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["-euc", script]) { WorkingDirectory = _temp })!;
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, shell.ExitCode);
    }
}

/// <summary>What a command did; <paramref name="Changed"/> has what is not as it was.</summary>
public sealed record MatrixResult(string Command, int Code, string Output, string Errors, string Changed);
