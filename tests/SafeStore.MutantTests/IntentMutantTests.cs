using System;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what keeps a removal from forgetting what is to be undone.</summary>
public sealed class IntentMutantTests
{
    [Theory]
    [InlineData("pending-intents-forgotten")]
    [InlineData("damaged-intents-forgotten")]
    public Task A_sandbox_with_something_to_undo_is_not_removed_by_the_way(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        foreach (string record in new[] { """{"Intents":[{"Number":1}]}""", "[]" })
        {
            var lab = new Lab();
            await using StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", change => change.Put(StoreRoot.Config, null, "intents.json", record));

            Exception? refused = await Record.ExceptionAsync(async () => await store.RemoveSandboxAsync("sb"));

            Violation.Unless(refused is PendingIntentsException && store.ListSandboxes() is ["sb"], "What is to be undone is forgotten.");
        }
    });
}
