using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using Xunit;

[assembly: SupportedOSPlatform("linux")]

namespace SafeStore.PropertyTests;

/// <summary>
/// Runs a law on generated cases and prints its seed. <c>SAFESTORE_PROPERTY_CASES</c> multiplies the number of cases (0.1 for a glance,
/// 100 for a night); <c>SAFESTORE_PROPERTY_SEED</c> repeats a run.
/// </summary>
internal static class Laws
{
    public static void Check<T>(
        Gen<T> cases, int count, Action<T> law, Func<T, IEnumerable<T>>? shrink = null, [CallerMemberName] string name = "")
    {
        ulong seed = Seed();
        int total = Math.Max(1, (int)(count * Factor()));
        string line = string.Create(CultureInfo.InvariantCulture, $"{name}: {total} cases, SAFESTORE_PROPERTY_SEED={seed}");
        Console.WriteLine(line);
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        Config config = Config.QuickThrowOnFailure
            .WithMaxTest(total)
            .WithQuietOnSuccess(true)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(seed), FSharpOption<int>.None)));
        Arbitrary<T> arbitrary = shrink is null ? Arb.From(cases) : Arb.From(cases, shrink);
        FsCheck.Check.One(name, config, Prop.ForAll(arbitrary, law));
    }

    /// <summary>Without halves, quarters, ... and single elements: what a script that fails is first tried with.</summary>
    public static IEnumerable<T[]> DropChunks<T>(T[] script)
    {
        for (int size = script.Length / 2; size > 0; size /= 2)
        {
            for (int start = 0; start + size <= script.Length; start += size)
            {
                yield return [.. script[..start], .. script[(start + size)..]];
            }
        }
    }

    private static double Factor() =>
        double.TryParse(Environment.GetEnvironmentVariable("SAFESTORE_PROPERTY_CASES"), CultureInfo.InvariantCulture, out double factor)
            ? factor : 1;

    private static ulong Seed() =>
        ulong.TryParse(Environment.GetEnvironmentVariable("SAFESTORE_PROPERTY_SEED"), CultureInfo.InvariantCulture, out ulong seed)
            ? seed
            : BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) >> 1;
}
