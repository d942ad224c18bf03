using System;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what tells which store a root belongs to.</summary>
public sealed class IdentityMutantTests
{
    private static readonly StoreLayout s_elsewhere = StoreLayout.Of("/store/config", "/store/run", "/meta/config", "/meta/run");
    private static readonly StoreLayout s_beside = StoreLayout.Beside("/store/config", "/store/run");
    private static readonly StoreLayout s_mixed = StoreLayout.Of("/store/config", "/other/run");

    [Theory]
    [InlineData("owner-attribute-ignored")]
    public Task Roots_of_a_store_whose_metadata_lies_elsewhere_are_refused(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        await MakeAsync(lab, s_elsewhere);
        await AssertRefusedAsync(lab, Lab.Layout);
    });

    [Theory]
    [InlineData("other-place-ignored")]
    public Task Roots_without_attributes_are_refused_if_their_metadata_lies_in_the_other_usual_place(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            foreach ((StoreLayout made, StoreLayout opened) in new[] { (Lab.Layout, s_beside), (s_beside, Lab.Layout) })
            {
                Lab lab = WithoutAttributes();
                await MakeAsync(lab, made);
                await AssertRefusedAsync(lab, opened);
            }
        });

    [Theory]
    [InlineData("foreign-root-believed")]
    public Task A_store_that_was_not_made_to_its_end_does_not_take_a_root_of_another_one(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            Lab lab = WithoutAttributes();
            await MakeAsync(lab, StoreLayout.At("/other"));
            _ = lab.Machine.Faults.Add(
                new FaultRule { Operations = [Operation.MakeDirectory], Path = "/store/*/log", Fault = new ProcessKilled() });
            Assert.IsType<SimulatedCrashException>(await Record.ExceptionAsync(() => MakeAsync(lab, Lab.Layout)));
            await AssertRefusedAsync(lab, s_mixed);
        });

    [Theory]
    [InlineData("anchor-made-anew")]
    public Task A_store_whose_document_is_gone_does_not_get_another_one(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        await MakeAsync(lab, Lab.Layout);
        var calls = (Testing.Files.IPathCalls)lab.Machine.Start("cleaner").FileSystem;
        Assert.Equal(Errno.None, calls.Rename("/store/config/.safestore/store.json", "/backup.json"));
        await AssertRefusedAsync(lab, Lab.Layout);
        Violation.Unless(
            !lab.Paths("/store/config/.safestore/store.json").Any(), "Another document is in the way of the one in the backup.");
    });

    private static Lab WithoutAttributes()
    {
        var lab = new Lab();
        _ = lab.Machine.Faults.Add(
            new FaultRule { Times = int.MaxValue, Operations = [Operation.SetAttribute], Fault = new CallFails(Errno.NotSupported) });
        return lab;
    }

    private static async Task MakeAsync(Lab lab, StoreLayout layout)
    {
        await using StateStore store = await OpenAsync(lab, layout);
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
    }

    private static async Task AssertRefusedAsync(Lab lab, StoreLayout layout)
    {
        Exception? failure = await Record.ExceptionAsync(async () => await OpenAsync(lab, layout));
        Violation.Unless(failure is SafeStoreException, $"It is not refused: {failure}");
    }

    private static ValueTask<StateStore> OpenAsync(Lab lab, StoreLayout layout)
    {
        SimulatedProcess process = lab.Machine.Start();
        return StateStore.OpenAsync(layout, Lab.Options with { FileSystem = process.FileSystem, TimeProvider = process.Clock });
    }
}
