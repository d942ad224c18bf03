using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Stores;

/// <summary>
/// Transactions on a store beside a model of it, and the check that belongs to them: after any crash the store holds what the last
/// acknowledged transaction left, or what the one under way was to leave, and nothing between.
/// </summary>
internal sealed class StoreWorkload(StoreInvariants invariants, bool isConfigVolatile, bool isRunVolatile)
{
    private const int CommitAfterEvery = 4;

    /// <summary>
    /// A store with its roots in one filesystem, or with the run root in another; after a power loss a volatile one is empty.
    /// </summary>
    public static StoreWorkload On(PersistenceProfile profile, SimulatedMount? run = null, StoreOptions? options = null) => new(
        new StoreInvariants(run is null ? StoreLayout.At("/store") : StoreLayout.Of("/store/config", run.Path + "/store"), options),
        profile.IsVolatile, (run?.Profile ?? profile).IsVolatile);

    public StoreInvariants Invariants => invariants;

    public async ValueTask PerformAsync(CrashRun run, IReadOnlyList<StoreStep> steps)
    {
        SimulatedProcess process = run.Process;
        StateStore store = await invariants.OpenAsync(process).ConfigureAwait(false);
        StoreModel model = StoreModel.Empty;
        foreach (StoreStep step in steps)
        {
            switch (step)
            {
                case StoreStep.Commit commit:
                    model = await CommitAsync(store, model, commit, run).ConfigureAwait(false);
                    break;
                case StoreStep.Refused refused:
                    model = await RefuseAsync(store, model, refused.Transaction, run).ConfigureAwait(false);
                    break;
                case StoreStep.Checkpoint:
                    _ = await store.CheckpointAsync().ConfigureAwait(false);
                    break;
                case StoreStep.Tick:
                    process.Clock.Advance(TimeSpan.Zero);
                    break;
                case StoreStep.Reopen:
                    await store.DisposeAsync().ConfigureAwait(false);
                    store = await invariants.OpenAsync(process).ConfigureAwait(false);
                    break;
                default:
                    process.Kill();
                    process = run.Machine.Start();
                    store = await invariants.OpenAsync(process).ConfigureAwait(false);
                    break;
            }
        }

        await store.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask CheckAsync(CrashState state)
    {
        StateStore store = await invariants.RecoverAsync(state).ConfigureAwait(false);
        bool isAllLost = isConfigVolatile && state.HasLostPower;
        StoreModel acknowledged = state.Acknowledged.Count > 0 && !isAllLost ? (StoreModel)state.Acknowledged[^1] : StoreModel.Empty;
        StoreModel? begun = state.Begun.Count > state.Acknowledged.Count && !isAllLost ? (StoreModel)state.Begun[^1] : null;
        bool withRun = !(isRunVolatile && state.HasLostPower);
        string actual = Describe(store);
        StoreModel? match = actual == acknowledged.Describe(withRun) ? acknowledged : begun is not null && actual == begun.Describe(withRun)
            ? begun : null;
        if (match is null)
        {
            throw new CrashViolationException(
                $"The store holds\n{actual}which is neither what was acknowledged\n{acknowledged.Describe(withRun)}nor what was under "
                + $"way\n{begun?.Describe(withRun) ?? "(nothing)\n"}");
        }

        await CheckVersionsAsync(store, acknowledged, match).ConfigureAwait(false);
        if ((state.Machine.Options.Seed % CommitAfterEvery) == 0)
        {
            await CheckNextCommitAsync(state, store, match).ConfigureAwait(false);
        }
    }

    /// <summary>A transaction that cannot be staged: when that was said, it will never have been.</summary>
    private static async ValueTask<StoreModel> RefuseAsync(StateStore store, StoreModel model, StoreStep.Commit commit, CrashRun run)
    {
        run.Machine.Faults = new FaultPlan()
            .Add(new FaultRule
            {
                Operations = [Operation.CreateFile],
                Path = "*/scratch/*",
                Skip = commit.Edits.Length - 1,
                Fault = new CallFails(Errno.NoSpace)
            })
            .Add(new FaultRule { Operations = [Operation.CreateFile], Path = "*/new/*.json", Fault = new CallFails(Errno.NoSpace) });
        try
        {
            return await CommitAsync(store, model, commit, run).ConfigureAwait(false);
        }
        catch (StorageException failure) when (failure.Errno == Errno.NoSpace)
        {
            run.Acknowledge(model);
            return model;
        }
        finally
        {
            run.Machine.Faults = new FaultPlan();
        }
    }

    public static async ValueTask<StoreModel> CommitAsync(StateStore store, StoreModel model, StoreStep.Commit commit, CrashRun run)
    {
        SandboxLocks locks = await store.LockManyAsync(TargetsOf(commit, model)).ConfigureAwait(false);
        await using (locks.ConfigureAwait(false))
        {
            Transaction transaction = locks.Change();
            StoreModel after = Build(transaction, model, commit);
            run.Begin(after);
            _ = await transaction.CommitAsync().ConfigureAwait(false);

            // A sandbox that the transaction turned out not to change keeps its version.
            after = new StoreModel(after.Sandboxes.SetItems(locks.Locks.Where(held => after.Sandboxes.ContainsKey(held.Sandbox))
                .Select(held => KeyValuePair.Create(held.Sandbox, after.Sandboxes[held.Sandbox] with { Version = held.Version.Value }))));
            run.Acknowledge(after);
            return after;
        }
    }

    /// <summary>What to lock for a transaction.</summary>
    public static IEnumerable<SandboxTarget> TargetsOf(StoreStep.Commit commit, StoreModel model) =>
        commit.Edits.Select(edit => new SandboxTarget(edit.Sandbox, IsNew: !model.Sandboxes.ContainsKey(edit.Sandbox)));

    /// <summary>Puts the edits into a transaction; what the store should hold after its commit.</summary>
    public static StoreModel Build(Transaction transaction, StoreModel model, StoreStep.Commit commit)
    {
        StoreModel after = model;
        foreach (SandboxEdit edit in commit.Edits)
        {
            SandboxModel? sandbox =
                SandboxEdits.Apply(edit, model.Sandboxes.GetValueOrDefault(edit.Sandbox), transaction.For(edit.Sandbox));
            after = new StoreModel(sandbox is null ? after.Sandboxes.Remove(edit.Sandbox) : after.Sandboxes.SetItem(edit.Sandbox, sandbox));
        }

        return after;
    }

    public static string Describe(StateStore store)
    {
        var text = new StringBuilder();
        foreach (string sandbox in store.ListSandboxes())
        {
            text.Append(sandbox).Append(": ").AppendJoin(' ', store.ListContainers(sandbox)).Append('\n');
            foreach (DocumentId document in store.ListDocuments(sandbox)
                .OrderBy(static document => document.ToString(), StringComparer.Ordinal))
            {
                string json =
                    Encoding.UTF8.GetString(
                    store.ReadJson(document) ?? throw new CrashViolationException($"{document} is listed and cannot be read."));
                text.Append("  ").Append(document).Append(" = ").Append(json.Length > 40 ? json[..40] + json.Length : json).Append('\n');
            }
        }

        return text.ToString();
    }

    private static async ValueTask CheckVersionsAsync(StateStore store, StoreModel acknowledged, StoreModel match)
    {
        foreach (string sandbox in match.Sandboxes.Keys)
        {
            SandboxLock held = await store.LockAsync(sandbox, LockMode.Shared).ConfigureAwait(false);
            long version = held.Version.Value;
            await held.DisposeAsync().ConfigureAwait(false);
            if (acknowledged.Sandboxes.TryGetValue(sandbox, out SandboxModel? known) && version < known.Version)
            {
                throw new CrashViolationException($"The version of {sandbox} went back from {known.Version} to {version}.");
            }
        }
    }

    /// <summary>The store takes the next transaction, and keeps it over a close and a power loss.</summary>
    private async ValueTask CheckNextCommitAsync(CrashState state, StateStore store, StoreModel model)
    {
        var run = new CrashRun(state.Machine);
        string sandbox = model.Sandboxes.Keys.FirstOrDefault() ?? "next";
        StoreModel next = await CommitAsync(
            store, model, new StoreStep.Commit([new SandboxEdit(sandbox, [new Edit.Put(StoreRoot.Config, null, "next.json", 7, 0)])]), run)
            .ConfigureAwait(false);
        state.Machine.LosePower(state.Machine.Options.Seed);
        StateStore again = await invariants.OpenAsync(state.Machine.Start()).ConfigureAwait(false);
        string actual = Describe(again);
        string expected = isConfigVolatile ? "" : next.Describe(withRun: !isRunVolatile);
        if (actual != expected)
        {
            throw new CrashViolationException(
                $"After a further transaction and a power loss the store holds\n{actual}instead of\n{expected}");
        }
    }
}
