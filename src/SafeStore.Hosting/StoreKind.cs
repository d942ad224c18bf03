using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Sandboxes;

namespace SafeStore.Hosting;

/// <summary>How a kind of store is opened, and where its engine is.</summary>
internal sealed record StoreKind<T>(Func<StoreParts, CancellationToken, ValueTask<T>> OpenAsync, Func<T, StateStore> EngineOf);

internal static class StoreKinds
{
    public static StoreKind<StateStore> State { get; } = new(
        static (parts, cancellation) => StateStore.OpenAsync(parts.Settings.ToLayout(), parts.Options, cancellation),
        static store => store);

    public static StoreKind<SandboxStore> Sandbox { get; } = new(
        static (parts, cancellation) => SandboxStore.OpenAsync(
            parts.Settings.ToLayout(),
            new SandboxStoreOptions
            {
                Store = parts.Options,
                Model = parts.Find<SandboxModel>() ?? SandboxModel.Default,
                Undo = parts.Find<UndoHandlers>() ?? UndoHandlers.None,
            },
            cancellation),
        static store => store.Store);
}
