using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore;
using SafeStore.Sandboxes;

namespace Minirun;

/// <summary>The state in SafeStore: a sandbox for each container, with one document. Intents are durable on return.</summary>
internal sealed class SafeStoreState : IState
{
    private static readonly DocumentKind<Container> Document =
        DocumentKind.OfSandbox("container.json", StoreRoot.Config, Json.Default.Container);

    private readonly SandboxStore _store;

    private SafeStoreState(SandboxStore store) => _store = store;

    public static async Task<IState> OpenAsync(string directory, Undo undo)
    {
        UndoHandlers handlers = Effect.All.Aggregate(
            UndoHandlers.None,
            (handlers, effect) => handlers.With(effect, Json.Default.String, async (target, _, _) => await undo(effect, target)));
        return new SafeStoreState(
            await SandboxStore.OpenAsync(StoreLayout.At(directory), new SandboxStoreOptions { Undo = handlers }));
    }

    public IReadOnlyList<Container> List() => [.. _store.Store.ReadAll(Document).Select(static read => read.Value).OfType<Container>()];

    public async Task<ITurn> LockNewAsync(string id) => new Turn(await _store.LockNewAsync(id));

    public async Task<ITurn> LockAsync(string id) => new Turn(await _store.LockAsync(id));

    public async Task UndoAllAsync()
    {
        foreach (UndoResult result in (await _store.UndoAllAsync()).Where(static each => each.Error is not null))
        {
            await Console.Error.WriteLineAsync(result.Error!.Message); // the next request for it tries again
        }
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private sealed class Turn(ModelLock sandbox) : ITurn
    {
        public Container Container =>
            sandbox.Read(Document) ?? throw new MinirunException($"The container '{sandbox.Sandbox}' has no document.");

        public async Task IntendAsync(string effect, string target) => await sandbox.IntendAsync(effect, target, Json.Default.String);

        public async Task SaveAsync(Container container) => await sandbox.Change().Put(Document, container).Complete().CommitAsync();

        public async Task RemoveAsync() => await sandbox.Change().RemoveSandbox().CommitAsync();

        public async Task UndoAsync() => await sandbox.UndoAsync();

        public ValueTask DisposeAsync() => sandbox.DisposeAsync();
    }
}
