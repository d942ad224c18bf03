using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Demo;

/// <summary>
/// Writers work on a store, and one after the other is killed at a random moment; each time this process takes the locks of all sandboxes,
/// which resolves what the dead one left, and looks. Every tenth time all writers die, and the next open recovers.
/// </summary>
internal sealed class DemoRun(StoreLayout layout, int kills, int writers, Random random, Action<int> onProgress) : IAsyncDisposable
{
    private const int RoundsPerExtinction = 10;
    private const int DelayMillisecondsMax = 25;

    private readonly List<WriterProcess> _writers = [];
    private readonly Ledger _ledger = new();
    private StateStore? _store;
    private IReadOnlyList<string> _sandboxes = [];

    public DemoResult Result { get; } = new();

    public long Commits => _ledger.Commits;

    public async Task RunAsync(CancellationToken stop)
    {
        await using (SandboxStore fresh = await SandboxStore.OpenAsync(layout, cancellationToken: stop))
        {
            _sandboxes = await SampleTree.BesideTheTool(new PosixFileSystem().Files).LoadAsync(fresh);
        }

        _store = await StateStore.OpenAsync(layout, cancellationToken: stop);
        _writers.AddRange(Enumerable.Range(1, writers).Select(StartWriter));
        for (int round = 1; Result.Kills < kills; round++)
        {
            if (round % RoundsPerExtinction == 0)
            {
                await KillAllAsync(stop);
            }
            else
            {
                await KillOneAsync(stop);
            }

            onProgress(Result.Kills);
        }

        await Task.WhenAll(_writers.Select(static writer => writer.FinishAsync()));
        _writers.ForEach(Count);
        _writers.Clear();
        await ReopenAsync(stop);
        await CheckAsync(stop);
        Count(_store!);
    }

    public async ValueTask DisposeAsync()
    {
        _writers.ForEach(static writer => writer.Dispose());
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }

    private async Task KillOneAsync(CancellationToken stop)
    {
        int victim = await ChooseAsync(stop);
        await KillAsync(_writers[victim]);

        // The next one starts while the others work on and this process looks: it has nothing to wait for.
        _writers[victim] = StartWriter(victim + 1);
        await CheckAsync(stop);
    }

    private async Task KillAllAsync(CancellationToken stop)
    {
        // With this process out too, no process has the store open when the last writer is dead.
        await CloseAsync();
        await ChooseAsync(stop);
        foreach (WriterProcess writer in _writers)
        {
            await KillAsync(writer);
        }

        await ReopenAsync(stop);
        Result.Recoveries++;
        await CheckAsync(stop);
        for (int i = 0; i < _writers.Count; i++)
        {
            _writers[i] = StartWriter(i + 1);
        }
    }

    /// <summary>Waits for a random moment of a writer that is at work; one that is still starting is not worth to be killed.</summary>
    private async Task<int> ChooseAsync(CancellationToken stop)
    {
        await Task.WhenAny(_writers.Select(static writer => writer.AtWork)).WaitAsync(stop);
        await Task.Delay(TimeSpan.FromMilliseconds(random.NextDouble() * DelayMillisecondsMax), stop);
        foreach (WriterProcess writer in _writers)
        {
            await writer.ThrowIfEndedAsync();
        }

        int[] atWork = [.. Enumerable.Range(0, _writers.Count).Where(i => _writers[i].AtWork.IsCompleted)];
        return atWork[random.Next(atWork.Length)];
    }

    private async Task KillAsync(WriterProcess writer)
    {
        await writer.KillAsync();
        Result.Kills++;
        Count(writer);
        writer.Dispose();
    }

    private async Task CheckAsync(CancellationToken stop)
    {
        var check = new SandboxCheck(_store!, _ledger, Result);
        foreach (string sandbox in _sandboxes)
        {
            await check.RunAsync(sandbox, stop);
        }

        Result.Checks++;
    }

    private WriterProcess StartWriter(int writer) => WriterProcess.Start(layout, writer, random.Next(), _ledger);

    private async Task ReopenAsync(CancellationToken stop)
    {
        await CloseAsync();
        _store = await StateStore.OpenAsync(layout, cancellationToken: stop);
    }

    private async Task CloseAsync()
    {
        if (_store is not null)
        {
            Count(_store);
            await _store.DisposeAsync();
            _store = null;
        }
    }

    private void Count(StateStore store)
    {
        Result.RolledForward += store.Statistics.RolledForward;
        Result.RolledBack += store.Statistics.RolledBack;
    }

    private void Count(WriterProcess writer)
    {
        Result.RolledForward += writer.RolledForward;
        Result.RolledBack += writer.RolledBack;
    }
}
