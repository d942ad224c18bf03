using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what is done about a copy of the store by hard links.</summary>
public sealed class LinkMutantTests
{
    private static readonly StoreLayout s_copy = StoreLayout.At("/copy");

    [Theory]
    [InlineData("linked-anchor-kept")]
    public Task A_store_and_its_copy_by_hard_links_can_be_open_at_once(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Lab lab = await CopyAsync();
        StateStore copy = await OpenCopyAsync(lab);
        Exception? failure = await Record.ExceptionAsync(async () => await lab.OpenAsync("original"));
        Violation.Unless(failure is null, $"The original cannot be opened beside its copy: {failure}");
        await copy.CreateAsync("of-the-copy", static change => change.Put("a.json", "1"));
        Violation.Unless(!lab.Visible().Keys.Any(static path => path.Contains("of-the-copy", StringComparison.Ordinal)), "It is in both.");
    });

    [Theory]
    [InlineData("linked-store-joined")]
    public Task A_copy_of_an_open_store_is_not_taken_for_it(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        _ = await lab.OpenAsync();
        lab.CopyByLinks("/store", "/copy");
        Exception? failure = await Record.ExceptionAsync(async () => await OpenCopyAsync(lab));
        Violation.Unless(failure is StoreMetadataException, $"The copy was opened, as a store that another process has open: {failure}");
    });

    [Theory]
    [InlineData("linked-lock-file-written")]
    [InlineData("linked-segment-reused")]
    public Task Nothing_of_a_copy_by_hard_links_is_written(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Lab lab = await CopyAsync();
        SortedDictionary<string, string> before = lab.Contents("/copy");
        StateStore store = await lab.OpenAsync("original");
        _ = await Record.ExceptionAsync(() => store.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        for (int i = 0; i < 4; i++)
        {
            await store.CreateAsync($"new-{i}", static change => change.Put("a.json", new string(' ', 6000) + "1")); // a segment has 12 KiB
        }

        await store.DisposeAsync();
        SortedDictionary<string, string> after = lab.Contents("/copy");
        string[] changed = [.. before.Keys.Where(path => after.GetValueOrDefault(path) != before[path])];
        Violation.Unless(changed.Length == 0, $"The copy has changed: {string.Join(", ", changed)}");
    });

    private static async Task<Lab> CopyAsync()
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.DisposeAsync();
        lab.CopyByLinks("/store", "/copy");
        return lab;
    }

    private static ValueTask<StateStore> OpenCopyAsync(Lab lab)
    {
        SimulatedProcess process = lab.Machine.Start("copy");
        return StateStore.OpenAsync(s_copy, Lab.Options with { FileSystem = process.FileSystem, TimeProvider = process.Clock });
    }
}
