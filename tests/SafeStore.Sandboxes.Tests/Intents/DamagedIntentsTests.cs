using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Intents;

/// <summary>A record of intents that is damaged or too large harms nothing else, and its sandbox can be locked and removed.</summary>
public sealed class DamagedIntentsTests : IDisposable
{
    private const string Good =
        """{"Creating":false,"Next":2,"Intents":[{"Number":1,"Kind":"netns","Payload":null,"Attempts":0,"LastError":null}]}""";

    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    public static TheoryData<string> Damaged =>
    [
        "",
        "{",
        "\0\0\0",
        "[]",
        "7",
        """{"Intents":[null]}""",
        """{"Intents":[{"Number":1,"Kind":"netns"},null]}""",
        """{"Intents":[7]}""",
        """{"Intents":{}}""",
        """{"Next":2,"Intents":[{"Number":1,"Kind":null}]}""",
        """{"Next":2,"Intents":[{"Number":1,"Kind":"netns"},{"Number":1,"Kind":"mount"}]}""",
        """{"Next":2,"Intents":[{"Number":9223372036854775807,"Kind":"netns"}]}""",
        """{"Next":9223372036854775807,"Intents":[]}""",
        """{"Next":2,"Intents":[{"Number":1,"Kind":"\ud800"}]}""",
        """{"Next":2,"Intents":[{"Number":1,"Kind":"a","Kind":"b"}]}""",
        new string('[', 100),
    ];

    [Theory]
    [MemberData(nameof(Damaged))]
    public async Task A_damaged_record_is_an_error_in_its_sandbox_s_status_and_nowhere_else(string json)
    {
        await using SandboxStore store = await OpenWithAsync(json);

        SandboxStatus damaged = store.ReadStatuses()[0];
        SandboxStatus other = store.ReadStatuses()[1];

        Assert.Equal("intents.json", Assert.IsType<DocumentCorruptException>(Assert.Single(damaged.Errors)).Document.File);
        Assert.Equal((Lifecycle.Ready, 2), (damaged.Lifecycle, damaged.Containers.Count));
        Assert.Empty(other.Errors);
        Assert.Equal(damaged.Errors.Count, (await store.ReadStatusAsync("sb-1")).Errors.Count);
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public async Task A_sandbox_with_a_damaged_record_is_read_changed_and_removed_by_a_lock_that_keeps_intents(string json)
    {
        await using SandboxStore store = await OpenWithAsync(json);
        await Assert.ThrowsAsync<DocumentCorruptException>(async () => await store.LockAsync("sb-1"));

        await using (ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep))
        {
            Assert.Throws<DocumentCorruptException>(() => held.Intents);
            Assert.Throws<DocumentCorruptException>(() => held.IsCreating);
            await Assert.ThrowsAsync<DocumentCorruptException>(
                async () => await held.IntendJsonAsync("netns", JsonElement.Parse("null"u8)));
            await Assert.ThrowsAsync<DocumentCorruptException>(async () => await held.UndoAsync());
            await held.Change().Put(held.Model.SandboxState, new State { Lifecycle = Lifecycle.Stopped }).CommitAsync();
            Assert.Equal(json, await File.ReadAllTextAsync(_test.ConfigPath("sb-1/intents.json")));
            Assert.Equal(Lifecycle.Stopped, held.Read(held.Model.SandboxState)!.Lifecycle);
            await held.Change().RequireRemovable().RemoveSandbox().CommitAsync();
        }

        Assert.Equal("sb-2", Assert.Single(store.ReadStatuses()).Id);
        await store.CreateAsync(new NewSandbox("sb-1"));
        Assert.Empty(store.ReadStatuses()[0].Errors);
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public async Task A_damaged_record_is_forgotten_by_the_change_that_completes_everything(string json)
    {
        await using SandboxStore store = await OpenWithAsync(json);

        await using (ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep))
        {
            await held.Change().Complete().CommitAsync();
            Assert.Empty(held.Intents);
        }

        await (await store.LockAsync("sb-1")).DisposeAsync();
        Assert.Empty(store.ReadStatuses()[0].Errors);
    }

    [Fact]
    public async Task A_sandbox_with_a_damaged_record_is_not_created_again()
    {
        await using SandboxStore store = await OpenWithAsync("{");

        await Assert.ThrowsAsync<AlreadyExistsException>(async () => await store.CreateAsync(new NewSandbox("sb-1")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_record_that_is_no_file_does_not_stop_the_removal_of_its_sandbox(bool isLink)
    {
        await using SandboxStore store = await OpenWithAsync(null);
        string path = _test.ConfigPath("sb-1/intents.json");
        _ = isLink ? File.CreateSymbolicLink(path, "/etc/hostname") : (FileSystemInfo)Directory.CreateDirectory(path);

        Assert.NotEmpty(store.ReadStatuses()[0].Errors);
        await using ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep);
        await held.Change().RemoveSandbox().CommitAsync();

        Assert.Equal("sb-2", Assert.Single(store.ReadStatuses()).Id);
    }

    [Fact]
    public async Task A_number_that_is_in_use_is_not_given_out_again_whatever_the_record_says()
    {
        await using SandboxStore store = await OpenWithAsync("""{"Next":1,"Intents":[{"Number":5,"Kind":"netns"}]}""");
        await using ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep);

        Intent intent = await held.IntendJsonAsync("mount", JsonElement.Parse("null"u8));
        await held.Change().Complete(intent).CommitAsync();

        Assert.Equal(6, intent.Number);
        Assert.Equal(5, Assert.Single(held.Intents).Number);
    }

    [Fact]
    public async Task Attempts_do_not_overflow()
    {
        await using SandboxStore store =
            await OpenWithAsync("""{"Next":2,"Intents":[{"Number":1,"Kind":"netns","Attempts":2147483647}]}""", Failing("busy"));

        UndoFailedException failure = await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockAsync("sb-1"));

        Assert.Equal(int.MaxValue, failure.Intent.Attempts);
    }

    [Fact]
    public async Task An_intent_that_is_recorded_leaves_room_for_the_failures_of_its_undoing()
    {
        StoreOptions options = _test.Options with { DocumentBytesMax = 16 * 1024 };
        await using SandboxStore store =
            await OpenWithAsync(null, Failing(string.Concat(Enumerable.Repeat("\U0001F600\u0001", 5000))), options);
        int recorded = 0;
        await using (ModelLock held = await store.LockAsync("sb-1"))
        {
            for (int length = options.DocumentBytesMax; length > 0; length -= 100)
            {
                try
                {
                    await held.IntendJsonAsync("netns", JsonElement.Parse($"\"{new string('x', length)}\""));
                    recorded++;
                    break;
                }
                catch (DocumentTooLargeException)
                {
                    Assert.Empty(held.Intents);
                }
            }
        }

        for (int attempt = 1; attempt <= 3; attempt++)
        {
            UndoFailedException failure = await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockAsync("sb-1"));
            Assert.Equal(attempt, failure.Intent.Attempts);
            Assert.Equal(
                (attempt, 256),
                    (store.ReadStatuses()[0].Intents[0].Attempts, store.ReadStatuses()[0].Intents[0].LastError!.EnumerateRunes().Count()));
        }

        Assert.Equal(1, recorded);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(40)]
    public async Task A_record_without_room_for_its_progress_is_undone_all_the_same(int room)
    {
        string json = Good.Replace("null,\"Attempts\":0", $"\"{new string('x', 5000)}\",\"Attempts\":9", StringComparison.Ordinal);
        StoreOptions options = _test.Options with { DocumentBytesMax = json.Length + room };
        bool isBroken = true;
        UndoHandlers undo =
            UndoHandlers.None.With(
            "netns", (_, _) => isBroken ? throw new IOException("the device is busy, and will be for a while") : Task.CompletedTask);
        await using SandboxStore store = await OpenWithAsync(json, undo, options);

        UndoFailedException failure = await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockAsync("sb-1"));
        isBroken = false;
        await (await store.LockAsync("sb-1")).DisposeAsync();

        Assert.Contains("busy", failure.Message, StringComparison.Ordinal);
        Assert.Empty(store.ReadStatuses()[0].Intents);
    }

    [Fact]
    public async Task A_record_over_the_limit_is_one_error_and_its_sandbox_can_be_removed()
    {
        await using SandboxStore store = await OpenWithAsync(Good, options: _test.Options with { DocumentBytesMax = 100 });

        Assert.IsType<DocumentTooLargeException>(
            store.ReadStatuses()[0].Errors.Single(static error => error.Message.Contains("intents.json", StringComparison.Ordinal)));
        await using ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep);
        await held.Change().RemoveSandbox().CommitAsync();
        Assert.Equal("sb-2", Assert.Single(store.ReadStatuses()).Id);
    }

    [Fact]
    public async Task A_text_of_a_failure_that_cannot_be_written_does_not_hide_the_failure()
    {
        await using SandboxStore store = await OpenWithAsync(Good, Failing("broken \ud800 text"));

        UndoFailedException failure = await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockAsync("sb-1"));

        Assert.Equal("broken \ufffd text", failure.Intent.LastError);
        Assert.Equal("broken \ufffd text", store.ReadStatuses()[0].Intents[0].LastError);
    }

    [Fact]
    public async Task A_sandbox_whose_intents_cannot_be_undone_is_removed_by_one_change_that_completes_them()
    {
        await using SandboxStore store = await OpenWithAsync(Good);
        await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockAsync("sb-1"));

        await using ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep);
        Assert.Throws<InvalidOperationException>(() => held.Change().RemoveSandbox());
        await held.Change().Complete().RemoveSandbox().CommitAsync();

        Assert.Equal("sb-2", Assert.Single(store.ReadStatuses()).Id);
    }

    private static UndoHandlers Failing(string message) => UndoHandlers.None.With("netns", (_, _) => throw new IOException(message));

    /// <summary>A store with two sandboxes, of which the first has this record.</summary>
    private async Task<SandboxStore> OpenWithAsync(string? json, UndoHandlers? undo = null, StoreOptions? options = null)
    {
        await using (SandboxStore store = await _test.OpenAsync())
        {
            foreach (string id in new[] { "sb-1", "sb-2" })
            {
                await store.CreateAsync(
                    new NewSandbox(
                    id)
                    { State = new State { Lifecycle = Lifecycle.Ready }, Containers = [new NewContainer("a"), new NewContainer("b")] });
            }
        }

        if (json is not null)
        {
            await File.WriteAllTextAsync(_test.ConfigPath("sb-1/intents.json"), json);
        }

        return await _test.OpenAsync(undo, options: options);
    }
}
