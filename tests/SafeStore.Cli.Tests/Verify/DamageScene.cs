using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Verify;

/// <summary>
/// Three stores to be damaged: one that a machine's end has left, with records in several segments; the same, closed in order; and one with
/// a parked sandbox. Removed when disposed.
/// </summary>
public sealed class DamageScene : IAsyncLifetime
{
    private readonly string _temp = Directory.CreateDirectory(StampedFiles.NewPath()).FullName;

    public static StoreOptions Options { get; } = new() { SegmentBytes = 16 * 1024, CheckpointInterval = Timeout.InfiniteTimeSpan };

    public string Crashed => Path.Combine(_temp, "crashed");

    public string Closed => Path.Combine(_temp, "closed");

    /// <summary>Where a deleted file is meanwhile.</summary>
    public string Aside => Path.Combine(_temp, "aside");

    public string Parked => Path.Combine(_temp, "parked");

    public async ValueTask InitializeAsync()
    {
        await using (StateStore store = await StateStore.OpenAsync(StoreLayout.At(Closed), Options))
        {
            foreach (string sandbox in new[] { "a", "b", "c" })
            {
                await using SandboxLock held = await store.LockNewAsync(sandbox);
                await Fill(held.Change().CreateContainer("web"), sandbox, 0).CommitAsync();
            }

            for (int i = 1; i < 5; i++)
            {
                await using SandboxLocks both = await store.LockManyAsync([SandboxTarget.Existing("a"), SandboxTarget.Existing("b")]);
                Transaction change = both.Change();
                _ = Fill(change.For("a"), "a", i);
                _ = Fill(change.For("b"), "b", i);
                await change.CommitAsync();
            }

            Copy(Closed, Crashed);
        }

        Copy(Crashed, Parked);
        File.Delete(Path.Combine(Parked, "run/b/state.json"));
        _ = Directory.CreateDirectory(Path.Combine(Parked, "run/b/state.json/in-the-way"));
        await (await StateStore.OpenAsync(StoreLayout.At(Parked), Options)).DisposeAsync();
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_temp, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>What a verification finds.</summary>
    public static IReadOnlyList<Finding> Verify(string store)
    {
        using StoreView view = StoreView.Open(StoreLayout.At(store), Options);
        return [.. view.Verify(new VerifyOptions { Parallel = 1 })];
    }

    /// <summary>What an opening makes of a copy of a store; why there is none, if it is refused.</summary>
    public async Task<string> OpenedAsync(string store)
    {
        string copy = Path.Combine(_temp, "copy");
        try
        {
            Copy(store, copy);
            await using StateStore opened = await StateStore.OpenAsync(StoreLayout.At(copy), Options);
            return DocumentsOf(copy);
        }
        catch (SafeStoreException failure)
        {
            return failure.Message;
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    /// <summary>The documents that a reader gets.</summary>
    public static string DocumentsOf(string store) => string.Join('\n', new[] { "config", "run" }
        .SelectMany(root => Directory.EnumerateFiles(Path.Combine(store, root), "*.json", SearchOption.AllDirectories))
        .Where(static path => !path.Contains("/.safestore/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(path => $"{Path.GetRelativePath(store, path)} {Encoding.Latin1.GetString(File.ReadAllBytes(path))}"));

    private static SandboxChange Fill(SandboxChange change, string sandbox, int number) => change
        .PutJson(StoreRoot.Config, null, "config.json", Json(sandbox, "config", number))
        .PutJson(StoreRoot.Run, null, "state.json", Json(sandbox, "state", number))
        .PutJson(StoreRoot.Run, "web", "state.json", Json(sandbox, "web", number));

    private static byte[] Json(string sandbox, string what, int number) =>
        Encoding.UTF8.GetBytes(
            $$"""{"of":"{{sandbox}}","what":"{{what}}","number":{{number}},"text":"{{new string('x', 50 * number)}}"}""");

    /// <summary>With attributes; again if a file went meanwhile, which the store prepares in the background.</summary>
    private static void Copy(string from, string to)
    {
        for (int code = 1; code != 0;)
        {
            using var copy = Process.Start("cp", ["-aT", from, to]);
            copy.WaitForExit();
            code = copy.ExitCode;
        }
    }
}
