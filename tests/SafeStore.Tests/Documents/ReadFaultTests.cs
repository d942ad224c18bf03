using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Documents;

/// <summary>A device that cannot be read is never taken for one on which something is missing.</summary>
public sealed class ReadFaultTests : IDisposable
{
    private static readonly Dictionary<string, Func<StateStore, Task<string>>> s_looks = new()
    {
        ["read"] = static store => Task.FromResult(store.ReadText("sb-1", StoreRoot.Config, "web", "config.json") ?? "missing"),
        ["list sandboxes"] = static store => Task.FromResult(string.Join(' ', store.ListSandboxes())),
        ["list containers"] = static store => Task.FromResult(string.Join(' ', store.ListContainers("sb-1"))),
        ["list documents"] = static store => Task.FromResult(string.Join(' ', store.ListDocuments("sb-1"))),
        ["read all"] = static store => Task.FromResult(TextOf(store.ReadAllJson("sb-1"))),
        ["snapshot"] = static async store => TextOf((await store.SnapshotAsync("sb-1", StoreCalls.Once)).Documents),
        ["lock"] = static async store =>
        {
            await using SandboxLock held = await store.LockAsync("sb-1", timeout: StoreCalls.Once);
            return held.Version.ToString();
        },
        ["lock a new one"] = static async store =>
        {
            await using SandboxLock held = await store.LockNewAsync("sb-2", StoreCalls.Once);
            return held.Version.ToString();
        },
    };

    private readonly TestStore _disk = new(TempDirectory.SharedMemory);

    public static TheoryData<string, Errno> Looks
    {
        get
        {
            var data = new TheoryData<string, Errno>();
            foreach (string look in s_looks.Keys)
            {
                data.Add(look, Errno.InputOutput);
                data.Add(look, Errno.AccessDenied);
            }

            return data;
        }
    }

    public void Dispose() => _disk.Dispose();

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Whoever_looks_and_meets_an_error_at_any_call_is_told_or_sees_all(string look, Errno error)
    {
        await FillAsync();
        var faulty = new ScriptedFileSystem();
        string expected;
        await using (StateStore store = await _disk.OpenAsync(faulty))
        {
            expected = await s_looks[look](store);
            Assert.DoesNotContain("missing", expected, StringComparison.Ordinal);
        }

        int told = 0;
        for (int n = 1; ; n++)
        {
            await using StateStore store = await _disk.OpenAsync(faulty);
            var script = new FaultAt(n, () => error);
            faulty.Before = script.Before;
            try
            {
                string found = await s_looks[look](store);
                Assert.True(found == expected
                    || found.Contains("storage", StringComparison.Ordinal),
                    $"{error} at call {n}, {script.Hit}: {found} instead of {expected}");
                told += found == expected ? 0 : 1;
            }
            catch (SafeStoreException failure)
            {
                Assert.False(failure is NotFoundException or AlreadyExistsException, $"{error} at call {n}, {script.Hit}: {failure}");
                told++;
            }

            faulty.Before = null;
            Assert.Equal(expected, await s_looks[look](store));
            if (script.Hit is null)
            {
                break;
            }
        }

        Assert.NotEqual(0, told);
    }

    [Theory]
    [InlineData(Errno.InputOutput)]
    [InlineData(Errno.NoSpace)]
    public async Task An_opening_that_meets_an_error_at_any_call_fails_without_harm_and_the_next_one_recovers(Errno error)
    {
        StoreLayout dead;
        SortedDictionary<string, string> expected;
        await FillAsync();
        await using (StateStore store = await _disk.OpenAsync())
        {
            await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "state.json", "2").RemoveContainer("old"));
            await store.CreateAsync("sb-3", static change => change.PutText(StoreRoot.Config, null, "config.json", "3"));
            expected = store.ReadEverything();
            dead = _disk.CopyAsAfterAKill();
        }

        int refused = 0;
        for (int n = 1; ; n++)
        {
            using var copy = new TempDirectory(TempDirectory.SharedMemory);
            Copy(Path.GetDirectoryName(dead.Config)!, copy.Path);
            var layout = StoreLayout.At(copy.Path);
            var script = new FaultAt(n, () => error);
            string at = "";
            try
            {
                var faulty = new ScriptedFileSystem { Before = script.Before };
                await using StateStore store = await StateStore.OpenAsync(layout, _disk.Options with { FileSystem = faulty });
                faulty.Before = null;
                Same(expected, store, $"{error} at call {n}, {script.Hit}");
            }
            catch (SafeStoreException failure)
            {
                at = $"{error} at call {n}, {script.Hit}: {failure.Message}";
                Assert.True(failure is StorageException or StoreFaultedException, failure.ToString()); // not damaged, not missing
                refused++;
            }

            await using StateStore again = await StateStore.OpenAsync(layout, _disk.Options);
            Same(expected, again, at);
            await again.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "state.json", "4"));
            if (script.Hit is null)
            {
                break;
            }
        }

        Assert.True(refused > 50, $"only {refused} openings failed");
    }

    private static string TextOf(IEnumerable<DocumentResult<byte[]>> results) =>
        string.Join(' ',
            results.Select(static result => $"{result.Document}={result.Error?.Code ?? Encoding.UTF8.GetString(result.Value!)}"));

    private static void Same(SortedDictionary<string, string> expected, StateStore store, string at)
    {
        SortedDictionary<string, string> found = store.ReadEverything();
        Assert.True(string.Join('\n', expected) == string.Join('\n', found),
            $"{at}\nexpected\n{string.Join('\n', expected)}\nfound\n{string.Join('\n', found)}");
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (string directory in Directory.GetDirectories(from))
        {
            Copy(directory,
                Directory.CreateDirectory(Path.Combine(to, Path.GetFileName(directory)), File.GetUnixFileMode(directory)).FullName);
        }
    }

    private async Task FillAsync()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb-1", static change => change
            .CreateContainer("web").CreateContainer("old")
            .PutText(StoreRoot.Config, "web", "config.json", "1")
            .PutText(StoreRoot.Run, "old", "state.json", "1")
            .PutText(StoreRoot.Run, null, "state.json", "1"));
    }
}
