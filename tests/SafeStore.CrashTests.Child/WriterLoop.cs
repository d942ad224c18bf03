using System;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;

namespace SafeStore.CrashTests.Child;

/// <summary>Commits for ever, saying each acknowledgement: every transaction gives all documents of its sandboxes one new stamp.</summary>
internal sealed class WriterLoop(StateStore store, Action<string> say)
{
    public static (StoreRoot Root, string? Container, string File)[] Documents { get; } =
    [
        (StoreRoot.Config, null, "config.json"),
        (StoreRoot.Config, "web", "config.json"),
        (StoreRoot.Run, null, "state.json"),
        (StoreRoot.Run, "web", "state.json"),
    ];

    public async Task RunAsync(string writer, int seed)
    {
        var random = new Random(seed);
        for (int number = 0; ; number++)
        {
            string[] sandboxes =
                [.. Workloads.Sandboxes.OrderBy(_ => random.Next()).Take(random.Next(3) == 0 ? 2 : 1).Order(StringComparer.Ordinal)];
            string stamp = string.Create(CultureInfo.InvariantCulture, $"{writer}-{number}");
            Lsn lsn = await CommitAsync(sandboxes, stamp);
            say($"ack {lsn.Value} {stamp} {string.Join(',', sandboxes)}");
        }
    }

    private async Task<Lsn> CommitAsync(string[] sandboxes, string stamp)
    {
        await using SandboxLocks held = await store.LockManyAsync(sandboxes.Select(SandboxTarget.Existing));
        Transaction transaction = held.Change();
        foreach (string sandbox in sandboxes)
        {
            // Who else is in the transaction stands in the document, so that the test can look there.
            byte[] json = Workloads.Json($"{stamp} {string.Join(',', sandboxes)}");
            foreach ((StoreRoot root, string? container, string file) in Documents)
            {
                _ = transaction.For(sandbox).PutJson(root, container, file, json);
            }
        }

        return await transaction.CommitAsync();
    }
}
