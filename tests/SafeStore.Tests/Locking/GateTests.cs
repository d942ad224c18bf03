using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Hashing;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Locking;

/// <summary>What a process keeps of its sandboxes, how it lets go of them, and what it makes of the kernel's refusals.</summary>
public sealed class GateTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task No_more_idle_sandboxes_are_kept_open_than_asked_for_and_the_latest_are(int idleMax)
    {
        _test.Options = _test.Options with { IdleSandboxesMax = idleMax };
        await using StateStore store = await OpenAsync("sb-1", "sb-2", "sb-3", "sb-4");
        foreach (string sandbox in new[] { "sb-1", "sb-2", "sb-3", "sb-4", "sb-2" })
        {
            await (await store.LockApartAsync(sandbox)).DisposeAsync();
            await (await store.LockApartAsync(sandbox, LockMode.Shared)).DisposeAsync();
        }

        Assert.Equal(idleMax == 0 ? [] : ["sb-2", "sb-4"], OpenLockFiles());
        await using SandboxLock used = await store.LockApartAsync("sb-1");
        await (await store.LockApartAsync("sb-3")).DisposeAsync();
        await (await store.LockApartAsync("sb-4")).DisposeAsync();
        Assert.Equal(idleMax == 0 ? ["sb-1"] : ["sb-1", "sb-3", "sb-4"], OpenLockFiles());
    }

    [Fact]
    public async Task Who_gives_up_takes_nothing_from_who_holds()
    {
        _test.Options = _test.Options with { IdleSandboxesMax = 0 };
        await using StateStore store = await OpenAsync("sb-1");
        await using StateStore other = await _test.OpenAsync();
        await using SandboxLock held = await store.LockApartAsync("sb-1");
        await Assert.ThrowsAsync<LockTimeoutException>(() => store.LockApartAsync("sb-1", timeout: StoreCalls.Once));
        await Assert.ThrowsAsync<LockTimeoutException>(() => store.LockApartAsync("sb-1", LockMode.Shared, StoreCalls.Once));
        await Assert.ThrowsAsync<LockTimeoutException>(() => other.LockApartAsync("sb-1", timeout: StoreCalls.Once));
        await held.Change().PutText(StoreRoot.Run, null, "a", "1").CommitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_container_that_another_process_made_anew_is_not_the_one_that_is_kept_open_and_old_ones_are_closed()
    {
        await using StateStore store = await OpenAsync("sb-1");
        await using StateStore other = await _test.OpenAsync();
        await store.ChangeAsync("sb-1", static change => change.CreateContainer("web").PutText(StoreRoot.Run, "web", "a", "1"));
        for (int i = 0; i < 3; i++)
        {
            await store.ChangeAsync(
                "sb-1", static change => change.PutText(StoreRoot.Run, "web", "a", "1").PutText(StoreRoot.Config, "web", "a", "1"));
            await other.ChangeAsync("sb-1", static change => change.RemoveContainer("web"));
            await other.ChangeAsync("sb-1", static change => change.CreateContainer("web"));
            await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, "web", "b", "2"));
            Assert.Equal("2", other.ReadText("sb-1", StoreRoot.Run, "web", "b"));
            Assert.Null(other.ReadText("sb-1", StoreRoot.Run, "web", "a"));
            await store.ChangeAsync("sb-1", static change => change.RemoveContainer("web"));
            await store.ChangeAsync("sb-1", static change => change.CreateContainer("web"));
        }

        await (await other.LockApartAsync("sb-1")).DisposeAsync(); // looks, and forgets
        Assert.DoesNotContain(OpenPaths(), static path => path.EndsWith(" (deleted)", StringComparison.Ordinal));
        await store.DisposeAsync();
        await other.DisposeAsync();
        Assert.Empty(OpenPaths());
    }

    [Fact]
    public async Task Idle_sandboxes_are_closed_when_handles_run_out()
    {
        await (await OpenAsync("sb-1", "sb-2", "sb-3")).DisposeAsync();
        await using StateStore store = await OpenAsync();
        await (await store.LockApartAsync("sb-1")).DisposeAsync();
        await (await store.LockApartAsync("sb-2")).DisposeAsync();
        _scripted.Before = call =>
            call.Verb == nameof(IDurableFileSystem.OpenFile) && call.Path.EndsWith("/sb-3/lock", StringComparison.Ordinal)
            && OpenLockFiles().Count > 1 ? Errno.ProcessFileLimit : Errno.None;
        await using (SandboxLock last = await store.LockApartAsync("sb-1"))
        {
            await (await store.LockApartAsync("sb-3")).DisposeAsync();
            Assert.Equal(["sb-1", "sb-3"], OpenLockFiles());
        }

        await (await store.LockApartAsync("sb-2")).DisposeAsync();
    }

    [Fact]
    public async Task A_lock_serves_one_commit_at_a_time_and_is_released_after_it()
    {
        await using StateStore store = await OpenAsync("sb-1");
        await using StateStore other = await _test.OpenAsync();
        SandboxLock held = await store.LockApartAsync("sb-1");
        Exception? second = null;
        Task? release = null;
        bool wasReleased = false;
        _scripted.Before = call =>
        {
            if (call.IsSync)
            {
                second = Record.Exception(
                    () => held.Change().PutText(StoreRoot.Run, null, "b", "2").CommitAsync().AsTask().GetAwaiter().GetResult());
                release = held.DisposeAsync().AsTask();
                wasReleased = release.IsCompleted;
            }

            return Errno.None;
        };
        Lsn committed = await held.Change().PutText(StoreRoot.Run, null, "a", "1").CommitAsync(TestContext.Current.CancellationToken);
        await release!;
        Assert.IsType<InvalidOperationException>(second);
        Assert.False(wasReleased);
        await using SandboxLock next = await other.LockApartAsync("sb-1", timeout: StoreCalls.Once);
        Assert.Equal(committed, next.Version);
        await Assert.ThrowsAsync<LockTimeoutException>(() => store.LockApartAsync("sb-1", timeout: StoreCalls.Once));
    }

    [Fact]
    public async Task Waits_of_a_store_that_is_closed_end()
    {
        await using StateStore other = await _test.OpenAsync();
        StateStore store = await OpenAsync("sb-1", "sb-2");
        await using SandboxLock foreign = await other.LockApartAsync("sb-1");
        SandboxLock own = await store.LockApartAsync("sb-2");
        Task[] waits =
        [
            store.LockApartAsync("sb-1", timeout: Timeout.InfiniteTimeSpan),
                store.LockApartAsync("sb-1", LockMode.Shared, Timeout.InfiniteTimeSpan),
            store.LockApartAsync("sb-2", timeout: Timeout.InfiniteTimeSpan),
            store.LockApartAsync("sb-2", LockMode.Shared, Timeout.InfiniteTimeSpan),
        ];
        Task closing = store.DisposeAsync().AsTask();
        foreach (Task wait in waits)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => wait.WaitAsync(TimeSpan.FromSeconds(20)));
        }

        await own.DisposeAsync();
        await closing.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Readers_of_a_process_share_one_flock_and_the_version_and_the_last_lets_go()
    {
        await (await OpenAsync("sb-1")).DisposeAsync();
        await using StateStore store = await OpenAsync();
        await using StateStore other = await _test.OpenAsync();
        Lsn version = await other.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
        int flocks = 0;
        _scripted.Before = call =>
        {
            flocks += call is { Verb: nameof(IDurableFileSystem.TryLock) or nameof(IDurableFileSystem.Unlock) }
                && call.Path.EndsWith("/sb-1/lock", StringComparison.Ordinal) ? 1 : 0;
            return Errno.None;
        };
        List<SandboxLock> readers = [];
        for (int i = 0; i < 3; i++)
        {
            readers.Add(await store.LockApartAsync("sb-1", LockMode.Shared));
            Assert.Equal(version, readers[i].Version);
        }

        Assert.Equal(1, flocks);
        foreach (SandboxLock reader in readers)
        {
            await Assert.ThrowsAsync<LockTimeoutException>(() => other.LockApartAsync("sb-1", timeout: StoreCalls.Once));
            await reader.DisposeAsync();
            await reader.DisposeAsync(); // the second time does nothing
        }

        Assert.Equal(2, flocks);
        await (await other.LockApartAsync("sb-1", timeout: StoreCalls.Once)).DisposeAsync();
    }

    [Fact]
    public async Task A_lock_that_cannot_be_unlocked_is_let_go_by_closing_it()
    {
        await using StateStore store = await OpenAsync("sb-1");
        await using StateStore other = await _test.OpenAsync();
        SandboxLock held = await store.LockApartAsync("sb-1");
        _scripted.Before = static call => call.Verb == nameof(IDurableFileSystem.Unlock) ? Errno.InputOutput : Errno.None;
        await held.DisposeAsync();
        await (await other.LockApartAsync("sb-1", timeout: StoreCalls.Once)).DisposeAsync();
        _scripted.Before = null;
        await (await store.LockApartAsync("sb-1", timeout: StoreCalls.Once)).DisposeAsync();
    }

    [Theory]
    [InlineData(nameof(IDurableFileSystem.TryLock))]
    [InlineData(nameof(IDurableFileSystem.OpenFile))]
    [InlineData(nameof(IDurableFileSystem.Stat))]
    [InlineData(nameof(IDurableFileSystem.Read))]
    public async Task A_refusal_of_the_kernel_is_no_time_out_and_leaves_the_sandbox_free(string verb)
    {
        await using StateStore store = await OpenAsync("sb-1");
        foreach (LockMode mode in new[] { LockMode.Exclusive, LockMode.Shared })
        {
            await using StateStore other = await _test.OpenAsync(_scripted);
            _scripted.Before = call =>
                call.Verb == verb && call.Path.EndsWith("/sb-1/lock", StringComparison.Ordinal) ? Errno.InputOutput : Errno.None;
            Assert.Equal(Errno.InputOutput, (await Assert.ThrowsAsync<StorageException>(() => other.LockApartAsync("sb-1", mode))).Errno);
            _scripted.Before = null;
            await (await store.LockApartAsync("sb-1", timeout: StoreCalls.Once)).DisposeAsync();
            await (await other.LockApartAsync("sb-1", timeout: StoreCalls.Once)).DisposeAsync();
        }
    }

    [Theory]
    [InlineData(false, Errno.NotDirectory)]
    [InlineData(true, Errno.SymbolicLink)]
    public async Task What_is_no_directory_is_no_sandbox(bool link, Errno expected)
    {
        await using StateStore store = await OpenAsync();
        foreach (StoreRoot root in new[] { StoreRoot.Config, StoreRoot.Run })
        {
            string path = _test.PathOf(root, "odd");
            if (link)
            {
                File.CreateSymbolicLink(path, "/nowhere");
            }
            else
            {
                await File.WriteAllTextAsync(path, "", TestContext.Current.CancellationToken);
            }

            Assert.Equal(expected, (await Assert.ThrowsAsync<StorageException>(() => store.LockApartAsync("odd"))).Errno);
            Assert.Equal(expected, (await Assert.ThrowsAsync<StorageException>(() => store.CreateAsync("odd"))).Errno);
            File.Delete(path);
        }

        await Assert.ThrowsAsync<NotFoundException>(() => store.LockApartAsync("odd"));
        await store.CreateAsync("odd");
    }

    [Fact]
    public async Task Name_locks_that_are_not_all_free_are_all_let_go()
    {
        _test.Options = _test.Options with { LockTimeout = StoreCalls.Once };
        await using StateStore store = await OpenAsync();
        await using StateStore other = await _test.OpenAsync();
        string[] names = [.. Enumerable.Range(0, 10).Select(static number => $"n-{number}").OrderBy(NameLocks.IndexOf)];
        (string free, string taken) = (names[0], names[^1]);
        Assert.NotEqual(NameLocks.IndexOf(free), NameLocks.IndexOf(taken));
        Assert.Equal(Errno.None, _scripted.OpenRoot(_test.Metadata, out DirectoryHandle? directory));
        using (directory)
        {
            Assert.Equal(Errno.None, _scripted.OpenFile(directory!, "store.json", FileUse.ReadWrite, out FileHandle? opened));
            using FileHandle file = opened!;
            Assert.Equal(
                Errno.None, _scripted.TryLock(
                file, LockRange.Byte((long)StoreLock.FirstName + NameLocks.IndexOf(taken)), LockMode.Exclusive));
            await using SandboxLocks locks =
                await store.LockManyAsync(
                [SandboxTarget.New(free), SandboxTarget.New(taken)], cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(file.Path, (await Assert.ThrowsAsync<LockTimeoutException>(async () => await locks.Change().CommitAsync())).Path);
            await other.CreateAsync(free);
        }

        await other.CreateAsync(taken);
    }

    [Fact]
    public async Task A_name_lock_excludes_the_flows_of_its_own_process_too()
    {
        using var waiting = new LockWaiting(_test.Clock, StoreCalls.Once);
        Assert.Equal(Errno.None, _scripted.OpenRoot(_test.Directory, out DirectoryHandle? directory));
        using (directory)
        {
            FileHandle file = FileLock.OpenOrCreate(_scripted, directory!, "store.json", AtomicFile.DefaultMode);
            using var anchor =
                new StoreAnchor(_scripted, file, FileLock.OpenOrCreate(_scripted, directory!, "words", AtomicFile.DefaultMode), waiting);
            var names = new NameLocks(anchor, waiting);
            NameLocks.Hold first = await names.AcquireAsync(["sb"], StoreCalls.Once, TestContext.Current.CancellationToken);
            LockTimeoutException refused =
                await Assert.ThrowsAsync<LockTimeoutException>(
                async () => await names.AcquireAsync(["sb"], StoreCalls.Once, TestContext.Current.CancellationToken));
            Assert.Equal($"{_test.Directory}/store.json", refused.Path);
            ValueTask<NameLocks.Hold> second = names.AcquireAsync(["sb"], Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);
            Assert.False(second.IsCompleted);
            first.Dispose();
            (await second).Dispose();
        }
    }

    [Fact]
    public void Name_locks_are_those_of_the_format()
    {
        foreach (string sandbox in new[] { "sb-1", "sb-2", "a", new string('z', 128) })
        {
            ulong index = XxHash3.HashToUInt64(Encoding.ASCII.GetBytes(sandbox)) % 64;
            Assert.Equal((int)index, NameLocks.IndexOf(sandbox));
        }
    }

    [Fact]
    public void The_bytes_of_a_lock_word_are_those_of_the_format_and_others_say_unknown()
    {
        Assert.Equal(Errno.None, _scripted.OpenRoot(_test.Directory, out DirectoryHandle? directory));
        using (directory)
        using (FileHandle file = FileLock.OpenOrCreate(_scripted, directory!, "word", AtomicFile.DefaultMode))
        {
            string path = Path.Combine(_test.Directory, "word");
            Assert.Equal(default, LockWord.Read(_scripted, file));
            foreach (LockWord word in new[] { new LockWord(LockWordState.Idle, new Lsn(258), new Lsn(257)),
                new LockWord(LockWordState.Committing, new Lsn(7), default) })
            {
                word.Write(_scripted, file);
                byte[] bytes = File.ReadAllBytes(path);
                Assert.Equal(
                    "4C434B574F524432" + (word.Lsn.Value == 258
                        ? "020100000000000001000000000000000101000000000000" : "070000000000000002000000000000000000000000000000"),
                    Convert.ToHexString(bytes.AsSpan(8)));
                Assert.Equal(word, LockWord.Read(_scripted, file));
                for (int at = 0; at < bytes.Length; at++)
                {
                    byte[] other = [.. bytes];
                    other[at] ^= 0x40;
                    File.WriteAllBytes(path, other);
                    Assert.Equal(default, LockWord.Read(_scripted, file));
                    if (at is (>= 8 and < 16) or (>= 24 and < 32))
                    {
                        BitConverter.TryWriteBytes(other, XxHash3.HashToUInt64(other.AsSpan(8)));
                        File.WriteAllBytes(path, other);
                        Assert.Equal(default, LockWord.Read(_scripted, file)); // another kind, or another state
                    }
                }
            }

            _scripted.LargestWrite = 39;
            Assert.Equal(
                Errno.NoSpace,
                Assert.Throws<StorageException>(() => new LockWord(LockWordState.Idle, new Lsn(1), default).Write(_scripted, file)).Errno);
        }
    }

    private async Task<StateStore> OpenAsync(params string[] sandboxes)
    {
        StateStore store = await _test.OpenAsync(_scripted);
        foreach (string sandbox in sandboxes)
        {
            await store.CreateAsync(sandbox);
        }

        return store;
    }

    /// <summary>What this process has open below the store's directory.</summary>
    private IEnumerable<string> OpenPaths() =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(static link => new FileInfo(link).LinkTarget).OfType<string>()
        .Where(path => path.StartsWith(_test.Directory, StringComparison.Ordinal));

    /// <summary>The sandboxes whose lock files this process has open.</summary>
    private List<string> OpenLockFiles() =>
    [
        .. OpenPaths()
            .Where(path => path.StartsWith(_test.Layout.Run + "/", StringComparison.Ordinal)
            && path.EndsWith("/lock", StringComparison.Ordinal))
            .Select(static path => Path.GetFileName(Path.GetDirectoryName(path)!)).Order(StringComparer.Ordinal),
    ];
}
