namespace SafeStore;

/// <summary>What a pack holds (<see cref="StateStore.Pack"/>).</summary>
/// <param name="Sandboxes">How many sandboxes are in it.</param>
/// <param name="LeftOut">
/// How many are not, and are read from their files: something in them has changed within the two seconds before, is no document that the store could read, or lies on a filesystem that is mounted below its root; or they have more than 16 MiB.
/// </param>
/// <param name="Bytes">The size of its file in bytes.</param>
public sealed record PackSummary(int Sandboxes, int LeftOut, long Bytes);
