using System.Threading.Tasks;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of a store that is only looked at.</summary>
public sealed class ReadOnlyMutantTests
{
    private static StoreOptions ReadOnly { get; } = Lab.Options with { Opening = StoreOpening.ReadOnly };

    [Theory]
    [InlineData("reader-holds-open-lock")]
    public Task A_reader_does_not_keep_a_killed_store_from_being_recovered(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Lab lab = await UnpublishedAsync();
        await using StateStore reader = await lab.OpenAsync("reader", ReadOnly);
        Violation.Unless(reader.PendingTransactions == 1, $"{reader.PendingTransactions} transactions are pending.");
        _ = await lab.OpenAsync("next");
        Violation.Unless(lab.Visible()["config/sb/a.json"] == "2", "The store was joined, and not recovered.");
    });

    [Theory]
    [InlineData("pending-content-not-compared")]
    public Task A_reader_is_told_of_a_transaction_that_the_documents_do_not_show(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Lab lab = await UnpublishedAsync();
        await using StateStore reader = await lab.OpenAsync("reader", ReadOnly);
        Violation.Unless(reader.PendingTransactions == 1, $"{reader.PendingTransactions} transactions are pending.");
    });

    [Theory]
    [InlineData("first-break-believed")]
    public Task A_reader_believes_a_break_in_the_log_only_if_it_meets_it_again(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));

        // What a reader finds that is at work while the record is written.
        lab.Machine.Faults = new FaultPlan().Add(new FaultRule
        {
            Process = "reader",
            Operations = [Operation.Read],
            Path = "*/log/*1.log",
            Skip = 2,
            Fault = new BitFlipped((64 + 4) * 8),
        });
        await using StateStore reader = await lab.OpenAsync("reader", ReadOnly);
        Assert.Equal(1, lab.Machine.Faults.Count);
        Violation.Unless(reader.PendingTransactions == 0, $"{reader.PendingTransactions} transactions are pending.");
    });

    /// <summary>A store whose process was killed between the append and the publishing of its last transaction.</summary>
    private static async Task<Lab> UnpublishedAsync()
    {
        var lab = new Lab();
        StateStore dying = await lab.OpenAsync("dying");
        await dying.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Process = "dying", Operations = [Operation.Exchange], Fault = new ProcessKilled() });
        _ = await Record.ExceptionAsync(() => dying.ChangeAsync("sb", static change => change.Put("a.json", "2")));
        lab.Machine.Faults = new FaultPlan();
        Assert.Equal("1", lab.Visible()["config/sb/a.json"]);
        return lab;
    }
}
