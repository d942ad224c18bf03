using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 2, 24 and 32: the files that processes meet in are deleted, replaced or shortened while a process lives.</summary>
public sealed class LockFileFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("deleted")]
    [InlineData("moved away")]
    [InlineData("replaced by an empty file")]
    [InlineData("replaced by a copy")]
    public async Task Processes_that_do_not_meet_in_one_lock_file_any_more_give_out_no_LSN_twice_and_lose_nothing(string how)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess old = ChildProcess.Open(layout);
        _ = old.Expect("put sb-1 1 before 1");
        Lose(Metadata.Anchor(layout), how);
        using var young = new ChildProcess(layout);
        bool joined = young.Ask("open").StartsWith("ok", StringComparison.Ordinal);
        var given = new List<string>();
        string last = "before";
        for (int round = 0; round < 3; round++)
        {
            string value = string.Create(CultureInfo.InvariantCulture, $"round-{round}");
            string answer = old.Ask($"put sb-1 1 {value} 1");
            given.Add(answer);
            last = answer.StartsWith("ok", StringComparison.Ordinal) ? value : last;
            if (joined)
            {
                given.Add(young.Ask($"put sb-2 1 {value} 1"));
            }
        }

        given.RemoveAll(static answer => !answer.StartsWith("ok", StringComparison.Ordinal));
        Assert.Equal(given.Distinct(), given);
        _ = old.Kill();
        _ = young.Kill();
        if (await Record.ExceptionAsync(() => AssertSaysAsync(layout, last)) is SafeStoreException refused)
        {
            Assert.Contains(layout.ConfigMetadata, refused.Message); // closed until it is repaired, and it says so
            Assert.IsNotType<LogCorruptException>(refused);
        }
    }

    [Theory]
    [InlineData("anchor deleted")]
    [InlineData("anchor replaced by a copy")]
    [InlineData("words deleted")]
    [InlineData("words replaced by a copy")]
    [InlineData("segment deleted")]
    [InlineData("segment replaced by a copy")]
    [InlineData("log directory moved away")]
    [InlineData("metadata deleted")]
    [InlineData("metadata moved away")]
    [InlineData("root moved away")]
    [InlineData("filesystem mounted over the metadata")]
    public async Task A_commit_into_files_that_have_lost_their_names_is_not_acknowledged(string what)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect("put sb-1 1 before 1");
        Lose(what, layout);
        Assert.StartsWith("error ", child.Ask("put sb-1 1 after 1"));
        Assert.StartsWith("error ", child.Ask("put sb-2 1 after 1"));
    }

    [Theory]
    [InlineData("anchor deleted")]
    [InlineData("metadata deleted")]
    [InlineData("segment replaced by a copy")]
    public async Task A_commit_whose_files_lose_their_names_while_it_is_synced_is_not_acknowledged(string what)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect("put sb-1 1 before 1");
        using var tracer = new Tracer(child, "trace=fdatasync", "inject=fdatasync:delay_enter=100000000");
        child.Send("put sb-1 1 while-it-is-synced 1");
        string segment = Metadata.Segment(layout);
        while (!Files.Read(segment).Contains("while-it-is-synced", StringComparison.Ordinal))
        {
            await Task.Yield(); // the record is written before it is synced
        }

        Lose(what, layout);
        _ = tracer.Detach();
        Assert.StartsWith("error ", child.ReadLine());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(40)]
    public async Task A_process_survives_that_its_shared_words_are_shortened_and_acknowledges_nothing_any_more(int bytes)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect("put sb-1 1 before 1");
        Shorten(Metadata.Words(layout), bytes);
        Assert.StartsWith("error StoreFaultedException", child.Ask("put sb-1 1 after 1"));
        Assert.Contains("old", child.Expect("read sb-1 state.json"));
    }

    [Fact]
    public async Task Several_processes_survive_that_their_shared_words_are_emptied_and_the_next_opener_finds_all_that_was_acknowledged()
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess one = ChildProcess.Open(layout);
        using ChildProcess other = ChildProcess.Open(layout);
        _ = one.Expect("put sb-1 1 acknowledged 1");
        _ = other.Expect("put sb-2 1 acknowledged 1");
        Shorten(Metadata.Words(layout), 0);
        _ = one.Ask("put sb-1 1 acknowledged 1");
        _ = other.Ask("put sb-2 1 acknowledged 1");
        _ = one.Kill();
        _ = other.Kill();
        await AssertSaysAsync(layout, "acknowledged");
    }

    [Fact]
    public async Task A_process_survives_that_its_segment_is_shortened_and_acknowledges_nothing_that_is_lost()
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect("put sb-1 1 before 1");
        Shorten(Metadata.Segment(layout), 4096);
        string answer = child.Ask("put sb-1 1 after 1");
        _ = child.Kill();
        Exception? failure = await Record.ExceptionAsync(
            () => AssertSaysAsync(layout, answer.StartsWith("ok", StringComparison.Ordinal) ? "after" : "before"));
        Assert.True(failure is null or LogCorruptException && answer.StartsWith("error", StringComparison.Ordinal),
            $"{answer} {failure}");
    }

    private static async Task AssertSaysAsync(StoreLayout layout, string value)
    {
        await using StateStore store = await Sample.OpenAsync(layout);
        Sample.AssertSays(value, store, Workloads.One, "doc-0.json");
    }

    private void Lose(string what, StoreLayout layout)
    {
        int space = what.IndexOf(' ', StringComparison.Ordinal);
        switch (what)
        {
            case "log directory moved away":
                Lose(Metadata.Log(layout), "moved away");
                break;
            case "metadata deleted":
                Directory.Delete(layout.ConfigMetadata, recursive: true);
                break;
            case "metadata moved away":
                Lose(layout.ConfigMetadata, "moved away");
                break;
            case "root moved away":
                Lose(layout.Config, "moved away");
                Trees.Copy(layout.Config + ".away", layout.Config); // restored from a copy, under a living process
                break;
            case "filesystem mounted over the metadata":
                _scene.MountTmpfs(layout.ConfigMetadata);
                break;
            default:
                string path = what[..space] switch
                {
                    "anchor" => Metadata.Anchor(layout),
                    "words" => Metadata.Words(layout),
                    _ => Metadata.Segment(layout),
                };
                Lose(path, what[(space + 1)..]);
                break;
        }
    }

    private static void Lose(string path, string how)
    {
        string away = path + ".away";
        switch (how)
        {
            case "deleted":
                File.Delete(path);
                break;
            case "moved away":
                Directory.Move(path, away);
                break;
            case "replaced by an empty file":
                File.Delete(path);
                Files.Write(path, "");
                break;
            case "replaced by a copy":
                Tool.Run("cp", "-a", path, away);
                File.Move(away, path, overwrite: true);
                break;
            default:
                throw new ArgumentException(how, nameof(how));
        }
    }

    private static void Shorten(string path, int bytes)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(bytes);
    }
}
