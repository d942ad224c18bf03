using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Shows that a scenario notices a mutant: it passes with the engine as it is, and fails with the mutant.</summary>
internal static class Kill
{
    private static readonly ConcurrentDictionary<string, Lazy<Task>> s_sound = new();

    /// <param name="mutant">Its name.</param>
    /// <param name="scenario">What notices it. Without a mutant it runs once for all mutants of a test.</param>
    /// <param name="test">The test.</param>
    public static async Task ByAsync(string mutant, Func<Task> scenario, [CallerMemberName] string test = "")
    {
        await s_sound.GetOrAdd(test, _ => new Lazy<Task>(scenario)).Value;
        using (Mutant.Activate(mutant))
        {
            Exception? failure = await Record.ExceptionAsync(scenario);
            Assert.True(IsViolation(failure), $"The mutant '{mutant}' lives: {failure?.ToString() ?? "it was not noticed."}");
            TestContext.Current.TestOutputHelper?.WriteLine($"{mutant}: {failure!.Message.Split('\n')[0]}");
        }
    }

    /// <summary>A promise that is broken, or a store that cannot go on; anything else is a fault of the test.</summary>
    private static bool IsViolation(Exception? failure) =>
        failure is Violation or SafeStoreException || (failure is AggregateException several && several.InnerExceptions.All(IsViolation));
}
