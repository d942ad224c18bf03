using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.Operations;
using SafeStore.Testing;

namespace SafeStore.Cli.Apply;

/// <summary>
/// Tries lines on a store in memory, by the engine itself: what they name is there as it is in the store, without the documents' contents,
/// and what earlier lines have done to it. One line at a time.
/// </summary>
internal sealed class DryRunTarget : IApplyTarget, IAsyncDisposable
{
    private readonly StoreView? _view; // null if there is no store yet
    private readonly StateStore _store;
    private readonly StoreTarget _target;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<string, Lsn?> _versions = new(StringComparer.Ordinal); // null: not known, or changed by a line

    private DryRunTarget(StoreView? view, StateStore store)
    {
        _view = view;
        _store = store;
        _target = new StoreTarget(store);
    }

    public static async Task<DryRunTarget> OpenAsync(StoreLayout layout, StoreOptions options, CancellationToken stop)
    {
        SimulatedProcess process = new SimulatedMachine().Start();
        StateStore store = await StateStore.OpenAsync(
            StoreLayout.Kata("/"),
            options with
            {
                FileSystem = process.FileSystem,
                TimeProvider = process.Clock,
                CheckpointInterval = Timeout.InfiniteTimeSpan,
                Opening = StoreOpening.OpenOrCreate,
            },
            stop);
        try
        {
            return new DryRunTarget(StoreView.Open(layout, options), store);
        }
        catch (NotFoundException)
        {
            return new DryRunTarget(null, store);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>What is wrong with the store that the lines are meant for.</summary>
    public IReadOnlyList<StoreProblem> ReadProblems() => _view?.ReadCondition().Problems ?? [];

    public async Task<Answer> CommitAsync(TransactionRequest request, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            foreach (SandboxRequest sandbox in request.Sandboxes)
            {
                await CopyAsync(sandbox.Sandbox, stop);
                if (sandbox.Required is { } required && _versions.GetValueOrDefault(sandbox.Sandbox) is { } version && version != required)
                {
                    throw new VersionConflictException(sandbox.Sandbox, required, version);
                }
            }

            _ = await _target.CommitAsync(
                new TransactionRequest([.. request.Sandboxes.Select(static each => each with { Required = null })]), stop);
            foreach (SandboxRequest sandbox in request.Sandboxes)
            {
                _versions[sandbox.Sandbox] = null;
            }

            return new Answer(null) { IsDryRun = true };
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _view?.Dispose();
        _turn.Dispose();
    }

    private async Task CopyAsync(string sandbox, CancellationToken stop)
    {
        if (_view is null || _versions.ContainsKey(sandbox) || Find(sandbox) is not { } entry)
        {
            return;
        }

        await using SandboxLock held = await _store.LockNewAsync(sandbox, cancellationToken: stop);
        SandboxChange change = held.Change();
        foreach (string container in entry.Containers)
        {
            change.CreateContainer(container);
        }

        foreach (DocumentId document in entry.Documents.Select(static each => each.Document))
        {
            change.PutJson(document.Root, document.Container, document.File, "{}"u8);
        }

        if (!MayBeRemoved(sandbox))
        {
            change.PutJson(StoreRoot.Config, null, IntentRules.File, "null"u8); // which does not tell
        }

        await change.CommitAsync(stop);
        _versions.Add(sandbox, entry.Version);
    }

    private SandboxEntry? Find(string sandbox)
    {
        try
        {
            return _view!.ReadSandbox(sandbox);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    private bool MayBeRemoved(string sandbox)
    {
        try
        {
            _view!.CheckRemoval(sandbox);
            return true;
        }
        catch (SafeStoreException)
        {
            return false; // whatever it is, it refuses the removal
        }
    }
}
