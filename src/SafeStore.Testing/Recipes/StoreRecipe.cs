using System;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

namespace SafeStore.Testing.Recipes;

/// <summary>A store: each version is one transaction.</summary>
internal sealed record StoreRecipe() : Recipe("SafeStore", "One transaction, whatever it changes.")
{
    private static readonly StoreInvariants s_invariants = new(StoreLayout.At("/store"), new StoreOptions { SegmentBytes = 64 * 1024 });

    public override async ValueTask PrepareAsync(SimulatedProcess process)
    {
        StateStore store = await s_invariants.OpenAsync(process).ConfigureAwait(false);
        await CommitAsync(store, SampleSandbox.Versions[0], isNew: true).ConfigureAwait(false);
        await store.DisposeAsync().ConfigureAwait(false);
    }

    public override async ValueTask PerformAsync(CrashRun run, Action ready)
    {
        StateStore store = await s_invariants.OpenAsync(run.Process).ConfigureAwait(false);
        ready();
        foreach (SampleVersion version in SampleSandbox.Versions.Skip(1))
        {
            run.Begin(version);
            await CommitAsync(store, version, isNew: false).ConfigureAwait(false);
            run.Acknowledge(version);
        }
    }

    public override async ValueTask<Recovered> RecoverAsync(CrashState state)
    {
        StateStore store = await s_invariants.RecoverAsync(state).ConfigureAwait(false);
        ImmutableDictionary<string, string> found = store.ListDocuments(SampleSandbox.Name).ToImmutableDictionary(
            static document => document.Container is null ? document.File : $"{document.Container}/{document.File}",
            document => Encoding.Latin1.GetString(store.ReadJson(document) ?? []));
        return new Recovered(found, []);
    }

    private static async ValueTask CommitAsync(StateStore store, SampleVersion version, bool isNew)
    {
        SandboxLocks locks = await store.LockManyAsync([new SandboxTarget(SampleSandbox.Name, isNew)]).ConfigureAwait(false);
        await using (locks.ConfigureAwait(false))
        {
            Transaction transaction = locks.Change();
            SandboxChange change = transaction.For(SampleSandbox.Name);
            foreach (string container in version.Changed.Select(static document => document.Container).OfType<string>().Distinct()
                .Except(isNew ? [] : store.ListContainers(SampleSandbox.Name)))
            {
                change.CreateContainer(container);
            }

            foreach (SampleDocument document in version.Changed)
            {
                change.PutJson(StoreRoot.Run, document.Container, document.File, Encoding.UTF8.GetBytes(document.Text));
            }

            _ = await transaction.CommitAsync().ConfigureAwait(false);
        }
    }
}
