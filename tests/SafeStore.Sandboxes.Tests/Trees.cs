using System;
using System.IO;

namespace SafeStore.Sandboxes.Tests;

/// <summary>Trees that the real Kata code has written, beside the tests.</summary>
internal static class Trees
{
    public static string Kata => Path.Combine(AppContext.BaseDirectory, "kata");

    public static string KataConfig => Path.Combine(Kata, "config");

    public static string KataRun => Path.Combine(Kata, "run");

    public static string PersistRun => Path.Combine(AppContext.BaseDirectory, "kata-persist", "run-vc", "sbs");
}
