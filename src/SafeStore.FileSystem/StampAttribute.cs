namespace SafeStore.FileSystem;

/// <summary>
/// The extended attribute that tells of one content of a file, and of no other: it is never given to a file that replaces it.
/// </summary>
internal static class StampAttribute
{
    internal const string Name = "user.safestore";
}
