using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.PropertyTests.Store;

/// <summary>Does a script to a store and to the model, and compares the two after each step.</summary>
internal sealed class Interpreter(World world)
{
    private readonly Dictionary<string, ModelSandbox> _model = new(StringComparer.Ordinal);
    private Lsn _last;

    public static string Json(Step.Put put) => $"{{\"v\":{put.Value},\"pad\":\"{new string('p', put.Size)}\"}}";

    public async Task RunAsync(Script script)
    {
        await world.OpenAsync(0);
        await world.OpenAsync(1);
        foreach (Op op in script.Ops)
        {
            try
            {
                await RunAsync(op);
                Assert.Equal(World.Show(_model), World.Content(world[0]));
                world.CheckFiles();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"at '{op}': {failure.Message}", failure);
            }
        }

        await RunAsync(new Op.Reopen(2));
        Assert.Equal(World.Show(_model), World.Content(world[1]));
        world.CheckFiles();
    }

    private async Task RunAsync(Op op)
    {
        switch (op)
        {
            case Op.Commit commit:
                await CommitAsync(commit);
                break;
            case Op.Checkpoint checkpoint:
                Lsn mark = await world[checkpoint.Process].CheckpointAsync();
                Assert.Equal(_last, mark); // everything is published, so nothing may hold it up
                break;
            case Op.Reopen { Process: 2 }:
                await world.CloseAsync(0);
                await world.CloseAsync(1);
                await world.OpenAsync(1);
                await world.OpenAsync(0);
                break;
            case Op.Reopen reopen:
                await world.CloseAsync(reopen.Process);
                await world.OpenAsync(reopen.Process);
                break;
            case Op.Kill:
                await world.KillAsync();
                break;
            case Op.Snapshot snapshot:
                await SnapshotAsync(snapshot.Sandbox);
                break;
            default:
                throw new NotSupportedException(op.ToString());
        }
    }

    private async Task SnapshotAsync(string sandbox)
    {
        if (!_model.TryGetValue(sandbox, out ModelSandbox? expected))
        {
            await Assert.ThrowsAsync<NotFoundException>(async () => await world[1].SnapshotAsync(sandbox));
            return;
        }

        await using (SandboxLock held = await world[0].LockAsync(sandbox, LockMode.Shared))
        {
            Assert.Equal(expected.Version, held.Version);
            SandboxSnapshot snapshot = await world[1].SnapshotAsync(sandbox, TimeSpan.Zero);
            Assert.Equal(expected.Version, snapshot.Version);
            Assert.Equal(
                expected.Documents.Select(
                document => $"{new DocumentId(sandbox, document.Key.Container, document.Key.Root, document.Key.File)} {document.Value}")
                .Order(StringComparer.Ordinal),
                snapshot.Documents.Select(static document => $"{document.Document} {Encoding.UTF8.GetString(document.Value!)}")
                .Order(StringComparer.Ordinal));
            await Assert.ThrowsAsync<LockTimeoutException>(
                async () => await world[1].LockAsync(sandbox, LockMode.Exclusive, TimeSpan.Zero));
        }
    }

    private async Task CommitAsync(Op.Commit commit)
    {
        Change[] changes = [.. commit.Changes.OrderBy(static change => change.Sandbox, StringComparer.Ordinal)];
        StateStore store = world[commit.Process];
        Change? missing = Array.Find(changes, change => change.IsNew == _model.ContainsKey(change.Sandbox));
        if (missing is not null)
        {
            Exception refused = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await LockAsync(store, changes));
            Assert.IsType(missing.IsNew ? typeof(AlreadyExistsException) : typeof(NotFoundException), refused);
            return;
        }

        await using SandboxLocks locks = await LockAsync(store, changes);
        Transaction transaction = locks.Change();
        var expected =
            changes.ToDictionary(
            static change => change, change => new ModelChange(_model.GetValueOrDefault(change.Sandbox, ModelSandbox.Empty), change.IsNew));
        foreach (Change change in changes)
        {
            foreach (Step step in change.Steps)
            {
                if (expected[change].TryApply(step))
                {
                    Apply(step, transaction.For(change.Sandbox), locks.Locks.Single(held => held.Sandbox == change.Sandbox).Version);
                }
                else
                {
                    // The caller gives up; nothing has touched the disk.
                    Assert.Throws<InvalidOperationException>(() => Apply(step, transaction.For(change.Sandbox), default));
                    return;
                }
            }
        }

        HashSet<Type> errors = [.. expected.Values.SelectMany(static change => change.Errors())];
        Lsn version = default;
        Exception? failure = await Record.ExceptionAsync(async () => version = await transaction.CommitAsync());
        if (errors.Count > 0)
        {
            Assert.True(failure is not null
                && errors.Contains(failure.GetType()),
                $"expected {string.Join(" or ", errors.Select(static type => type.Name))}, got {failure}");
            return;
        }

        Assert.Null(failure);
        Accept(expected, version);
    }

    private void Accept(Dictionary<Change, ModelChange> changes, Lsn version)
    {
        if (changes.Values.Any(static change => !change.IsEmpty))
        {
            Assert.Equal(_last.Next, version); // one LSN per transaction, none left out
            _last = version;
        }

        foreach ((Change change, ModelChange expected) in changes)
        {
            if (expected.After(version) is { } after)
            {
                _model[change.Sandbox] = after;
            }
            else
            {
                _model.Remove(change.Sandbox);
            }
        }
    }

    private static ValueTask<SandboxLocks> LockAsync(StateStore store, Change[] changes) =>
        store.LockManyAsync(changes.Select(static change => new SandboxTarget(change.Sandbox, change.IsNew)));

    public static void Apply(Step step, SandboxChange change, Lsn version)
    {
        switch (step)
        {
            case Step.Put put:
                change.PutJson(put.Root, put.Container, put.File, Encoding.UTF8.GetBytes(Json(put)));
                break;
            case Step.Delete delete:
                change.Remove(delete.Root, delete.Container, delete.File);
                break;
            case Step.CreateContainer create:
                change.CreateContainer(create.Container);
                break;
            case Step.RemoveContainer remove:
                change.RemoveContainer(remove.Container);
                break;
            case Step.RemoveSandbox:
                change.RemoveSandbox();
                break;
            case Step.Require require:
                change.RequireVersion(require.Right ? version : version.Next);
                break;
            default:
                throw new NotSupportedException(step.ToString());
        }
    }
}
