using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

public sealed class TransactionTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_transaction_over_roots_containers_and_sandboxes_is_there_after_reopening()
    {
        await using (StateStore store = await _test.OpenAsync())
        {
            await store.CreateAsync("sb-1", static change => change.CreateContainer("old").PutText(StoreRoot.Run, null, "gone.json", "1"));
            await store.CreateAsync("sb-2");
            await using SandboxLocks locks =
                await store.LockManyAsync([SandboxTarget.New("sb-3"), SandboxTarget.Existing("sb-2"), SandboxTarget.Existing("sb-1")]);
            Transaction transaction = locks.Change();
            transaction.For("sb-1").Remove(StoreRoot.Run, null, "gone.json").RemoveContainer("old").CreateContainer("web")
                .PutText(StoreRoot.Run, "web", "state.json", "11").PutText(StoreRoot.Config, "web", "config.json", "12");
            transaction.For("sb-2").RemoveSandbox();
            transaction.For("sb-3").PutText(StoreRoot.Config, null, "config.json", "31");
            await transaction.CommitAsync();
            Check(store);
        }

        await using StateStore again = await _test.OpenAsync();
        Check(again);

        void Check(StateStore store)
        {
            Assert.Equal(["sb-1", "sb-3"], store.ListSandboxes());
            Assert.Equal(["web"], store.ListContainers("sb-1"));
            Assert.Equal(
                new Dictionary<string, string>
                {
                    ["config:sb-1/web/config.json"] = "12",
                    ["run:sb-1/web/state.json"] = "11",
                    ["config:sb-3/config.json"] = "31"
                },
                store.ReadEverything());
            Assert.Equal("11", File.ReadAllText(_test.PathOf(StoreRoot.Run, "sb-1/web/state.json")));
        }
    }

    [Fact]
    public async Task Lsns_rise_and_the_lock_knows_the_last()
    {
        await using StateStore store = await _test.OpenAsync();
        Lsn first = await store.CreateAsync("sb-1");
        Lsn second = await store.CreateAsync("sb-2");
        Lsn third = await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
        Assert.Equal([new Lsn(1), new Lsn(2), new Lsn(3)], [first, second, third]);
        await using SandboxLock held = await store.LockAsync("sb-1");
        Assert.Equal(third, held.Version);
        Assert.Equal(third, await held.Change().CommitAsync()); // an empty transaction changes nothing
    }

    [Fact]
    public async Task The_last_operation_on_a_document_wins()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb-1", static change => change
            .PutText(StoreRoot.Run, null, "a", "1").PutText(StoreRoot.Run, null, "a", "2").PutText(StoreRoot.Run, null, "b", "1")
                .Remove(StoreRoot.Run, null, "b")
            .CreateContainer("c").PutText(StoreRoot.Run, "c", "a", "1").RemoveContainer("c"));
        Assert.Equal(new Dictionary<string, string> { ["run:sb-1/a"] = "2" }, store.ReadEverything());
        Assert.Empty(store.ListContainers("sb-1"));
    }

    [Fact]
    public async Task A_required_version_that_has_passed_is_a_conflict_without_trace()
    {
        await using StateStore store = await _test.OpenAsync();
        Lsn read = await store.CreateAsync("sb-1");
        Lsn now = await store.ChangeAsync("sb-1", change => change.RequireVersion(read).PutText(StoreRoot.Run, null, "a", "1"));
        SortedDictionary<string, string> tree = TreeSnapshot.OfStore(_test.Layout);

        VersionConflictException conflict = await Assert.ThrowsAsync<VersionConflictException>(
            () => store.ChangeAsync("sb-1", change => change.RequireVersion(read).PutText(StoreRoot.Run, null, "a", "2")));
        Assert.Equal((read, now), (conflict.Required, conflict.Actual));
        Assert.Equal(tree, TreeSnapshot.OfStore(_test.Layout));
    }

    [Fact]
    public async Task A_transaction_is_committed_once()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb-1");
        SandboxLock held = await store.LockAsync("sb-1");
        SandboxChange change = held.Change().PutText(StoreRoot.Run, null, "a", "1");
        await change.CommitAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await change.CommitAsync());
        Assert.Throws<InvalidOperationException>(() => change.PutText(StoreRoot.Run, null, "a", "2"));
        SandboxChange late = held.Change().PutText(StoreRoot.Run, null, "a", "3");
        await held.DisposeAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await late.CommitAsync());
        Assert.Throws<InvalidOperationException>(held.Change);
        await using SandboxLock shared = await store.LockAsync("sb-1", LockMode.Shared);
        Assert.Throws<InvalidOperationException>(shared.Change);
        Assert.Equal("1", store.ReadText("sb-1", StoreRoot.Run, null, "a"));
    }

    [Fact]
    public async Task A_removed_sandbox_is_not_found_and_can_be_made_anew_without_the_old_documents()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb-1", static change => change.CreateContainer("web").PutText(StoreRoot.Run, null, "old", "1"));
        await using (SandboxLock held = await store.LockAsync("sb-1"))
        {
            await held.Change().RemoveSandbox().CommitAsync();
            await using StateStore other = await _test.OpenAsync();
            await Assert.ThrowsAsync<NotFoundException>(async () => await other.LockAsync("sb-1", timeout: StoreCalls.Once));
            await held.Change().PutText(StoreRoot.Run, null, "new", "2").CommitAsync();
        }

        Assert.Equal(new Dictionary<string, string> { ["run:sb-1/new"] = "2" }, store.ReadEverything());
        Assert.Empty(store.ListContainers("sb-1"));
        await Assert.ThrowsAsync<AlreadyExistsException>(() => store.CreateAsync("sb-1"));
        await store.ChangeAsync("sb-1", static change => change.RemoveSandbox());
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-1"));
    }

    [Fact]
    public async Task Containers_that_exist_or_are_missing_are_refused_without_trace()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb-1", static change => change.CreateContainer("web"));
        SortedDictionary<string, string> tree = TreeSnapshot.OfStore(_test.Layout);
        await Assert.ThrowsAsync<AlreadyExistsException>(() => store.ChangeAsync("sb-1", static change => change.CreateContainer("web")));
        await Assert.ThrowsAsync<NotFoundException>(() => store.ChangeAsync("sb-1", static change => change.RemoveContainer("db")));
        await Assert.ThrowsAsync<NotFoundException>(
            () => store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, "db", "a", "1")));
        await Assert.ThrowsAsync<NotFoundException>(
            () => store.ChangeAsync("sb-1", static change => change.Remove(StoreRoot.Run, "db", "a")));
        await Assert.ThrowsAsync<NotFoundException>(
            () => store.CreateAsync("sb-2", static change => change.PutText(StoreRoot.Run, "db", "a", "1")));
        Assert.Equal(tree, TreeSnapshot.OfStore(_test.Layout));
    }

    [Theory]
    [InlineData(StoreRoot.Run)]
    [InlineData(StoreRoot.Config)]
    public async Task A_document_with_the_name_of_a_container_of_the_same_transaction_is_refused_without_trace(StoreRoot root)
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb-1");
        SortedDictionary<string, string> tree = TreeSnapshot.OfStore(_test.Layout);
        await Assert.ThrowsAsync<AlreadyExistsException>(
            () => store.ChangeAsync("sb-1", change => change.CreateContainer("web").PutText(root, null, "web", "1")));
        await Assert.ThrowsAsync<AlreadyExistsException>(
            () => store.CreateAsync("sb-2", change => change.CreateContainer("web").PutText(root, null, "web", "1")));
        Assert.Equal(tree, TreeSnapshot.OfStore(_test.Layout));
        await store.ChangeAsync("sb-1", change => change.CreateContainer("web").Remove(root, null, "web"));
        Assert.Equal(["web"], store.ListContainers("sb-1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_directory_or_link_in_the_place_of_a_document_is_refused_without_trace(bool link)
    {
        using var outside = new TempDirectory();
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb-1", static change => change.CreateContainer("web"));
        foreach (string path in new[] { _test.PathOf(StoreRoot.Run, "sb-1/a"), _test.PathOf(StoreRoot.Config, "sb-1/web/a") })
        {
            _ = link ? Directory.CreateSymbolicLink(path, outside.Path) : Directory.CreateDirectory(path);
        }

        SortedDictionary<string, string> tree = TreeSnapshot.OfStore(_test.Layout);
        foreach (string? container in new[] { null, "web" })
        {
            StoreRoot root = container is null ? StoreRoot.Run : StoreRoot.Config;
            await Assert.ThrowsAsync<StorageException>(
                () => store.ChangeAsync(
                "sb-1", change => change.PutText(StoreRoot.Run, null, "b", "1").PutText(root, container, "a", "1")));
            await Assert.ThrowsAsync<StorageException>(
                () => store.ChangeAsync("sb-1", change => change.PutText(StoreRoot.Run, null, "b", "1").Remove(root, container, "a")));
        }

        Assert.Equal(tree, TreeSnapshot.OfStore(_test.Layout));
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside.Path));
    }

    [Fact]
    public async Task Documents_from_the_smallest_to_the_largest_are_stored_and_others_refused()
    {
        _test.Options = _test.Options with { DocumentBytesMax = 100_000, SegmentBytes = 16 * 1024 };
        string largest = "\"" + new string('x', 99_998) + "\"";
        await using (StateStore store = await _test.OpenAsync())
        {
            await using (SandboxLock held = await store.LockNewAsync("sb-1"))
            {
                Assert.Throws<ArgumentException>(() => held.Change().PutText(StoreRoot.Run, null, "a", ""));
                Assert.Throws<DocumentTooLargeException>(() => held.Change().PutText(StoreRoot.Run, null, "a", largest + " "));
                await held.Change().PutText(StoreRoot.Run, null, "a", "1").PutText(StoreRoot.Config, null, "b", largest).CommitAsync();
            }

            for (int i = 0; i < 100; i++)
            {
                await store.ChangeAsync(
                    "sb-1", change =>
                    change.PutText(StoreRoot.Run, null, "n", i.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            }

            Assert.Equal(new Lsn(101), await store.CheckpointAsync());
            Assert.InRange(Directory.GetFiles(Path.Combine(_test.Metadata, "log"), "0*.log").Length, 1, 2);
            await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "n", "100"));
        }

        await using StateStore again = await _test.OpenAsync();
        Assert.Equal(
            new Dictionary<string, string> { ["run:sb-1/a"] = "1", ["config:sb-1/b"] = largest, ["run:sb-1/n"] = "100" },
            again.ReadEverything());
        Assert.Equal(new Lsn(103), await again.CreateAsync("sb-2"));
    }

    [Fact]
    public async Task A_lost_volatile_root_takes_its_documents_and_nothing_else()
    {
        using var test = new TestStore(runParent: TempDirectory.SharedMemory);
        Lsn before;
        await using (StateStore store = await test.OpenAsync())
        {
            await store.CreateAsync("sb-1", static change => change.CreateContainer("web")
                .PutText(StoreRoot.Config, null, "config.json", "1").PutText(StoreRoot.Run, null, "state.json", "1")
                    .PutText(StoreRoot.Run, "web", "state.json", "1"));
            before = await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "state.json", "2"));
        }

        Directory.Delete(test.Layout.Run, recursive: true);
        await using StateStore again = await test.OpenAsync();
        Assert.Equal(new Dictionary<string, string> { ["config:sb-1/config.json"] = "1" }, again.ReadEverything());
        Assert.Equal(["sb-1"], again.ListSandboxes());
        await using SandboxLock held = await again.LockAsync("sb-1");
        Assert.True(held.Version >= before, $"{held.Version} after {before}");
        Lsn after = await held.Change().PutText(StoreRoot.Run, "web", "state.json", "3").PutText(StoreRoot.Run, null, "state.json", "3")
            .CommitAsync();
        Assert.True(after > before);
        Assert.Equal("3", again.ReadText("sb-1", StoreRoot.Run, "web", "state.json"));
    }

    [Fact]
    public async Task A_store_that_has_lost_its_volatile_root_opens_again_after_a_first_transaction_that_is_longer_than_a_segment()
    {
        using var test = new TestStore(runParent: TempDirectory.SharedMemory);
        using var run = new TempDirectory(TempDirectory.SharedMemory);
        test.Options = test.Options with { SegmentBytes = 16 * 1024 };
        string large = $"\"{new string('x', 20_000)}\"";
        await using (StateStore store = await test.OpenAsync())
        {
            await store.CreateAsync("sb-1");
        }

        Directory.Delete(test.Layout.Run, recursive: true);
        StoreLayout dead;
        await using (StateStore store = await test.OpenAsync())
        {
            await store.ChangeAsync("sb-1", change => change.PutText(StoreRoot.Config, null, "config.json", large));
            CrashImage.Copy(test.Layout.Run, Directory.CreateDirectory(Path.Combine(run.Path, "run")).FullName);
            dead = StoreLayout.Of(test.CopyAsAfterAKill().Config, Path.Combine(run.Path, "run"));
        }

        await using StateStore again = await StateStore.OpenAsync(dead, test.Options);
        Assert.Equal(large, again.ReadText("sb-1", StoreRoot.Config, null, "config.json"));
    }
}
