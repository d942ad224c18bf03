using System.Text;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>What the tests do to a store and see in it.</summary>
internal static class Sample
{
    public static ValueTask<StateStore> OpenAsync(StoreLayout layout, StoreOptions? options = null) =>
        StateStore.OpenAsync(layout, options ?? Workloads.Options);

    public static async Task PutAsync(StateStore store, string sandbox, string value, string file = "config.json") =>
        _ = await Workloads.ChangeAsync(store, sandbox, change => change.PutJson(StoreRoot.Config, null, file, Workloads.Json(value)));

    public static async Task RemoveAsync(StateStore store, string sandbox) =>
        _ = await Workloads.ChangeAsync(store, sandbox, static change => change.RemoveSandbox());

    public static string? Read(StateStore store, string sandbox, string file = "config.json", string? container = null,
        StoreRoot root = StoreRoot.Config) =>
        store.ReadJson(new DocumentId(sandbox, container, root, file)) is { } json ? Encoding.UTF8.GetString(json) : null;

    public static void AssertSays(string value, StateStore store, string sandbox, string file = "config.json", string? container = null) =>
        Assert.Contains($"\"{value}\"", Read(store, sandbox, file, container));

    /// <summary>Opens the store, which must work for a sandbox that nothing is wrong with.</summary>
    public static async Task AssertOpensAndWorksAsync(StoreLayout layout, string sandbox = Workloads.Two)
    {
        await using StateStore store = await OpenAsync(layout);
        await PutAsync(store, sandbox, "works");
        AssertSays("works", store, sandbox);
    }
}
