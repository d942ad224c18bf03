using SafeStore.Kata;

namespace SafeStore.Sandboxes.Tests;

/// <summary>The seed's calls on a store, in a word.</summary>
internal static class KataCalls
{
    public static KataResources Kata(this SandboxStore store) => new(store);
}
