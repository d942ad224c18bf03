using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace SafeStore.Testing;

/// <summary>Leaves steps out as long as a violation stays.</summary>
internal static class Shrinking
{
    /// <summary>Half of the steps at a time, then fewer and fewer.</summary>
    /// <typeparam name="TStep">A step.</typeparam>
    /// <param name="steps">The steps that the violation was found with.</param>
    /// <param name="violation">The violation.</param>
    /// <param name="runsMax">How many runs may be spent.</param>
    /// <param name="violationOf">Explores fewer steps; null if the violation is not there.</param>
    public static async ValueTask<(IReadOnlyList<TStep> Steps, CrashViolation Violation)> RunAsync<TStep>(
        IReadOnlyList<TStep> steps, CrashViolation violation, int runsMax, Func<TStep[], ValueTask<CrashViolation?>> violationOf)
    {
        int runs = 0;
        for (int chunk = steps.Count / 2; chunk > 0; chunk /= 2)
        {
            for (int start = 0; start + chunk <= steps.Count && runs < runsMax; runs++)
            {
                TStep[] fewer = [.. steps.Take(start), .. steps.Skip(start + chunk)];
                if (await violationOf(fewer).ConfigureAwait(false) is { } smaller)
                {
                    (violation, steps) = (smaller, fewer);
                }
                else
                {
                    start += chunk;
                }
            }
        }

        return (steps, violation);
    }
}
