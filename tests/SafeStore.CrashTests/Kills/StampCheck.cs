using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Kills;

/// <summary>What writers have acknowledged, and whether a store still has it: each transaction whole, also over two sandboxes.</summary>
internal sealed class StampCheck
{
    private readonly Dictionary<string, (long Lsn, string Stamp)> _last = new(StringComparer.Ordinal);
    private readonly HashSet<string> _acknowledged = new(StringComparer.Ordinal);

    public int Acknowledged => _acknowledged.Count;

    public static async Task SeedAsync(StateStore store)
    {
        foreach (string sandbox in Workloads.Sandboxes)
        {
            _ = await Workloads.CreateAsync(store, sandbox, "web");
        }
    }

    /// <summary>Takes a writer's line. A line that the kill cut off is none.</summary>
    public void Add(string line)
    {
        string[] words = line.Split(' ');
        Assert.True(words is ["ack", _, _, _], line);
        long lsn = long.Parse(words[1], CultureInfo.InvariantCulture);
        Assert.True(_acknowledged.Add(words[2]));
        foreach (string sandbox in words[3].Split(','))
        {
            if (lsn > _last.GetValueOrDefault(sandbox).Lsn)
            {
                _last[sandbox] = (lsn, words[2]);
            }
        }
    }

    public void AddAll(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            Add(line);
        }
    }

    /// <summary>Looks at a store that nobody writes to.</summary>
    public async Task AssertHoldsAsync(StateStore store)
    {
        var found = new Dictionary<string, (long Lsn, string[] Words)>(StringComparer.Ordinal);
        foreach (string sandbox in Workloads.Sandboxes)
        {
            SandboxSnapshot snapshot = await store.SnapshotAsync(sandbox);
            string[] values = [.. WriterLoop.Documents.Select(document => ValueOf(store, sandbox, document)).Distinct()];
            Assert.True(values.Length == 1, $"'{sandbox}' is torn: {string.Join(" | ", values)}");
            found.Add(sandbox, (snapshot.Version.Value, values[0].Split(' ')));
        }

        foreach ((string sandbox, (long lsn, string[] words)) in found)
        {
            (long acknowledged, string stamp) = _last.GetValueOrDefault(sandbox);
            Assert.True(lsn >= acknowledged, $"'{sandbox}' has lost transaction {acknowledged} ({stamp}): it is at {lsn} ({words[0]}).");
            Assert.True(lsn != acknowledged || words[0] == stamp
                || stamp is null, $"'{sandbox}' is at {lsn} with {words[0]} instead of {stamp}.");
            Assert.True(lsn == acknowledged
                || !_acknowledged.Contains(words[0]), $"'{sandbox}' is at {lsn} but shows the older {words[0]}.");
            foreach (string other in words.Length > 1 ? words[1].Split(',') : [])
            {
                Assert.True(found[other].Lsn >= lsn, $"Transaction {lsn} is in '{sandbox}' and not in '{other}'.");
                Assert.True(found[other].Lsn != lsn || found[other].Words[0] == words[0], $"Transaction {lsn} differs in '{other}'.");
            }
        }

        Assert.DoesNotContain(
            Directory.GetFiles(store.Layout.Config, "*.tmp", SearchOption.AllDirectories), static name =>
            name.Contains("/.ss-", StringComparison.Ordinal));
        Assert.DoesNotContain(
            Directory.GetFiles(store.Layout.Run, "*.tmp", SearchOption.AllDirectories), static name =>
            name.Contains("/.ss-", StringComparison.Ordinal));
        Trees.AssertIdle(store.Layout);
    }

    private static string ValueOf(StateStore store, string sandbox, (StoreRoot Root, string? Container, string File) document)
    {
        byte[] json = store.ReadJson(new DocumentId(sandbox, document.Container, document.Root, document.File))
            ?? throw new InvalidOperationException($"{sandbox}: {document} is missing.");
        return JsonDocument.Parse(Encoding.UTF8.GetString(json)).RootElement.GetProperty("value").GetString()!;
    }
}
