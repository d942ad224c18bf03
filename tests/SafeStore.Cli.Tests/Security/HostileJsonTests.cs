using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Security;

/// <summary>JSON that two readers may read in two ways, or that is to exhaust one.</summary>
public sealed class HostileJsonTests : IDisposable
{
    private const int Deep = 200_000;

    private readonly HostileTree _tree = new();

    /// <summary>Each by what it is: its bytes as Latin-1, and whether a reader takes it for a fault. It is never written.</summary>
    private static readonly Dictionary<string, (string Latin, bool IsFault)> s_documents = new(StringComparer.Ordinal)
    {
        ["arrays without end"] = (new string('[', Deep), true),
        ["deep arrays"] = (new string('[', Deep) + new string(']', Deep), true),
        ["deep objects"] = (string.Concat(Enumerable.Repeat("{\"a\":", 65)) + "1" + new string('}', 65), true),
        ["a key twice"] = ("{\"a\":1,\"a\":2}", false),
        ["a key twice, escaped"] = ("{\"a\":1,\"\\u0061\":2}", false),
        ["a NUL behind the value"] = ("{\"a\":1}\0", true),
        ["a NUL in a text"] = ("{\"a\":\"\0\"}", true),
        ["a lone surrogate"] = ("{\"a\":\"\\ud800\"}", false),
        ["a lone surrogate in a key"] = ("{\"\\udfff\":1}", false),
        ["an encoded surrogate"] = ("\"\u00ED\u00A0\u0080\"", true),
        ["an overlong slash"] = ("\"\u00C0\u00AF\"", true),
        ["a byte order mark"] = ("\u00EF\u00BB\u00BF1", true),
        ["a number beyond all"] = ("1e99999", false),
        ["not a number"] = ("NaN", true),
        ["two values"] = ("1 2", true),
        ["a comment"] = ("/**/1", true),
        ["a comma at the end"] = ("[1,]", true),
        ["nothing"] = ("", true),
        ["more than a document may have"] = ($"\"{new string('x', 1024 * 1024)}\"", true),
    };

    public static TheoryData<string> Documents => [.. s_documents.Keys];

    public void Dispose() => _tree.Dispose();

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Hostile_JSON_is_refused_where_it_comes_in_and_reported_where_it_lies(string what)
    {
        (string latin, bool isFault) = s_documents[what];
        byte[] json = Encoding.Latin1.GetBytes(latin);
        await _tree.MakeAsync();
        await RefusesAsync(json);
        await File.WriteAllBytesAsync(_tree.PathOf("store/run/sb-1/state.json"), json, TestContext.Current.CancellationToken);
        await using (StateStore store = await StateStore.OpenAsync(_tree.Layout, HostileTree.Options))
        {
            DocumentResult<byte[]> read = store.ReadAllJson("sb-1").Single(static each => each.Document.File == "state.json");
            Assert.True((read.Error is not null) == isFault, $"{what}: {read.Error?.Message}");
        }

        using var view = StoreView.Open(_tree.Layout, HostileTree.Options);
        Assert.Contains(
            view.Verify(),
            static each => each.Path.EndsWith("run/sb-1/state.json", StringComparison.Ordinal) && each.Level == FindingLevel.Problem);
        Assert.True(await IsReportedByImportAsync(), what);
        Assert.Equal(
            json, await File.ReadAllBytesAsync(_tree.PathOf("store/run/sb-1/state.json"), TestContext.Current.CancellationToken));
    }

    private async Task RefusesAsync(byte[] json)
    {
        await using StateStore store = await StateStore.OpenAsync(_tree.Layout, HostileTree.Options);
        await using SandboxLock held = await store.LockAsync("sb-1");
        SandboxChange change = held.Change();
        Exception refused = Assert.ThrowsAny<Exception>(() => change.PutJson(StoreRoot.Run, null, "state.json", json));
        Assert.True(refused is ArgumentException or DocumentTooLargeException, refused.ToString());
    }

    private async Task<bool> IsReportedByImportAsync()
    {
        var import = new TreeImport(StoreLayout.At(_tree.PathOf("other")), HostileTree.Options);
        await foreach (FileReport report in import.RunAsync(new TreeRoots(_tree.PathOf("store/config"), _tree.PathOf("store/run"))))
        {
            if (report is { Sandbox: "sb-1", File: "state.json", IsFinding: true })
            {
                return true;
            }
        }

        return false;
    }
}
