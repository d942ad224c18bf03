using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests;

/// <summary>
/// Names that go from a document to a container, or to another program and back: found by the random scripts and the review that went
/// with them.
/// </summary>
public sealed class NameReuseTests : IAsyncDisposable
{
    private readonly TempDirectory _temp = new();
    private StateStore? _store;

    private string Root => Path.Combine(_temp.Path, "store");

    [Fact]
    public async Task A_document_and_a_container_of_one_name_in_one_transaction_are_refused_before_anything_is_written()
    {
        await CreateAsync();
        await Assert.ThrowsAsync<AlreadyExistsException>(
            () => ChangeAsync(static change => change.CreateContainer("x").PutJson(StoreRoot.Run, null, "x", "1"u8)));
        Assert.Empty(_store!.ListContainers("sb"));
    }

    [Fact]
    public async Task Deleting_a_document_that_does_not_exist_beside_creating_a_container_of_its_name_is_nothing()
    {
        await CreateAsync();
        await ChangeAsync(static change => change.Remove(StoreRoot.Run, null, "x").CreateContainer("x"));
        Assert.Equal(["x"], _store!.ListContainers("sb"));
    }

    [Fact]
    public async Task A_new_sandbox_cannot_remove_a_container()
    {
        await OpenAsync();
        await using SandboxLock held = await _store!.LockNewAsync("sb", cancellationToken: TestContext.Current.CancellationToken);
        SandboxChange change = held.Change().RemoveContainer("x");
        await Assert.ThrowsAsync<NotFoundException>(async () => await change.CommitAsync(TestContext.Current.CancellationToken));
        Assert.Empty(_store.ListSandboxes());
    }

    [Fact]
    public async Task After_a_kill_a_container_with_the_name_of_a_deleted_document_is_recovered()
    {
        await CreateAsync();
        await ChangeAsync(static change => change.PutJson(StoreRoot.Run, null, "x", "1"u8));
        await ChangeAsync(static change => change.Remove(StoreRoot.Run, null, "x"));
        await ChangeAsync(static change => change.CreateContainer("x").PutJson(StoreRoot.Run, "x", "y", "2"u8));
        await KillAsync();
        Assert.Equal("2"u8.ToArray(), _store!.ReadJson(new DocumentId("sb", "x", StoreRoot.Run, "y")));
    }

    [Fact]
    public async Task After_a_power_loss_that_took_back_the_deletion_a_container_of_that_name_is_recovered()
    {
        await CreateAsync();
        await ChangeAsync(static change => change.PutJson(StoreRoot.Run, null, "x", "1"u8));
        await ChangeAsync(static change => change.Remove(StoreRoot.Run, null, "x"));
        await ChangeAsync(static change => change.CreateContainer("x").PutJson(StoreRoot.Run, "x", "y", "2"u8));
        await KillAsync(static root =>
        {
            Directory.Delete(Path.Combine(root, "run", "sb", "x"), recursive: true);
            File.WriteAllText(Path.Combine(root, "run", "sb", "x"), "1");
        });
        Assert.Equal("2"u8.ToArray(), _store!.ReadJson(new DocumentId("sb", "x", StoreRoot.Run, "y")));
    }

    [Fact]
    public async Task A_checkpoint_goes_on_where_a_container_has_become_a_document()
    {
        await CreateAsync();
        await ChangeAsync(static change => change.CreateContainer("x").PutJson(StoreRoot.Run, "x", "y", "1"u8));
        await ChangeAsync(static change => change.RemoveContainer("x"));
        Lsn last = await ChangeAsync(static change => change.PutJson(StoreRoot.Run, null, "x", "2"u8));
        Assert.Equal(last, await _store!.CheckpointAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_committed_to_a_sandbox_that_another_program_has_made_again_survives_a_kill()
    {
        await CreateAsync();
        await ChangeAsync(static change => change.RemoveSandbox());
        Directory.CreateDirectory(Path.Combine(Root, "run", "sb"));
        await ChangeAsync(static change => change.PutJson(StoreRoot.Run, null, "s.json", "7"u8));
        await KillAsync();
        Assert.Equal("7"u8.ToArray(), _store!.ReadJson(new DocumentId("sb", null, StoreRoot.Run, "s.json")));
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        _temp.Dispose();
    }

    private async Task OpenAsync() => _store = await StateStore.OpenAsync(
        StoreLayout.At(Root), new StoreOptions { SegmentBytes = 16 * 1024, CheckpointInterval = Timeout.InfiniteTimeSpan });

    private async Task CreateAsync()
    {
        await OpenAsync();
        await using SandboxLock held = await _store!.LockNewAsync("sb");
        await held.Change().CommitAsync();
    }

    private async Task<Lsn> ChangeAsync(Func<SandboxChange, SandboxChange> fill)
    {
        await using SandboxLock held = await _store!.LockAsync("sb");
        return await fill(held.Change()).CommitAsync();
    }

    /// <summary>Opens a copy of the files as they are while the store is open: what a kill leaves, but for what is done to it.</summary>
    private async Task KillAsync(Action<string>? harm = null)
    {
        string image = Path.Combine(_temp.Path, "image");
        CrashImage.Copy(Root, image);
        await _store!.DisposeAsync();
        Directory.Delete(Root, recursive: true);
        Directory.Move(image, Root);
        harm?.Invoke(Root);
        await OpenAsync();
    }
}
