using System;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 4 and 10: a damaged record is told from the end of the log by each reader of the log, whenever it reads.</summary>
public sealed class DamageFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("flipped")]
    [InlineData("zeroed")]
    public async Task A_process_that_joins_takes_a_damaged_record_for_damage_and_overwrites_nothing_behind_it(string how)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess living = ChildProcess.Open(layout);
        _ = living.Expect("put sb-1 1 damage-me 1");
        _ = living.Expect("put sb-2 1 kept-1 1");
        _ = living.Expect("put sb-2 1 kept-2 1");
        Damage(layout, "damage-me", how);
        await AssertJoinerIsRefusedAsync(layout, living);
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("zeroed")]
    public async Task A_process_that_joins_does_not_take_a_damaged_last_record_for_the_end_when_a_living_process_has_acknowledged_it(
        string how)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess living = ChildProcess.Open(layout);
        _ = living.Expect("put sb-2 1 kept-1 1");
        _ = living.Expect("put sb-1 1 damage-me 1");
        Damage(layout, "damage-me", how);
        await AssertJoinerIsRefusedAsync(layout, living);
    }

    /// <summary>It has joined before the damage, and reads on from where it was last.</summary>
    [Theory]
    [InlineData("flipped")]
    [InlineData("zeroed")]
    public async Task A_process_that_reads_on_takes_a_damaged_record_for_damage_and_overwrites_nothing_behind_it(string how)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess living = ChildProcess.Open(layout);
        using ChildProcess reader = ChildProcess.Open(layout);
        _ = reader.Expect("put sb-1 1 before 1");
        _ = living.Expect("put sb-1 1 damage-me 1");
        _ = living.Expect("put sb-2 1 kept 1");
        Damage(layout, "damage-me", how);
        byte[] before = Files.Bytes(Metadata.Segment(layout));
        Assert.StartsWith("error LogCorruptException", reader.Ask("put sb-2 1 over-it 1"));
        _ = living.Kill();
        _ = reader.Kill();
        Assert.Equal(before, Files.Bytes(Metadata.Segment(layout)));
        _ = await Assert.ThrowsAsync<LogCorruptException>(async () => await Sample.OpenAsync(layout));
    }

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public async Task A_lock_that_finishes_a_dead_process_s_transaction_meets_a_break_in_a_sealed_segment_and_does_not_roll_back(
        string where)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        _ = await BreakSealedSegmentAsync(store, where);
        string before = Trees.Of(layout);
        _ = await Assert.ThrowsAsync<LogCorruptException>(async () => await store.LockAsync(Workloads.One));
        _ = await Assert.ThrowsAsync<LogCorruptException>(async () => await store.LockAsync(Workloads.One, LockMode.Shared));
        Assert.Equal(before, Trees.Of(layout));
    }

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public async Task A_checkpoint_meets_a_break_in_a_sealed_segment_and_keeps_it(string where)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        string segment = await BreakSealedSegmentAsync(store, where);
        string before = Trees.Of(layout);
        _ = await Assert.ThrowsAsync<LogCorruptException>(async () => await store.CheckpointAsync());
        Assert.Equal(before, Trees.Of(layout));
        Assert.True(File.Exists(segment));
    }

    /// <summary>The process has written the segment alone: its checkpoints would not read it.</summary>
    [Fact]
    public async Task A_transaction_that_a_living_process_could_not_publish_is_not_torn_for_good_by_a_break_before_its_record()
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        await Sample.PutAsync(store, Workloads.Two, "is-before");
        string segment = Metadata.Segment(layout);
        string document = Path.Combine(layout.Run, Workloads.One, "db", "state.json");
        Scene.Forbid(document);
        _ = await Assert.ThrowsAsync<CommitNotPublishedException>(async () => await Workloads.RunAsync(store, "update"));
        Scene.Allow(document);
        while (Metadata.Segment(layout) == segment)
        {
            await Sample.PutAsync(store, Workloads.Two, "value");
        }

        Damage(segment, "is-before", "flipped", []);
        Exception? refused = await Record.ExceptionAsync(async () => await store.LockAsync(Workloads.One));
        Assert.True(refused is LogCorruptException || Files.Read(document).Contains("\"new\"", StringComparison.Ordinal),
            $"It is torn, and the lock says: {refused}");
        _ = await Assert.ThrowsAsync<LogCorruptException>(async () => await store.CheckpointAsync());
    }

    /// <summary>Behind the break are records whose documents it would not sync, and whose log it would drop.</summary>
    [Theory]
    [InlineData("first")]
    [InlineData("last")]
    public async Task A_checkpoint_that_reads_what_another_process_has_written_meets_a_break_and_keeps_the_segment(string where)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        using ChildProcess writer = ChildProcess.Open(layout);
        string segment = Metadata.Segment(layout);
        _ = writer.Expect("put sb-2 1 is-first 1");
        string last = "";
        for (int i = 0; Metadata.Segment(layout) == segment; i++)
        {
            string value = $"value-{i:x4}";
            _ = writer.Expect($"put sb-1 1 {value} 1");
            last = Metadata.Segment(layout) == segment ? value : last;
        }

        await Sample.PutAsync(store, Workloads.Two, "has-read-on"); // before the damage: now it knows where the log ends
        Damage(segment, where == "first" ? "is-first" : last, "flipped", []);
        _ = await Assert.ThrowsAsync<LogCorruptException>(async () => await store.CheckpointAsync());
        Assert.True(File.Exists(segment));
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("zeroed")]
    [InlineData("restored")]
    public async Task An_opening_that_misses_the_last_record_of_a_sandbox_which_its_lock_word_knows_is_refused(string how)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using (ChildProcess child = ChildProcess.Open(layout))
        {
            _ = child.Expect("put sb-1 1 earlier 1");
            byte[] older = Files.Bytes(Metadata.Segment(layout));
            _ = child.Expect("put sb-1 1 damage-me 1");
            _ = child.Kill();
            Damage(layout, "damage-me", how, older);
        }

        string before = Trees.Of(layout);
        SafeStoreException refused = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(layout));
        Assert.Contains(Workloads.One, refused.Message);
        Assert.Equal(before, Trees.Of(layout));
    }

    [Fact]
    public async Task An_opening_that_misses_a_whole_segment_which_lock_words_know_is_refused()
    {
        StoreLayout layout = await _scene.SeedAsync();
        using (ChildProcess child = ChildProcess.Open(layout))
        {
            string[] first = Metadata.Segments(layout);
            while (Metadata.Segments(layout).Length == first.Length)
            {
                _ = child.Expect("put sb-1 1 value 1");
            }

            _ = child.Expect("put sb-1 1 last 1");
            _ = child.Kill();
        }

        File.Delete(Metadata.Segment(layout));
        _ = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(layout));
    }

    private static async Task AssertJoinerIsRefusedAsync(StoreLayout layout, ChildProcess living)
    {
        string segment = Metadata.Segment(layout);
        byte[] before = Files.Bytes(segment);
        using var joining = new ChildProcess(layout);
        string answer = joining.Ask("open");
        answer = answer.StartsWith("ok", StringComparison.Ordinal) ? joining.Ask("put sb-2 1 over-it 1") : answer;
        _ = joining.Kill();
        _ = living.Kill();
        Assert.StartsWith("error LogCorruptException", answer);
        Assert.Equal(before, Files.Bytes(segment));
        _ = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(layout));
    }

    /// <summary>
    /// A process dies in the middle of publishing an update of the first sandbox; its segment, which is sealed then, has a damaged
    /// record of
    /// another sandbox before or after it.
    /// </summary>
    private static async Task<string> BreakSealedSegmentAsync(StateStore store, string where)
    {
        StoreLayout layout = store.Layout;
        await Sample.PutAsync(store, Workloads.Two, "is-before");
        string segment = Metadata.Segment(layout);
        Deaths.AtRenames(layout, "workload update", Path.Combine(layout.Config, Workloads.One, "db"), Path.Combine(
            layout.Run, Workloads.One, "db"));
        await Sample.PutAsync(store, Workloads.Two, "is-after");
        Assert.Equal(segment, Metadata.Segment(layout));
        while (Metadata.Segment(layout) == segment)
        {
            await Sample.PutAsync(store, Workloads.Two, "value");
        }

        Damage(segment, "is-" + where, "flipped", []);
        return segment;
    }

    private static void Damage(StoreLayout layout, string value, string how, byte[]? older = null) => Damage(
        Metadata.Segment(layout), value, how, older ?? []);

    private static void Damage(string segment, string value, string how, byte[] older)
    {
        byte[] bytes = Files.Bytes(segment);
        int at = bytes.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes($"\"{value}\""));
        Assert.True(at > 0, value);
        int block = at / 4096 * 4096;
        using var file = new FileStream(segment, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Position = how == "flipped" ? at + 1 : block;
        file.Write(how switch
        {
            "flipped" => [(byte)(bytes[at + 1] ^ 1)],
            "zeroed" => new byte[4096],
            _ => older.AsSpan(block, 4096),
        });
        file.Flush(flushToDisk: true);
    }
}
