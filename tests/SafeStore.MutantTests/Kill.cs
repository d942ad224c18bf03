using System;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Shows that a scenario notices a mutant: it passes with the engine as it is, and fails with the mutant.</summary>
internal static class Kill
{
    public static async Task ByAsync(string mutant, Func<Task> scenario)
    {
        await scenario();
        using (Mutant.Activate(mutant))
        {
            Exception? failure = await Record.ExceptionAsync(scenario);
            Assert.True(IsViolation(failure), $"The mutant '{mutant}' lives: {failure?.ToString() ?? "nobody has noticed it."}");
            TestContext.Current.TestOutputHelper?.WriteLine($"{mutant}: {failure!.Message}");
        }
    }

    /// <summary>A promise that is broken, or a store that cannot go on; anything else is a fault of the test.</summary>
    private static bool IsViolation(Exception? failure) =>
        failure is Violation or SafeStoreException || (failure is AggregateException several && several.InnerExceptions.All(IsViolation));
}
