using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Tests.Documents;

public sealed class IdentifierTests
{
    private static readonly string s_longest = new('a', 128);

    public static TheoryData<string> Refused =>
    [
        "", ".", "..", "a/b", "/a", "a/", "a\\b", "a\0", "\0", "\u0430", "a\u0430", "ａ", "a\n", "\na", "a\r", "a b", " a", "a ", "-a",
            "_a", ".a",
        "a:b", "a*", "é", "a\u200B", "\uD800", "../a", s_longest + "a", "~", "a\t", "\u0661",
    ];

    public static TheoryData<string> Allowed => ["a", "Z", "0", "sb-1", "a.b", "a..b", "a_", "a-", "a.", "Lock", "lock2", s_longest];

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task An_id_that_is_not_allowed_is_refused_before_the_disk_is_touched(string id)
    {
        using var test = new TestStore();
        await using StateStore store = await test.OpenAsync();
        await store.CreateAsync("sb-1");
        SortedDictionary<string, string> tree = TreeSnapshot.OfStore(test.Layout);

        await Assert.ThrowsAsync<ArgumentException>(async () => await store.LockAsync(id));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.LockNewAsync(id));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.LockManyAsync([SandboxTarget.New(id)]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.SnapshotAsync(id));
        Assert.Throws<ArgumentException>(() => store.ListContainers(id));
        Assert.Throws<ArgumentException>(() => store.ListDocuments(id));
        Assert.Throws<ArgumentException>(() => new DocumentId(id, null, StoreRoot.Run, "a.json"));
        Assert.Throws<ArgumentException>(() => new DocumentId("sb-1", id, StoreRoot.Run, "a.json"));
        Assert.Throws<ArgumentException>(() => new DocumentId("sb-1", null, StoreRoot.Run, id));
        await using (SandboxLock held = await store.LockAsync("sb-1"))
        {
            Assert.Throws<ArgumentException>(() => held.Change().CreateContainer(id));
            Assert.Throws<ArgumentException>(() => held.Change().RemoveContainer(id));
            Assert.Throws<ArgumentException>(() => held.Change().PutText(StoreRoot.Run, id, "a.json", "1"));
            Assert.Throws<ArgumentException>(() => held.Change().PutText(StoreRoot.Run, null, id, "1"));
            Assert.Throws<ArgumentException>(() => held.Change().Remove(StoreRoot.Run, id, "a.json"));
            Assert.Throws<ArgumentException>(() => held.Change().Remove(StoreRoot.Run, null, id));
        }

        Assert.Equal(tree, TreeSnapshot.OfStore(test.Layout));
    }

    [Theory]
    [MemberData(nameof(Allowed))]
    public async Task An_id_that_is_allowed_names_a_sandbox_a_container_and_a_document(string id)
    {
        using var test = new TestStore();
        await using (StateStore store = await test.OpenAsync())
        {
            await store.CreateAsync(
                id, change => change.CreateContainer(id).PutText(StoreRoot.Run, id, id, "1").PutText(StoreRoot.Config, id, id, "2"));
        }

        await using StateStore again = await test.OpenAsync();
        Assert.Equal([id], again.ListSandboxes());
        Assert.Equal([id], again.ListContainers(id));
        Assert.Equal("1", again.ReadText(id, StoreRoot.Run, id, id));
        Assert.Equal("2", await File.ReadAllTextAsync(test.PathOf(StoreRoot.Config, $"{id}/{id}/{id}")));
        await again.ChangeAsync(id, static change => change.RemoveSandbox());
        Assert.Empty(again.ListSandboxes());
    }

    [Fact]
    public void The_names_of_lock_file_and_temp_directory_are_taken_for_documents_and_containers()
    {
        Assert.Throws<ArgumentException>(() => new DocumentId("sb-1", null, StoreRoot.Run, "lock"));
        Assert.Throws<ArgumentException>(() => new DocumentId("sb-1", "web", StoreRoot.Config, "lock"));
        Assert.Throws<ArgumentException>(() => new DocumentId("sb-1", "lock", StoreRoot.Run, "a"));
        Assert.Throws<ArgumentException>(() => new DocumentId("sb-1", "tempDir", StoreRoot.Run, "a"));
        Assert.Throws<ArgumentException>(() => new DocumentId("sb-1", null, StoreRoot.Run, "tempDir"));
        Assert.Throws<ArgumentNullException>(() => new DocumentId(null!, null, StoreRoot.Run, "a"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DocumentId("sb-1", null, (StoreRoot)7, "a"));
    }

    [Fact]
    public async Task A_sandbox_s_directory_for_temp_files_is_no_container_and_survives_a_recovery()
    {
        using var test = new TestStore();
        await using StateStore store = await test.OpenAsync();
        await store.CreateAsync("sb-1", static change => change.PutJson(StoreRoot.Run, null, "state.json", "{}"u8));
        await store.ChangeAsync("sb-1", static change => change.RemoveSandbox());
        await store.CreateAsync("sb-1", static change => change.PutJson(StoreRoot.Run, null, "state.json", "{}"u8));
        Directory.CreateDirectory(test.PathOf(StoreRoot.Run, "sb-1/tempDir"));
        await File.WriteAllTextAsync(test.PathOf(StoreRoot.Run, "sb-1/tempDir/tmp-17"), "VM");

        StoreLayout copy = test.CopyAsAfterAKill();
        await using StateStore recovered = await StateStore.OpenAsync(copy, test.Options);

        Assert.Empty(recovered.ListContainers("sb-1"));
        Assert.Equal("state.json", Assert.Single(recovered.ListDocuments("sb-1")).File);
        Assert.True(File.Exists(Path.Combine(copy.Run, "sb-1/tempDir/tmp-17")));
    }
}
